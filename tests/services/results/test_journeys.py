"""Where arms part along a funnel, and how many rounds it takes."""

import random

import numpy as np
import pytest
from statsmodels.duration.hazard_regression import PHReg

from libs.stats import Watched, log_rank
from services.results.domain.records import Turn
from tests.services.results import build
from tests.services.results.told import describe

OPENED = build.instrument("opened", role="primary")
CLICKED = build.instrument("clicked", requires="opened")


def test_arms_are_compared_at_each_stage_of_all_and_of_those_who_reached_it() -> None:
    study = build.study(build.plan(("a", "b"), [OPENED, CLICKED], {"a": 40, "b": 40}))
    turns = []
    for i in range(80):
        arm, place = "ab"[i % 2], i // 2
        opened = place < (20 if arm == "a" else 30)
        clicked = place < (10 if arm == "a" else 15) if opened else None
        turns.append(build.turn(i, arm, {"opened": opened, "clicked": clicked}))
    [found] = describe(study, turns).stage_contrasts
    assert (found.metric, found.pairs) == ("clicked", None)
    assert found.of_all == pytest.approx(15 / 40 - 10 / 40)
    assert found.of_reached == pytest.approx(0.0)
    assert found.of_reached_interval is not None


def test_the_same_people_are_compared_in_pairs_among_those_who_came_so_far_in_both() -> None:
    study = build.study(build.plan(("a", "b"), [OPENED, CLICKED], {"a": 20, "b": 20}, design="within"))
    turns = [
        build.turn(i, arm, {"opened": i < 16, "clicked": i < (4 if arm == "a" else 12) if i < 16 else None})
        for arm in "ab"
        for i in range(20)
    ]
    [found] = describe(study, turns).stage_contrasts
    assert found.pairs == 20
    assert found.of_all == pytest.approx(8 / 20)
    assert found.of_reached == pytest.approx(8 / 16)


def test_people_in_both_arms_who_heard_each_other_are_compared_by_groups() -> None:
    study = build.study(build.plan(("a", "b"), [OPENED, CLICKED], {"a": 20, "b": 20}, design="within"))

    def turns(group: str | None) -> list[Turn]:
        return [
            build.turn(
                i,
                arm,
                {"opened": True, "clicked": i % 4 < (1 if arm == "a" else 3)},
                cluster_id=group and f"{group}-{i % 7}",
            )
            for arm in "ab"
            for i in range(20)
        ]

    [alone], [together] = describe(study, turns(None)).stage_contrasts, describe(study, turns("group")).stage_contrasts
    assert (alone.of_all, alone.pairs, together.pairs) == (together.of_all, 20, None)
    assert together.of_all_interval is not None
    assert together.of_all_interval != alone.of_all_interval


def test_who_is_no_longer_asked_was_watched_until_then() -> None:
    study = build.study(build.plan(("a",), [OPENED], {"a": 4}))
    asked = {1: [True], 2: [False, True], 3: [False, False, False], 4: [False]}
    turns = [
        build.turn(agent, "a", {"opened": answer}, step_id=f"wave-{wave}", round=wave)
        for agent, answers in asked.items()
        for wave, answer in enumerate(answers, start=1)
    ]
    [found] = describe(study, turns).times_to_event
    assert (found.n, found.events) == (4, 2)
    assert [(point.round, point.at_risk, point.events) for point in found.curve] == [(1, 4, 1), (2, 2, 1)]
    assert [point.survival for point in found.curve] == pytest.approx([0.75, 0.375])
    assert found.median_rounds == 2


def test_after_a_round_without_an_answer_nobody_is_watched() -> None:
    study = build.study(build.plan(("a",), [OPENED], {"a": 4}))
    asked = {1: {1: False, 2: True}, 2: {1: False, 3: True}, 3: {2: True, 3: False}, 4: {1: True, 3: True}}
    turns = [
        build.turn(agent, "a", {"opened": answer}, step_id=f"wave-{wave}", round=wave)
        for agent, answers in asked.items()
        for wave, answer in answers.items()
    ]
    [found] = describe(study, turns).times_to_event
    assert (found.n, found.events) == (3, 2)
    assert [(point.round, point.at_risk, point.events) for point in found.curve] == [(1, 3, 1), (2, 1, 1)]


def test_turns_lost_at_random_are_no_difference_of_pace() -> None:
    false, draws = 0, 60
    for seed in range(draws):
        draw = random.Random(seed)
        study = build.study(build.plan(("a", "b"), [OPENED], {"a": 100, "b": 100}))
        turns = [
            build.turn(i, "ab"[i % 2], {"opened": draw.random() < 0.3}, step_id=f"wave-{wave}", round=wave)
            for i in range(200)
            for wave in (1, 2, 3)
            if i % 2 == 0 or draw.random() > 0.4
        ]
        [found] = describe(study, turns).hazard_tests
        false += found.p_value < 0.05
    assert false <= 8, "of 60 equal pairs of arms some 3 are found to differ at 5 %"


