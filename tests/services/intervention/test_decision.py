"""The banner: what it says, what it never says, and what stands before every finding."""

from typing import Any

import pytest

from libs.contracts.decision import alarms_of, decide, waiting
from libs.contracts.evidence import Analysis, Comparison, Evidence, NonInferiority, SampleRatioCheck
from libs.contracts.protocol import NO_USAGE, Plan
from services.intervention.domain.comparing import Analysed, side_by_side
from services.intervention.domain.plan import freeze
from services.intervention.domain.robustness import robust_effects
from tests.services.intervention.test_design import NOW, made

EVEN = SampleRatioCheck(planned={}, completed={}, p_value=0.5, is_flagged=False)


def plan(**changes: object) -> Plan:
    design = made(success_metrics=["purchase_intent", "annoyance"], **changes)
    return freeze(design, 7, {arm.name: 50 for arm in design.arms}, NOW)


def compared(metric: str, finding: str, *, grade: str = "B", arm: str = "b", **changes: Any) -> Comparison:
    evidence = Evidence(
        grade=grade,  # type: ignore[arg-type]
        effective_n=10,
        effective_n_basis="",
        caveat="",
        clusters=100,
        attrition={},
        sample_ratio=EVEN,
        correction="",
        looks=1,
    )
    signs = {"higher": 1.0, "lower": -1.0}
    values: dict[str, Any] = {
        "metric": metric,
        "option": None,
        "role": "primary" if metric == "purchase_intent" else "guardrail",
        "arm": arm,
        "baseline": "a",
        "difference": signs.get(finding, 0.1),
        "interval": (signs.get(finding, 0.1) - 0.5, signs.get(finding, 0.1) + 0.5),
        "confidence_level": 0.95,
        "relative_lift": None,
        "relative_lift_interval": None,
        "effect_size": None,
        "effect_size_name": "",
        "p_value": 0.01,
        "p_adjusted": 0.01 if finding in signs else 0.6,
        "method": "",
        "finding": finding,
        "evidence": evidence,
    }
    return Comparison.model_validate(values | changes)


def analysis(*comparisons: Comparison, ratio: SampleRatioCheck = EVEN) -> Analysis:
    return Analysis(
        plan_hash="x",
        plan_frozen_at=NOW,
        model="offline",
        assigned={},
        answered={},
        failed={},
        estimates=(),
        comparisons=comparisons,
        sample_ratio=ratio,
        verdict="",
        usage=NO_USAGE,
    )


@pytest.mark.parametrize(
    ("finding", "harm", "says"),
    [
        ("higher", "no_clear_difference", "ship"),
        ("higher", "lower", "ship"),
        ("higher", "higher", "do_not_ship"),
        ("lower", "no_clear_difference", "do_not_ship"),
        ("no_clear_difference", "higher", "unclear"),
    ],
)
def test_the_primary_metric_decides_unless_a_guardrail_is_harmed(finding: str, harm: str, says: str) -> None:
    decision = decide(plan(), analysis(compared("purchase_intent", finding), compared("annoyance", harm)))
    assert decision.decision == says
    assert decision.reasons


def guarded(finding: str, *, is_non_inferior: bool, **changes: Any) -> Comparison:
    test = NonInferiority(margin=0.05, p_value=0.5, is_non_inferior=is_non_inferior, method="two one-sided tests")
    return compared("annoyance", finding, non_inferiority=test, **changes)


OPEN = "Guardrail: annoyance may be higher by 0.05 or more in b than in a; that harm is not ruled out."


def test_an_arm_is_not_for_shipping_while_harm_beyond_the_margin_is_not_ruled_out() -> None:
    better = compared("purchase_intent", "higher")
    decision = decide(plan(), analysis(better, guarded("no_clear_difference", is_non_inferior=False)))
    assert (decision.decision, decision.headline) == ("unclear", "Unclear: b is better, and harm is not ruled out.")
    assert OPEN in decision.reasons
    assert decide(plan(), analysis(better, guarded("no_clear_difference", is_non_inferior=True))).decision == "ship"


def test_harm_below_the_margin_is_none() -> None:
    better = compared("purchase_intent", "higher")
    assert decide(plan(), analysis(better, guarded("higher", is_non_inferior=True))).decision == "ship"
    assert decide(plan(), analysis(better, guarded("higher", is_non_inferior=False))).decision == "do_not_ship"


