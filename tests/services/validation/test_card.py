"""The quality card: what it counts, and when a check passes, warns, fails or says nothing."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from libs.contracts.catalogue import resolve
from libs.contracts.instruments import Answer
from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Arm, Contact, Plan, Stimulus, Usage
from libs.contracts.specs import MetricSpec
from services.validation.domain.card import QualityCard, quality_card
from services.validation.domain.records import Said, Simulation, Turn, text_digest

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
USAGE = Usage(calls=1, cached_calls=0, prompt_tokens=10, completion_tokens=5, cost_usd=0.002)
PEOPLE = 40


def planned(*metrics: str | MetricSpec) -> Plan:
    shown = Stimulus(content="x", channel="email", timing="morning")
    return Plan(
        intervention_id="int_1",
        name="Test",
        type="marketing_intervention",
        arms=(Arm(name="a", is_baseline=True, stimulus=shown), Arm(name="b", is_baseline=False, stimulus=shown)),
        instruments=resolve(metrics),
        target_segments=(),
        planned_n={"a": PEOPLE // 2, "b": PEOPLE // 2},
        alpha=0.05,
        correction="Holm",
        stopping_rule="once",
        design="between",
        seed=1,
        frozen_at=NOW,
    )


def simulation(*metrics: str | MetricSpec, state: SimulationState | None = SimulationState.COMPLETED) -> Simulation:
    return Simulation("sim_1", "Test", "offline", state, planned(*metrics) if metrics else None, "hash")


def arm(index: int) -> str:
    return "ab"[index % 2]


def turn(index: int, answers: Mapping[str, Answer], **changes: object) -> Turn:
    given: dict[str, object] = {
        "agent_id": f"agent_{index:04d}",
        "arm": arm(index),
        "timeline_id": "main",
        "step_id": "touch-1",
        "round": 1,
        "is_answered": True,
        "failure": None,
        "text_digest": text_digest(f"I am number {index}"),
        "answers": answers,
        "usage": USAGE,
        "responded_at": NOW + timedelta(seconds=1),
    }
    return Turn(**{**given, **changes})  # type: ignore[arg-type]


ASSIGNED = {f"agent_{index:04d}": arm(index) for index in range(PEOPLE)}
CLEAN = [
    turn(index, {"open_rate": index % 3 == 0, "trust": float(1 + index % 7), "relevance": float(1 + index % 5)})
    for index in range(PEOPLE)
]


def card(turns: list[Turn], *metrics: str | MetricSpec) -> QualityCard:
    return quality_card(simulation(*(metrics or ("open_rate", "trust", "relevance"))), ASSIGNED.items(), turns)


def status(of: QualityCard) -> dict[str, str]:
    return {check.name: check.status for check in of.checks}


def test_a_clean_simulation_passes_every_check_there_is_enough_for() -> None:
    clean = card(CLEAN)
    assert set(status(clean).values()) == {"pass", "not_enough_data"}
    assert [name for name, outcome in status(clean).items() if outcome == "not_enough_data"] == ["straight_lining"]
    assert (clean.assigned, clean.answered, clean.failed, clean.pending) == (40, 40, 0, 0)
    assert clean.usage.calls == 40
    assert clean.cost_per_response_usd == pytest.approx(0.002)


def test_every_check_says_its_limits_and_what_it_means() -> None:
    for check in card(CLEAN).checks:
        assert len(check.meaning) > 30
        assert check.threshold is not None


def test_lost_agents_count_as_attrition_of_their_arm_once_the_simulation_is_over() -> None:
    lost = [each for each in CLEAN if not (each.arm == "a" and int(each.agent_id[6:]) < 12)]
    over = card(lost)
    assert over.arms["a"].attrition == pytest.approx(0.3)
    assert over.arms["b"].attrition == 0
    assert over.pending == 6
    assert status(over)["attrition"] == "fail"
    running = quality_card(simulation("trust", state=SimulationState.RUNNING), ASSIGNED.items(), lost)
    assert status(running)["attrition"] == "not_enough_data"
    assert status(running)["sample_ratio"] == "not_enough_data"


def test_arms_that_lose_people_unequally_fail_the_sample_ratio_check() -> None:
    lost = [each for each in CLEAN if each.arm == "b" or int(each.agent_id[6:]) >= 24]
    unequal = card(lost)
    assert unequal.sample_ratio.is_flagged
    assert status(unequal)["sample_ratio"] == "fail"


def test_failed_turns_are_counted_with_their_reasons() -> None:
    failed = [turn(index, {}, is_answered=False, failure="no valid answer", text_digest=None) for index in range(3)]
    result = card([*failed, *CLEAN[3:]])
    assert (result.failed, result.failure_reasons) == (3, {"no valid answer": 3})
    assert status(result)["failed_turns"] == "fail"
    assert result.arms["a"].failed == 2


def test_a_turn_too_many_or_in_another_arm_fails() -> None:
    assert status(card([*CLEAN, CLEAN[0]]))["each_agent_once"] == "fail"
    assert status(card([turn(0, CLEAN[0].answers, arm="b"), *CLEAN[1:]]))["each_agent_once"] == "fail"
    assert status(card([*CLEAN, turn(99, CLEAN[0].answers)]))["each_agent_once"] == "fail"


def test_a_response_from_before_the_plan_fails() -> None:
    early = turn(0, CLEAN[0].answers, responded_at=NOW - timedelta(seconds=1))
    assert status(card([early, *CLEAN[1:]]))["plan_before_exposure"] == "fail"


def test_texts_that_differ_in_case_and_punctuation_only_are_duplicates() -> None:
    assert text_digest("Yes, I would!") == text_digest("yes i  WOULD")
    assert text_digest("Yes") != text_digest("No")
    assert text_digest(" … ") is text_digest(None) is None
    same = [turn(index, each.answers, text_digest=text_digest("Fine.")) for index, each in enumerate(CLEAN)]
    assert card(same).duplicate_texts.model_dump() == {"texts": 40, "distinct": 1, "share": 1.0}
    assert status(card(same))["duplicate_texts"] == "fail"


def test_a_metric_everybody_answers_alike_is_found() -> None:
    alike = [turn(index, {"open_rate": True, "trust": 4.0}) for index in range(PEOPLE)]
    result = card(alike, "open_rate", "trust")
    assert status(result)["constant_metrics"] == "fail"
    assert status(result)["dominant_answer"] == "fail"
    trust = result.metrics[1]
    assert (trust.variance, trust.entropy_bits, trust.most_frequent_answer, trust.most_frequent_share) == (0, 0, "4", 1)


def test_a_rare_event_is_no_dominant_answer() -> None:
    rare = [turn(index, {"open_rate": index == 0}) for index in range(PEOPLE)]
    assert status(card(rare, "open_rate"))["dominant_answer"] == "not_enough_data"
    assert status(card(rare, "open_rate"))["constant_metrics"] == "pass"


def test_entropy_is_in_bits_and_relative_to_the_most_there_could_be() -> None:
    half = [turn(index, {"open_rate": index % 2 == 0}) for index in range(PEOPLE)]
    [opened] = card(half, "open_rate").metrics
    assert (opened.entropy_bits, opened.relative_entropy, opened.variance) == (1.0, 1.0, 0.25)


def test_the_same_place_on_three_scales_is_straight_lining() -> None:
    scales = ("trust", "relevance", "clarity")
    lines = [turn(index, dict.fromkeys(scales, float(1 + index % 7))) for index in range(PEOPLE)]
    result = card(lines, *scales)
    assert result.straight_lining.share == 1
    assert status(result)["straight_lining"] == "fail"


def test_not_reached_is_not_missing_but_a_click_without_an_open_is_an_error() -> None:
    unopened = {"open_rate": False, "click_through": None}
    proper = [turn(index, unopened if index % 2 else {"open_rate": True, "click_through": True}) for index in range(40)]
    clicked = card(proper, "open_rate", "click_through").metrics[1]
    assert (clicked.reached, clicked.not_reached, clicked.missing) == (20, 20, 0)
    wrong = [turn(1, {"open_rate": False, "click_through": True}), *proper[2:]]
    assert status(card(wrong, "open_rate", "click_through"))["funnel"] == "fail"


def test_missing_and_invalid_answers_are_counted() -> None:
    none = card([turn(index, {"trust": None}) for index in range(PEOPLE)], "trust")
    assert (none.metrics[0].missing, status(none)["missing_answers"]) == (40, "fail")
    answers: list[Answer] = [8.0, True, "high", 4.0]
    odd = card([turn(index, {"trust": answers[index % 4]}) for index in range(PEOPLE)], "trust")
    assert (odd.metrics[0].invalid, status(odd)["invalid_answers"]) == (30, "fail")


def test_turns_of_talk_that_asked_nothing_have_no_missing_answers() -> None:
    said = [turn(index, {}, step_id=f"step-1-{round}", round=round) for index in range(PEOPLE) for round in (1, 2, 3)]
    asked = [turn(index, {"trust": 4.0 if index else None}, step_id="step-1-4", round=4) for index in range(PEOPLE)]
    trust = card([*said, *asked], "trust").metrics[0]
    assert (trust.reached, trust.answered, trust.missing, trust.not_reached) == (PEOPLE, PEOPLE - 1, 1, 0)


def test_choices_and_rankings_are_judged_by_their_options() -> None:
    pick = MetricSpec(name="pick", type="choice", question="?", options=["a", "b"])  # type: ignore[arg-type]
    rank = MetricSpec(name="rank", type="ranking", question="?", options=["a", "b"])  # type: ignore[arg-type]
    answers = [{"pick": "a", "rank": ["b", "a"]}, {"pick": "c", "rank": ["a", "a"]}]
    chosen, ranked = card([turn(index, each) for index, each in enumerate(answers)], pick, rank).metrics  # type: ignore[arg-type]
    assert (chosen.invalid, ranked.invalid) == (1, 1)
    assert ranked.most_frequent_answer == "b > a"


def test_a_handful_of_answers_is_not_judged_for_their_variety() -> None:
    few = status(card(CLEAN[:10]))
    assert {few[name] for name in ("duplicate_texts", "dominant_answer", "constant_metrics")} == {"not_enough_data"}


def test_a_simulation_without_a_plan_has_a_card_of_whoever_took_part() -> None:
    result = quality_card(simulation(), set(), CLEAN)
    assert (result.assigned, result.metrics) == (40, [])
    assert status(result)["attrition"] == "not_enough_data"
    assert status(result)["each_agent_once"] == "pass"


def test_nothing_recorded_is_a_card_without_judgements() -> None:
    empty = quality_card(simulation("trust", state=None), set(), [])
    assert set(status(empty).values()) == {"not_enough_data"}
    assert empty.cost_per_response_usd is None


def test_failures_are_told_apart_by_kind() -> None:
    reasons = ["the model refused: no", "the provider's content filter stopped the reply", "trust: 'x' is not a number"]
    reasons += ["the reply was cut off at max_completion_tokens: {", "the budget of the simulation is spent"]
    failed = [
        turn(index, {}, is_answered=False, failure=reason, text_digest=None) for index, reason in enumerate(reasons)
    ]
    result = card([*failed, *CLEAN[len(failed) :]])
    assert result.failure_kinds == {"refused": 2, "unreadable": 1, "cut_off": 1, "not_answered": 1}
    assert (status(result)["refusals"], status(result)["unreadable"]) == ("warn", "warn")


def test_the_words_of_an_assistant_are_out_of_role() -> None:
    strange = [
        turn(index, CLEAN[index].answers, said=Said(response="As an AI language model, I …")) for index in range(3)
    ]
    assert status(card([*strange, *CLEAN[3:]]))["out_of_role"] == "fail"
    assert status(card(CLEAN))["out_of_role"] == "pass"


def test_arms_that_were_shown_the_same_must_not_differ() -> None:
    """Both arms of this plan have one stimulus: an A/A test."""
    assert {control.kind for control in card(CLEAN).controls} == {"same_stimulus"}
    apart = [turn(index, {**CLEAN[index].answers, "trust": 1.0 + 5 * (index % 2)}) for index in range(PEOPLE)]
    result = card(apart)
    assert next(control for control in result.controls if control.metric == "trust").p_value == pytest.approx(
        0, abs=1e-6
    )
    assert status(result)["controls"] == "fail"


def test_arms_that_begin_alike_and_go_on_apart_may_differ() -> None:
    plan = planned("trust")
    contacts = [
        Contact(
            name=name, stimulus=plan.arms[0].stimulus, at_s=at, metrics=(), condition=None, responds=True, rich=None
        )
        for name, at in (("letter", 0.0), ("reminder", 3_600.0))
    ]
    kinds = []
    for after in (contacts[:1], contacts):
        journeys = (plan.arms[0].model_copy(update={"contacts": (contacts[0],)}), plan.arms[1])
        arms = (journeys[0], journeys[1].model_copy(update={"contacts": tuple(after)}))
        simulated = Simulation(
            "sim_1", "Test", "offline", SimulationState.COMPLETED, plan.model_copy(update={"arms": arms}), "hash"
        )
        kinds.append([one.kind for one in quality_card(simulated, ASSIGNED.items(), CLEAN).controls])
    assert kinds == [["same_stimulus"], []]


def test_a_question_that_no_stimulus_can_change_must_be_answered_alike_in_every_arm() -> None:
    trust = resolve(["trust"])[0].model_copy(update={"is_control": True})
    plan = planned("trust").model_copy(update={"instruments": (trust,)})
    simulated = Simulation("sim_1", "Test", "offline", SimulationState.COMPLETED, plan, "hash")
    alike = quality_card(simulated, ASSIGNED.items(), CLEAN)
    assert [(control.kind, control.arms) for control in alike.controls] == [("negative_control", ["a", "b"])]
    assert status(alike)["controls"] == "pass"
    apart = [turn(index, {"trust": 1.0 + 5 * (index % 2)}) for index in range(PEOPLE)]
    assert status(quality_card(simulated, ASSIGNED.items(), apart))["controls"] == "fail"


@pytest.mark.parametrize("metric", ["trust", "open_rate", "brand"])
def test_groups_who_talked_are_no_finding_of_a_control_because_each_is_of_one_mind(metric: str) -> None:
    """Equal arms of 15 groups of 8: taken as independent, more than half of them would differ."""
    brand = MetricSpec.model_validate(
        {"name": "brand", "type": "choice", "question": "Which one?", "options": ["A", "B", "C"]}
    )
    known: dict[str, list[Answer]] = {
        "trust": [1.0, 2.0, 4.0, 6.0],
        "open_rate": [True, False],
        "brand": ["A", "B", "C"],
    }
    draw, found = Random(3), list[float]()
    for _ in range(60):
        minds = [draw.choice(known[metric]) for _ in range(30)]
        turns = [
            turn(0, {metric: minds[n // 8]}, agent_id=f"a{n}", arm="ab"[n // 120], cluster_id=f"group {n // 8}")
            for n in range(240)
        ]
        made = quality_card(simulation(brand if metric == "brand" else metric), set(), turns)
        found += [control.p_value for control in made.controls if control.p_value is not None]
    assert len(found) == 60
    assert sum(p < 0.05 for p in found) <= 7