def test_what_was_asked_once_has_no_time() -> None:
    assert describe(*build.campaign()).times_to_event == ()


def test_arms_in_which_it_comes_at_another_pace_are_told_apart_by_the_log_rank_test() -> None:
    study = build.study(build.plan(("slow", "fast"), [OPENED], {"slow": 30, "fast": 30}))
    first = {("fast", agent): 1 + agent % 2 for agent in range(30)} | {("slow", agent): 3 for agent in range(30)}
    turns = [
        build.turn(2 * agent + (arm == "fast"), arm, {"opened": wave == at}, step_id=f"wave-{wave}", round=wave)
        for (arm, agent), at in first.items()
        for wave in range(1, at + 1)
    ]
    found = describe(study, turns)
    [test] = found.hazard_tests
    assert {test.arm, test.baseline} == {"slow", "fast"}
    watched = [
        Watched([float(at) for (arm, _), at in first.items() if arm == name], [True] * 30) for name in ("slow", "fast")
    ]
    expected = log_rank(watched)
    assert expected is not None
    assert (test.statistic, test.p_value) == (pytest.approx(expected.statistic), pytest.approx(expected.p_value))
    assert test.p_value_adjusted == test.p_value < 0.001


def waves(first: dict[tuple[str, int], int], groups: dict[int, str] | None = None) -> list[Turn]:
    """Turns in four waves: of each agent of an arm the wave of its yes, 5 for never."""
    return [
        build.turn(agent, arm, {"opened": wave == at}, step_id=f"wave-{wave}", round=wave, cluster_id=group)
        for (arm, agent), at in first.items()
        for group in [(groups or {}).get(agent)]
        for wave in range(1, min(at, 4) + 1)
    ]


def test_the_same_people_in_both_arms_are_told_apart_by_a_test_that_knows_it() -> None:
    study = build.study(build.plan(("a", "b"), [OPENED], {"a": 30, "b": 30}, design="within"))
    first = {(arm, agent): 1 + (agent + (arm == "a") * (agent % 3 > 0)) % 5 for arm in "ab" for agent in range(30)}
    found = describe(study, waves(first))
    assert len(found.times_to_event) == 2
    [test] = found.hazard_tests
    assert test.method == "cluster-robust log-rank test"
    both = [(float(min(at, 4)), at < 5, arm == "b", agent) for (arm, agent), at in first.items()]
    times, events, is_arm, people = (np.array(column) for column in zip(*both, strict=True))
    model = PHReg(times, is_arm[:, None].astype(float), status=events.astype(int), ties="breslow")
    moved = np.bincount(people, model.score_residuals(np.zeros(1))[:, 0])
    assert test.statistic == pytest.approx(moved.sum() ** 2 / (moved**2).sum())


def test_arms_that_were_asked_at_other_times_have_no_pace_to_compare() -> None:
    study = build.study(build.plan(("a", "b"), [OPENED], {"a": 20, "b": 20}))
    once = [build.turn(n, "ab"[n % 2], {"opened": n % 3 > 0}, round=1 + n % 2) for n in range(40)]
    found = describe(study, once)
    assert (found.times_to_event, found.hazard_tests) == ((), ())
    twice = [build.turn(n, "a", {"opened": False}, round=2, step_id="again") for n in range(0, 40, 6)]
    found = describe(study, [*once, *twice])
    assert ([one.arm for one in found.times_to_event], found.hazard_tests) == (["a"], ())


def test_people_who_heard_each_other_are_one_in_curves_and_in_the_test_of_their_pace() -> None:
    study = build.study(build.plan(("a", "b"), [OPENED], {"a": 40, "b": 40}))
    pace = {group: 1 + group * 3 % 4 + group % 2 * (group % 5 == 0) for group in range(20)}
    first = {("ab"[agent // 4 % 2], agent): pace[agent // 4] + (agent % 4 == 0) for agent in range(80)}
    groups = {agent: f"group-{agent // 4}" for agent in range(80)}
    alone, together = describe(study, waves(first)), describe(study, waves(first, groups))
    assert [test.method for test in alone.hazard_tests] == ["log-rank test"]
    assert [test.method for test in together.hazard_tests] == ["cluster-robust log-rank test"]
    assert together.hazard_tests[0].p_value > alone.hazard_tests[0].p_value
    for one, other in zip(alone.times_to_event, together.times_to_event, strict=True):
        assert [point.survival for point in one.curve] == [point.survival for point in other.curve]
        assert one.curve[1].interval is not None
        assert other.curve[1].interval is not None
        assert other.curve[1].interval[0] < one.curve[1].interval[0]