@pytest.mark.parametrize("finding", ["lower", "no_clear_difference"])
def test_a_guardrail_is_a_reason_whatever_the_primary_metric_says(finding: str) -> None:
    for grade in "BC":
        primary = compared("purchase_intent", finding, grade=grade)
        harmed = compared("annoyance", "higher", grade=grade, arm="c")
        left = guarded("no_clear_difference", is_non_inferior=False, grade=grade)
        reasons = decide(plan(), analysis(primary, harmed, left)).reasons
        assert "Guardrail: annoyance is higher in c than in a, which is harm." in reasons
        assert OPEN in reasons


def test_where_people_answered_their_interval_says_whether_the_harm_may_reach_the_margin() -> None:
    better = among_people("purchase_intent", 0.1, 0.5)
    test = guarded("no_clear_difference", is_non_inferior=False).non_inferiority
    below, beyond = (
        among_people("annoyance", -0.1, high, non_inferiority=test, finding="no_clear_difference")
        for high in (0.04, 0.06)
    )
    assert decide(plan(), analysis(better, below)).decision == "ship"
    assert decide(plan(), analysis(better, beyond)).decision == "unclear"


@pytest.mark.parametrize("finding", ["higher", "lower", "no_clear_difference"])
def test_at_grade_c_nothing_but_a_direction_is_said(finding: str) -> None:
    decision = decide(plan(), analysis(compared("purchase_intent", finding, grade="C")))
    assert decision.decision == "unclear"
    assert decision.direction == {"higher": "better", "lower": "worse"}.get(finding)


def among_people(metric: str, low: float, high: float, **changes: Any) -> Comparison:
    about = {"value": (low + high) / 2, "interval": (low, high), "confidence_level": 0.95, "method": "PPI++"}
    return compared(metric, changes.pop("finding", "higher"), grade="A", about_people=about, **changes)


@pytest.mark.parametrize(
    ("low", "high", "says"), [(0.1, 0.5, "ship"), (-0.5, -0.1, "do_not_ship"), (-0.1, 0.5, "unclear")]
)
def test_where_people_answered_they_decide_and_not_what_the_agents_found(low: float, high: float, says: str) -> None:
    decision = decide(plan(), analysis(among_people("purchase_intent", low, high), compared("annoyance", "lower")))
    assert (decision.decision, decision.grade) == (says, "A")
    assert "Among people purchase intent is" in decision.reasons[0]


def test_metrics_that_people_did_not_answer_lower_no_grade_and_are_named() -> None:
    frozen = plan(controls=["had_breakfast"])
    control = compared("had_breakfast", "no_clear_difference", role="secondary", grade="C", is_control=True)
    asked, harmed = among_people("purchase_intent", 0.1, 0.5), compared("annoyance", "higher", grade="C")
    decision = decide(frozen, analysis(asked, control, compared("annoyance", "no_clear_difference", grade="C")))
    assert (decision.decision, decision.grade) == ("ship", "A")
    assert decision.reasons[1:] == ("Not known of people so well (grade C): annoyance in b.",)
    decision = decide(frozen, analysis(asked, control, harmed))
    assert (decision.decision, decision.grade) == ("do_not_ship", "A")
    assert "harm as far as grade C goes" in decision.reasons[1]


def test_people_who_answered_another_metric_than_the_primary_one_decide_nothing_and_are_heard() -> None:
    decision = decide(
        plan(), analysis(compared("purchase_intent", "higher", grade="C"), among_people("annoyance", 1, 2))
    )
    assert (decision.decision, decision.grade, decision.direction) == ("unclear", "C", "better")
    assert any("Among people annoyance is higher" in reason and "grade A" in reason for reason in decision.reasons)


def test_several_comparisons_among_people_are_corrected_for_as_those_of_agents_are() -> None:
    just = among_people("purchase_intent", 0.01, 0.5)
    more = [among_people("purchase_intent", -0.3, 0.2, arm=arm) for arm in "cd"]
    assert decide(plan(), analysis(just)).decision == "ship"
    assert decide(plan(), analysis(just, *more)).decision == "unclear"


def test_nobody_has_said_which_option_is_good() -> None:
    metric = {"name": "brand", "type": "choice", "options": ["ours", "theirs"], "question": "Which would you buy?"}
    frozen = freeze(made(success_metrics=[metric]), 7, {"a": 9, "b": 9}, NOW)
    decision = decide(frozen, analysis(compared("brand", "higher", role="primary", option="theirs")))
    assert (decision.decision, decision.direction) == ("unclear", None)


