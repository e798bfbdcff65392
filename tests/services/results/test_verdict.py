"""The sentence a reader may quote."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from libs.contracts.evidence import Analysis
from tests.services.results import build
from tests.services.results.test_analysis import scales, two_arms
from tests.services.results.told import analyse

OFFLINE = "evidence grade C, effective n 0: no evidence about real people."


def verdict(*given: object) -> str:
    analysis: Analysis = analyse(*given)  # type: ignore[arg-type]
    return analysis.verdict


def test_a_difference_is_said_with_its_size_its_interval_and_its_worth() -> None:
    assert verdict(*two_arms((20, 40), (60, 60))) == (
        "Bought is higher with b than with a: 66.7% against 33.3%, a difference of +33.3 pp "
        f"(95% interval +15.5 to +48.3) — 120 simulated respondents, {OFFLINE}"
    )


def test_no_difference_is_a_verdict_too() -> None:
    assert verdict(*two_arms((20, 22), (60, 60))) == (
        "No clear difference in bought between b and a: 36.7% against 33.3%, a difference of +3.3 pp "
        f"(95% interval −13.4 to +19.8) — 120 simulated respondents, {OFFLINE}"
    )


def several_metrics(yes: tuple[int, int], others: int) -> str:
    """The verdict on 60 people in each of two arms who answered so many other metrics alike."""
    names = [build.instrument("bought", role="primary"), *(build.instrument(f"other_{i}") for i in range(others))]
    study = build.study(build.plan(("a", "b"), names, {"a": 60, "b": 60}))
    turns = []
    for place in range(120):
        person, arm = place // 2, place % 2
        alike = {f"other_{i}": person % 2 == 0 for i in range(others)}
        turns.append(build.turn(place, "ab"[arm], {"bought": person < yes[arm]} | alike))
    return verdict(study, turns)


def test_an_interval_without_0_and_no_clear_difference_are_explained() -> None:
    assert several_metrics((20, 32), 0).startswith("Bought is higher with b than with a")
    said = several_metrics((20, 32), 4)
    assert said.startswith("No clear difference in bought between b and a")
    assert "(95% interval +2.3 to +36.0; after correction for 5 comparisons, p 0.14)" in said


def test_a_test_that_does_not_agree_with_the_interval_is_named() -> None:
    values: dict[str, Sequence[float]] = {
        "a": [4.0, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5],
        "b": [3.0, 4, 4, 4, 10, 10, 10, 10, 10, 10, 10, 10],
    }
    said = verdict(*scales(values))
    assert said.startswith("No clear difference in liked between b and a")
    assert "(95% interval +1.52 to +5.48; its test gives p 0.060)" in said


def test_a_scale_is_said_in_its_points() -> None:
    said = verdict(*scales({"a": [3.0, 4, 5, 6, 7, 5, 4], "b": [8.0, 9, 8, 9, 7, 9, 8]}))
    assert said.startswith(
        "Liked is higher with b than with a: 8.29 against 4.86 on a scale from 1 to 10, a difference"
    )


def test_of_ranks_the_first_place_is_the_best_wherever_a_finding_is_told() -> None:
    order = build.instrument("order", "ranking", options=("x", "y"), role="primary")
    study = build.study(build.plan(("a", "b"), [order], {"a": 12, "b": 12}))
    turns = [build.turn(i, "ab"[i % 2], {"order": ("y", "x") if i % 2 and i > 1 else ("x", "y")}) for i in range(24)]
    said = verdict(study, turns)
    assert said.startswith(
        "Order: x is ranked worse with b than with a: 1.92 against 1.00 in mean place, where 1 is first, a difference"
    )
    assert "; also clear: order: y (b ranked better) — " in said
    assert "higher" not in said
    assert "lower" not in said


def test_what_else_is_clear_is_named_and_what_is_not_is_counted() -> None:
    names = [build.instrument("first", role="primary"), *(build.instrument(f"other_{i}") for i in range(4))]
    study = build.study(build.plan(("a", "b"), names, {"a": 50, "b": 50}))
    turns = []
    for i in range(100):
        is_b = i % 2 == 1
        answers = {"first": is_b, "other_0": is_b, "other_1": not is_b, "other_2": is_b, "other_3": i % 4 < 2}
        turns.append(build.turn(i, "ab"[i % 2], answers))
    said = verdict(study, turns)
    assert said.startswith("First is higher with b than with a")
    assert "; also clear: other 0 (b higher), other 1 (b lower) and 1 more; 1 other comparison without" in said


def arms_of(yes: dict[str, int], n: int = 100) -> str:
    """The verdict on arms of n people of whom so many bought."""
    study = build.study(build.plan(tuple(yes), [build.instrument("bought", role="primary")], dict.fromkeys(yes, n)))
    turns = [build.turn(i, arm, {"bought": i % n < yes[arm]}) for i, arm in enumerate(a for a in yes for _ in range(n))]
    return verdict(study, turns)


def test_every_arm_is_named_on_the_outcome_of_the_headline() -> None:
    assert arms_of({"a": 30, "b": 35, "c": 60}) == (
        "Bought is higher with c than with a: 60.0% against 30.0%, a difference of +30.0 pp "
        "(95% interval +16.3 to +42.2); no clear difference with b: 35.0%, +5.0 pp (95% interval −7.9 to +17.7) — "
        f"300 simulated respondents, {OFFLINE}"
    )


def test_of_many_arms_four_are_named_and_the_others_are_counted() -> None:
    said = arms_of({"a": 30, "b": 31, "c": 32, "d": 33, "e": 34, "f": 60, "g": 70})
    assert said.startswith("Bought is higher with g than with a: 70.0% against 30.0%")
    assert "; higher with f: 60.0%, +30.0 pp (95% interval +16.3 to +42.2)" in said
    assert [arm for arm in "bcdefg" if f" with {arm}" in said] == ["b", "c", "f", "g"]
    assert "; 2 other comparisons without a clear difference — " in said


def guarded(trust: dict[str, float], **guard: object) -> str:
    """The verdict on arms of 80 people who bought alike and trust by this much on average."""
    trusted = build.instrument("trust", "ordinal", role="guardrail", minimum=1, maximum=9, **guard)
    metrics = [build.instrument("bought", role="primary"), trusted]
    study = build.study(build.plan(tuple(trust), metrics, dict.fromkeys(trust, 80)))
    people = [(arm, i) for arm in trust for i in range(80)]
    turns = [
        build.turn(place, arm, {"bought": i % 2 == 0, "trust": trust[arm] + (-1, 0, 0, 1)[i % 4]})
        for place, (arm, i) in enumerate(people)
    ]
    return verdict(study, turns)


def test_harm_to_a_guardrail_that_is_not_ruled_out_is_said_with_every_arm() -> None:
    said = guarded({"a": 5, "b": 5, "c": 5}, margin=0.1)
    assert "; harm is not ruled out: the guardrail trust may be lower by 0.1 or more with b and c — " in said
    assert "harm" not in guarded({"a": 5, "b": 5, "c": 5}, margin=1.0)
    assert "harm" not in guarded({"a": 5, "b": 5, "c": 5})


def test_harm_to_a_guardrail_that_is_shown_is_said_with_its_size() -> None:
    said = guarded({"a": 5, "b": 4})
    assert "; harm: the guardrail trust is lower with b than with a (−1.00, 95% interval −1.22 to −0.78)" in said
    assert "also clear" not in said
    assert "harm" not in guarded({"a": 5, "b": 4}, better="lower")
    assert "; harm: the guardrail trust is higher with b than with a" in guarded({"a": 4, "b": 5}, better="lower")


def test_a_clear_loss_below_the_margin_is_no_harm_and_is_named() -> None:
    said = guarded({"a": 5, "b": 4}, margin=2)
    assert "harm" not in said
    assert "; also clear: trust (b lower)" in said


def test_one_arm_has_nothing_to_be_compared_with() -> None:
    study = build.study(None, instruments=(build.instrument("bought"),))
    turns = [build.turn(i, "all", {"bought": i < 3}) for i in range(4)]
    assert verdict(study, turns) == (
        "Bought is 75.0% (95% interval 30.1% to 95.4%), with nothing to compare it with — "
        f"4 simulated respondents, {OFFLINE}"
    )


def test_one_answer_or_one_group_has_no_interval_and_the_verdict_says_why() -> None:
    liked = build.instrument("liked", "ordinal", minimum=1, maximum=10, role="primary")
    study = build.study(None, instruments=(liked,))
    one = [build.turn(1, "all", {"liked": 7.0})]
    assert "Liked is 7.00 on a scale from 1 to 10 (no interval from 1 answer)" in verdict(study, one)
    group = [build.turn(n, "all", {"liked": 6.0 + n}, cluster_id="group-1") for n in range(4)]
    said = verdict(study, group)
    assert "(no interval, since they all heard each other and count as one)" in said
    assert "4 simulated respondents who talked and count as 1 unit, evidence" in said


def test_texts_alone_give_no_number() -> None:
    study = build.study(None, instruments=(build.instrument("why", "text"),))
    said = verdict(study, [build.turn(1, "all", {"why": "because"})])
    assert said == f"1 simulated respondent answered; no metric of this study gives a number — {OFFLINE}"


def test_too_few_answers_cannot_be_compared() -> None:
    said = verdict(*scales({"a": [5.0], "b": [7.0]}))
    assert said.startswith("The arms cannot be compared: too few of 2 simulated respondents gave an answer that counts")


@pytest.mark.parametrize("effect", [0.0, 0.5])
def test_every_verdict_says_simulated_and_never_significant(effect: float) -> None:
    study, turns = build.campaign(effect=effect)
    hosted = [replace(turn, model="some-model") for turn in turns]
    for said in (verdict(study, turns), verdict(replace(study, model="some-model"), hosted)):
        assert "simulated respondents" in said
        assert "evidence grade C, effective n" in said
        assert "significant" not in said
    assert "uncalibrated: direction only" in said


def test_what_cannot_differ_leads_only_where_there_is_nothing_else() -> None:
    arms = build.plan(
        ("a", "b", "aa"), [build.instrument("bought", role="primary")], dict.fromkeys(("a", "b", "aa"), 20)
    )
    copied = arms.model_copy(update={"arms": (*arms.arms[:2], arms.arms[2].model_copy(update={"copy_of": "a"}))})
    turns = [build.turn(i, ("a", "aa")[i % 2], {"bought": i % 3 == 0}) for i in range(40)]
    assert verdict(build.study(copied), turns).startswith("The arms cannot be compared")
    alone = copied.model_copy(update={"arms": (copied.arms[0], copied.arms[2])})
    assert verdict(build.study(alone), turns).startswith("No clear difference in bought between aa and a")


def test_a_difference_of_pairs_says_of_how_many_where_not_all_answered_both() -> None:
    frozen = build.plan(("a", "b"), [build.instrument("bought", role="primary")], {"a": 40, "b": 40}, design="within")
    turns = [build.turn(i, "a", {"bought": i % 2 == 0}) for i in range(40)]
    turns += [build.turn(i, "b", {"bought": i % 2 == 1}, step_id="again", round=2) for i in range(12)]
    assert " in 12 pairs (95% interval " in verdict(build.study(frozen), turns)
    assert " pairs" not in verdict(build.study(frozen), [turn for turn in turns if int(turn.agent_id[-4:]) < 12])
