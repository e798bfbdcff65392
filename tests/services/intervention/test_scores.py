"""The aggregate of an execution: what is counted, what is averaged, and when there are intervals."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from scipy import stats

from libs.contracts.experiments import InterventionSpec
from libs.contracts.instruments import Answer
from libs.contracts.protocol import Plan
from libs.contracts.specs import MetricSpec
from services.intervention.domain.design import design
from services.intervention.domain.plan import freeze
from services.intervention.domain.scores import Aggregate, Finished, aggregate

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ASSIGNED = {("a", "families"): 2, ("a", None): 2, ("b", "families"): 2, ("b", None): 2}


def planned(*metrics: str | MetricSpec) -> Plan:
    spec = InterventionSpec(
        name="Test",
        type="marketing_intervention",  # type: ignore[arg-type]
        variants=[{"name": "a", "content": "A"}, {"name": "b", "content": "B"}],  # type: ignore[list-item]
        success_metrics=list(metrics),
    )
    return freeze(design(spec, "int_1", 7, NOW), 7, {"a": 4, "b": 4}, NOW)


def turns(metric: str, *values: Answer) -> list[Finished]:
    places = [(arm, segment) for (arm, segment), count in ASSIGNED.items() for _ in range(count)]
    return [
        Finished(f"agent_{index:04d}", arm, segment, True, {metric: value})
        for index, ((arm, segment), value) in enumerate(zip(places, values, strict=False), start=1)
    ]


def of(plan: Plan, finished: list[Finished], *, is_offline: bool = True) -> Aggregate:
    return aggregate(plan, ASSIGNED, finished, is_offline=is_offline)


def test_an_ordinal_primary_metric_is_averaged_with_its_t_interval() -> None:
    result = of(planned("purchase_intent"), turns("purchase_intent", 1, 2, 3, 4, 5, 6, 7, 8))
    assert (result.score_metric, result.score_measure, result.mean_score) == ("purchase_intent", "mean", 4.5)
    assert result.confidence_interval == pytest.approx((2.4522, 6.5478), abs=1e-3)
    assert result.confidence_level == 0.95


def test_a_binary_primary_metric_is_a_rate_with_its_wilson_interval() -> None:
    result = of(planned("open_rate"), turns("open_rate", True, True, True, False, False, False, False, False))
    assert (result.score_measure, result.mean_score) == ("proportion", 0.375)
    assert result.confidence_interval == pytest.approx((0.1368, 0.6943), abs=1e-3)


def test_those_the_funnel_did_not_reach_stay_in_the_denominator() -> None:
    plan = planned("click_through")
    result = of(plan, turns("click_through", True, None, None, None, False, False, False, None))
    assert (result.score_metric, result.mean_score) == ("click_through", 0.125)


def test_a_primary_metric_without_mean_or_rate_leaves_the_score_to_the_next_that_has_one() -> None:
    assert of(planned("price_perception", "trust"), turns("trust", 5)).score_metric == "trust"
    nothing = of(planned("concerns"), turns("concerns", "none"))
    assert (nothing.score_metric, nothing.mean_score, nothing.confidence_interval) == (None, None, None)
    assert nothing.total_responses == 1


def test_before_the_planned_n_there_is_a_score_but_no_interval() -> None:
    result = of(planned("purchase_intent"), turns("purchase_intent", 4, 6))
    assert (result.total_responses, result.response_rate, result.mean_score) == (2, 0.25, 5)
    assert result.confidence_interval is None
    evidence = result.evidence
    assert (evidence.attrition, evidence.sample_ratio.p_value) == ({"a": 0.0, "b": 0.0}, None), "not yet is not lost"
    assert all(segment.confidence_interval is None for segment in result.segment_breakdown.values())


def test_a_failed_turn_is_not_a_response_but_completes_the_plan() -> None:
    finished = turns("purchase_intent", 1, 2, 3, 4, 5, 6, 7)
    failed = Finished("agent_0008", "b", None, False, {})
    result = of(planned("purchase_intent"), [*finished, failed])
    assert (result.total_responses, result.failed_responses, result.response_rate) == (7, 1, 0.875)
    assert result.confidence_interval is not None
    assert result.evidence.attrition == {"a": 0.0, "b": 0.25}


def test_every_segment_has_its_own_score_and_the_rest_of_the_population_too() -> None:
    breakdown = of(planned("purchase_intent"), turns("purchase_intent", 1, 2, 3, 4, 5, 6, 7, 8)).segment_breakdown
    assert list(breakdown) == ["families", "unsegmented"]
    assert breakdown["families"].mean_score == 3.5
    assert (breakdown["families"].assigned, breakdown["families"].total_responses) == (4, 4)


def test_an_agent_with_several_turns_counts_once_with_their_mean() -> None:
    several = [Finished("agent_0001", "a", None, True, {"purchase_intent": value}) for value in (2, 4)]
    result = of(planned("purchase_intent"), [*several, *turns("purchase_intent", 9)[:0]])
    assert (result.total_responses, result.mean_score) == (1, 3)


def test_people_who_heard_each_other_count_once_with_their_mean() -> None:
    alone = turns("purchase_intent", 1, 2, 3, 4, 5, 6, 7, 8)
    paired = [replace(turn, cluster_id=f"group-{place // 2}") for place, turn in enumerate(alone)]
    result = of(planned("purchase_intent"), paired)
    assert (result.mean_score, result.evidence.clusters) == (4.5, 4)
    low, high = stats.t.interval(0.95, 3, 4.5, stats.sem([1.5, 3.5, 5.5, 7.5]))
    assert low < 1
    assert result.confidence_interval == pytest.approx((1, high))
    assert result.method == "t interval, cut at the end of the scale"


def test_the_evidence_says_what_the_offline_model_is_worth() -> None:
    finished = turns("purchase_intent", 1, 2, 3, 4, 5, 6, 7, 8)
    offline = of(planned("purchase_intent"), finished).evidence
    assert (offline.grade, offline.effective_n, offline.clusters) == ("C", 0.0, 8)
    assert "offline model" in offline.caveat
    model = of(planned("purchase_intent"), finished, is_offline=False).evidence
    assert 0 < model.effective_n < 8


def test_nothing_answered_is_an_aggregate_without_numbers() -> None:
    result = of(planned("purchase_intent"), [])
    assert (result.total_responses, result.response_rate, result.mean_score) == (0, 0.0, None)
    assert result.evidence.sample_ratio.p_value is None
