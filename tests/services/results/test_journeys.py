"""Where arms part along a funnel, and how many rounds it takes."""

import pytest

from libs.stats import Watched, log_rank
from services.results.domain.description import describe
from tests.services.results import build

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


def test_the_same_people_in_both_arms_have_no_log_rank_test() -> None:
    study = build.study(build.plan(("a", "b"), [OPENED], {"a": 5, "b": 5}, design="within"))
    turns = [
        build.turn(agent, arm, {"opened": wave == 2}, step_id=f"wave-{wave}", round=wave)
        for arm in "ab"
        for agent in range(5)
        for wave in (1, 2)
    ]
    found = describe(study, turns)
    assert len(found.times_to_event) == 2
    assert found.hazard_tests == ()
