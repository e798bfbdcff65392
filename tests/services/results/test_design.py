"""The analysis follows the plan: within subjects, scales by their order, several arms, factors, guardrails, doubts."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

import pytest
from scipy import stats

from libs.contracts.evidence import Analysis, Comparison
from libs.contracts.instruments import Answer, Instrument
from libs.contracts.planning import MainEffect
from libs.contracts.protocol import Arm, Stimulus
from services.results.domain.records import Study, Turn
from tests.services.results import build
from tests.services.results.told import analyse

BOUGHT = build.instrument("bought", role="primary")
LIKED = build.instrument("liked", "ordinal", role="primary", minimum=1, maximum=5)
SPENT = build.instrument("spent", "numeric", role="primary", minimum=0, maximum=100)


def one(analysis: Analysis, arm: str = "b") -> Comparison:
    return next(c for c in analysis.comparisons if c.arm == arm)


def within(answers: Mapping[str, Sequence[Answer]], instrument: Instrument = BOUGHT) -> tuple[Study, list[Turn]]:
    """Everybody met every arm; an answer of None is a failed turn."""
    n = {arm: len(given) for arm, given in answers.items()}
    study = build.study(build.plan(tuple(answers), [instrument], n, design="within"))
    turns = [
        build.turn(i, arm, None if value is None else {instrument.name: value}, step_id=arm)
        for arm, given in answers.items()
        for i, value in enumerate(given)
    ]
    return study, turns


def test_the_same_people_in_both_arms_are_compared_in_pairs() -> None:
    rng = random.Random(4)
    base = [min(95.0, max(0.0, rng.gauss(40, 20))) for _ in range(60)]
    arm = [value + 2 + rng.gauss(0, 2) for value in base]
    found = one(analyse(*within({"a": base, "b": arm}, SPENT)))
    assert found.p_value == pytest.approx(stats.ttest_rel(arm, base).pvalue)
    assert (found.finding, found.pairs, found.evidence.clusters) == ("higher", 60, 60)
    assert stats.ttest_ind(arm, base, equal_var=False).pvalue > 0.3
    assert {view.name for view in found.views or ()} == {"wilcoxon"}


def test_yes_and_no_of_the_same_people_is_tested_by_mcnemar_and_who_missed_one_arm_is_left_out_of_both() -> None:
    base = [True] * 20 + [False] * 30 + [None]
    arm = [True] * 20 + [True] * 12 + [False] * 18 + [True]
    found = one(analyse(*within({"a": base, "b": arm})))
    assert found.pairs == 50
    assert found.difference == pytest.approx(12 / 50)
    assert "McNemar" in found.method
    assert found.finding == "higher"


def test_a_scale_is_tested_by_the_order_of_its_answers_and_shows_its_top_two_levels() -> None:
    rng = random.Random(8)
    a, b = ([float(rng.choice(levels)) for _ in range(50)] for levels in ((1, 2, 3, 4), (2, 3, 4, 5)))
    study = build.study(build.plan(("a", "b"), [LIKED], {"a": 50, "b": 50}))
    turns = [build.turn(i, "ab"[i // 50], {"liked": value}) for i, value in enumerate([*a, *b])]
    found = one(analyse(study, turns))
    assert found.p_value == pytest.approx(stats.brunnermunzel(a, b).pvalue)
    assert found.difference == pytest.approx(fmean(b) - fmean(a))
    views = {view.name: view for view in found.views or ()}
    share = [sum(value >= 4 for value in values) / 50 for values in (a, b)]
    assert views["top_2_box"].value == pytest.approx(share[1] - share[0])
    assert views["cliffs_delta"].interval is not None


@pytest.mark.parametrize(
    ("instrument", "values"), [(BOUGHT, (True, False)), (SPENT, (10.0, 20.0)), (LIKED, (2.0, 4.0))]
)
def test_every_effect_size_has_an_interval(instrument: Instrument, values: tuple[Answer, Answer]) -> None:
    study = build.study(build.plan(("a", "b"), [instrument], {"a": 20, "b": 20}))
    turns = [build.turn(i, "ab"[i % 2], {instrument.name: values[i % 3 == 0]}) for i in range(40)]
    found = one(analyse(study, turns))
    assert found.effect_size_interval is not None
    assert found.effect_size is not None
    low, high = found.effect_size_interval
    assert low <= found.effect_size <= high


def test_several_arms_are_first_asked_whether_any_differs() -> None:
    study = build.study(build.plan(("a", "b", "c"), [BOUGHT], dict.fromkeys("abc", 40)))
    turns = [build.turn(i, "abc"[i % 3], {"bought": i % 3 == 2 and i % 4 > 0}) for i in range(120)]
    [omnibus] = analyse(study, turns).omnibus or ()
    assert omnibus.p_value < 1e-6
    assert omnibus.evidence.grade == "C"
    assert analyse(*within({"a": [True], "b": [False]})).omnibus is None


def test_several_arms_of_the_same_people_are_asked_by_cochran_and_friedman() -> None:
    answers = {"a": [False] * 30, "b": [i < 10 for i in range(30)], "c": [i < 25 for i in range(30)]}
    [omnibus] = analyse(*within(answers)).omnibus or ()
    assert "Cochran" in omnibus.method
    scales = {"a": [1.0, 2.0] * 15, "b": [2.0, 3.0] * 15, "c": [3.0, 5.0] * 15}
    [omnibus] = analyse(*within(scales, LIKED)).omnibus or ()
    assert "Friedman" in omnibus.method


def guarded(better: str, answers: tuple[float, float], margin: float | None = 5.0) -> Comparison:
    spent = build.instrument("spent", "numeric", role="guardrail", minimum=0, maximum=100, better=better, margin=margin)
    study = build.study(build.plan(("a", "b"), [spent], {"a": 60, "b": 60}))
    turns = [build.turn(i, "ab"[i % 2], {"spent": answers[i % 2] + i % 7}) for i in range(120)]
    return one(analyse(study, turns))


@pytest.mark.parametrize(
    ("better", "answers", "is_fine"),
    [
        ("higher", (50.0, 49.0), True),
        ("higher", (50.0, 40.0), False),
        ("higher", (50.0, 70.0), True),
        ("lower", (50.0, 70.0), False),
        ("lower", (50.0, 30.0), True),
    ],
)
def test_a_guardrail_with_a_margin_is_tested_for_harm_in_its_own_direction(
    better: str, answers: tuple[float, float], is_fine: bool
) -> None:
    found = guarded(better, answers).non_inferiority
    assert found is not None
    assert found.is_non_inferior is is_fine


def test_a_guardrail_without_a_margin_is_not_said_to_be_unharmed() -> None:
    assert guarded("higher", (50.0, 50.0), None).non_inferiority is None


def segmented(effects: dict[str | None, float]) -> Analysis:
    rng = random.Random(12)
    study = build.study(build.plan(("a", "b"), [SPENT], {"a": 150, "b": 150}))
    names = list(effects)
    turns = []
    for i in range(300):
        segment, arm = names[i % len(names)], "ab"[(i // len(names)) % 2]
        value = 50 + rng.gauss(0, 8) + (effects[segment] if arm == "b" else 0)
        turns.append(build.turn(i, arm, {"spent": min(100.0, max(0.0, value))}, segment=segment))
    return analyse(study, turns)


def test_segments_differ_only_where_their_effects_do() -> None:
    everywhere = segmented({"young": 8.0, "old": 8.0, "rest": 8.0}).interactions or ()
    assert len(everywhere) == 3
    assert {one.finding for one in everywhere} == {"no_clear_difference"}
    found = {one.segment: one for one in segmented({"young": 16.0, "old": 0.0, "rest": 0.0}).interactions or ()}
    assert found["young"].finding == "higher"
    assert found["young"].difference == pytest.approx(16, abs=5)


def test_people_of_no_segment_are_part_of_the_rest() -> None:
    [young] = segmented({"young": 16.0, None: 0.0}).interactions or ()
    assert (young.segment, young.finding) == ("young", "higher")
    [some, others] = segmented({"young": 16.0, "old": 16.0, None: 0.0}).interactions or ()
    assert some.difference == pytest.approx(8, abs=5)
    assert others.difference == pytest.approx(8, abs=5)


def test_a_factor_is_tested_over_all_levels_of_the_others() -> None:
    arms = ("plain-cheap", "plain-dear", "bold-cheap", "bold-dear")
    weights = dict(zip(arms, (-0.5, -0.5, 0.5, 0.5), strict=True))
    effect = MainEffect(factor="style", level="bold", reference="plain", weights=weights)
    study = build.study(build.plan(arms, [SPENT], dict.fromkeys(arms, 25), contrasts=(effect,)))
    turns = [build.turn(i, arms[i % 4], {"spent": 40.0 + 10 * (i % 4 > 1) + i % 5}) for i in range(100)]
    [found] = analyse(study, turns).factor_effects or ()
    assert (found.factor, found.level, found.finding) == ("style", "bold", "higher")
    assert found.difference == pytest.approx(10, abs=0.5)


def watched(*, differs: bool) -> Analysis:
    """Two arms and a copy of the first, with a question that no stimulus can change."""
    control = build.instrument("born_on_a_weekday", is_control=True)
    frozen = build.plan(("a", "b"), [BOUGHT, control], {"a": 60, "b": 60})
    copy = Arm(name="copy", is_baseline=False, stimulus=Stimulus(content="", channel="", timing=""), copy_of="a")
    frozen = frozen.model_copy(update={"arms": (*frozen.arms, copy), "planned_n": {"a": 60, "b": 60, "copy": 60}})
    turns = []
    for i in range(180):
        arm = ("a", "b", "copy")[i % 3]
        other = differs and arm != "a"
        answers = {"bought": other or i // 3 % 4 == 0, "born_on_a_weekday": other or i // 3 % 7 < 5}
        turns.append(build.turn(i, arm, answers))
    return analyse(build.study(frozen), turns)


def test_what_cannot_differ_and_does_is_flagged() -> None:
    kinds = {flag.kind for flag in watched(differs=True).flags or ()}
    assert kinds == {"a_a", "negative_control"}
    assert not watched(differs=False).flags


def test_controls_and_copies_of_an_arm_are_marked_and_make_no_finding_harder() -> None:
    found = {(one.metric, one.arm): one for one in watched(differs=True).comparisons}
    assert {key for key, one in found.items() if one.is_control is None} == {("bought", "b")}
    finding = found.pop(("bought", "b"))
    assert finding.p_adjusted == finding.p_value
    assert any((one.p_adjusted or 0) > (one.p_value or 0) for one in found.values())


def test_arms_that_lose_people_unequally_are_flagged() -> None:
    study = build.study(build.plan(("a", "b"), [BOUGHT], {"a": 60, "b": 60}))
    turns = [build.turn(i, "ab"[i % 2], None if i % 2 and i < 50 else {"bought": i % 3 == 0}) for i in range(120)]
    kinds = {flag.kind: flag for flag in analyse(study, turns).flags or ()}
    assert kinds["attrition"].arm == "b"


def test_the_rule_of_correction_is_that_of_the_plan() -> None:
    study, turns = build.campaign()
    assert study.plan is not None
    loose = replace(study, plan=study.plan.model_copy(update={"family": "benjamini_hochberg"}))
    strict = [c.p_adjusted or 0.0 for c in analyse(study, turns).comparisons]
    relaxed = [c.p_adjusted or 0.0 for c in analyse(loose, turns).comparisons]
    assert all(a >= b for a, b in zip(strict, relaxed, strict=True))
    assert sum(strict) > sum(relaxed)


def test_arms_without_a_difference_are_said_to_differ_as_often_as_the_error_rate_says() -> None:
    rng = random.Random(20)
    study = build.study(build.plan(("a", "b"), [LIKED], {"a": 30, "b": 30}))
    rejected = 0
    for _ in range(200):
        turns = [build.turn(i, "ab"[i % 2], {"liked": float(rng.randint(1, 5))}) for i in range(60)]
        rejected += one(analyse(study, turns)).finding != "no_clear_difference"
    assert rejected / 200 == pytest.approx(0.05, abs=0.04)


def test_intervals_hold_the_true_effect_as_often_as_they_say() -> None:
    held = 0
    for seed in range(200):
        found = one(analyse(*build.campaign(seed, effect=0.2)), "rational_appeal")
        assert found.interval is not None
        held += found.interval[0] <= 0.2 <= found.interval[1]
    assert held / 200 == pytest.approx(0.95, abs=0.04)