def test_a_lower_mean_rank_is_told_as_ranked_better() -> None:
    metric = {"name": "first", "type": "ranking", "options": ["buses", "air"], "question": "What comes first?"}
    frozen = freeze(made(success_metrics=[metric]), 7, {"a": 9, "b": 9}, NOW)
    ranked: dict[str, Any] = {"role": "primary", "option": "buses"}
    assert decide(frozen, analysis(compared("first", "lower", **ranked))).reasons[0] == (
        "First: buses is ranked better in b than in a."
    )
    told = decide(frozen, analysis(among_people("first", -0.1, 0.5, **ranked)))
    assert "first: buses is not clearly ranked better or worse in b than in a" in told.reasons[0]


def test_which_way_is_good_is_what_the_metric_says() -> None:
    metric = {"name": "churn", "type": "binary", "question": "Would you leave?", "better": "lower"}
    frozen = freeze(made(success_metrics=[metric]), 7, {"a": 9, "b": 9}, NOW)
    decision = decide(frozen, analysis(compared("churn", "lower", role="primary")))
    assert (decision.decision, decision.direction) == ("ship", "better")


def test_the_best_of_several_clear_arms_is_the_one_it_is_about() -> None:
    arms = [compared("purchase_intent", "higher", arm=arm, difference=size) for arm, size in (("b", 1.0), ("c", 2.0))]
    worse = compared("purchase_intent", "lower", arm="d", difference=-3.0)
    assert decide(plan(), analysis(*arms, worse)).arm == "c"


def test_an_alarm_stands_before_every_finding() -> None:
    frozen = plan(aa=True, controls=["had_breakfast"])
    found = compared("purchase_intent", "higher")
    control = compared("had_breakfast", "higher", role="secondary")
    copy = compared("purchase_intent", "lower", arm="aa")
    lost = SampleRatioCheck(planned={}, completed={}, p_value=1e-6, is_flagged=True)
    assert decide(frozen, analysis(found)).decision == "ship"
    for alarmed in (analysis(found, control), analysis(found, copy), analysis(found, ratio=lost)):
        assert decide(frozen, alarmed).decision == "unclear"
        assert [alarm.is_raised for alarm in alarms_of(frozen, alarmed)].count(True) == 1


def test_before_the_planned_n_it_is_to_go_on_whatever_is_seen() -> None:
    assert waiting(10, 125, ["it differs already"]).decision == "keep_running"


def analysed(name: str, *comparisons: Comparison, **changes: object) -> Analysed:
    return Analysed(name, f"sim_{name}", "pop_1", "offline", plan(**changes), analysis(*comparisons))


def test_effects_of_two_interventions_are_compared_in_metrics_they_share() -> None:
    first = analysed("one", compared("purchase_intent", "higher"), compared("annoyance", "lower"))
    second = analysed("two", compared("purchase_intent", "lower", grade="C"))
    [found] = side_by_side([first, second]).differences
    assert (found.metric, found.difference, found.evidence.grade) == ("purchase_intent", 2.0, "C")
    assert found.interval == pytest.approx((2 - 0.5 * 2**0.5, 2 + 0.5 * 2**0.5))


def test_interventions_that_share_nothing_are_told_so() -> None:
    other = freeze(made(success_metrics=["trust"]), 7, {"a": 9, "b": 9}, NOW)
    alone = Analysed("two", "sim_two", "pop_2", "offline", other, analysis())
    found = side_by_side([analysed("one"), alone])
    assert (found.metrics, found.differences) == ((), ())
    assert len(found.notes) == 2


def test_robust_is_what_has_the_same_sign_in_four_of_five_configurations() -> None:
    signs = ["higher", "higher", "higher", "lower"]
    analyses = {f"sim_{n}": analysis(compared("purchase_intent", sign)) for n, sign in enumerate(signs)}
    [effect] = robust_effects(analyses)
    assert (effect.sign_agreement, effect.is_flagged) == (0.75, True)
    assert (effect.lowest, effect.median, effect.highest) == (-1, 1, 1)
    [alone] = robust_effects({"sim_0": analyses["sim_0"]})
    assert alone.is_flagged
    [agreed] = robust_effects({name: one for name, one in analyses.items() if name != "sim_3"})
    assert (agreed.sign_agreement, agreed.is_flagged) == (1.0, False)
