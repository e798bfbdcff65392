"""Designs, plans and their hash."""

import re
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from libs.contracts.errors import InvalidError
from libs.contracts.experiments import InterventionSpec
from libs.contracts.protocol import Plan
from libs.contracts.specs import MetricSpec
from services.intervention.domain.design import Design, design, protocol
from services.intervention.domain.plan import canonical, freeze, plan_hash
from services.intervention.domain.targeting import check_segments

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def made(**changes: object) -> Design:
    body = {
        "name": "Test",
        "type": "marketing_intervention",
        "variants": [{"name": "a", "content": "A"}, {"name": "b", "content": "B"}],
        "success_metrics": ["purchase_intent"],
    }
    return design(InterventionSpec.model_validate(body | changes), "int_1", 7, NOW)


def frozen(of: Design) -> Plan:
    return freeze(of, 7, {"a": 3, "b": 2}, NOW)


def test_the_first_variant_is_the_baseline() -> None:
    assert made().baseline == "a"


def test_a_declared_control_is_the_baseline() -> None:
    variants = [{"name": "a", "content": "A"}, {"name": "b", "content": "B", "is_control": True}]
    assert made(variants=variants).baseline == "b"


def test_a_target_named_twice_counts_once() -> None:
    assert made(target_segments=["families", "families"]).target_segments == ("families",)


def test_a_segment_the_population_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(InvalidError) as caught:
        check_segments(("families", "teens"), {"families": 3, "retired": 2})
    [error] = caught.value.errors
    assert (error.field, error.allowed) == ("target_segments.1", ("families", "retired"))


def test_an_execution_is_one_touch_that_shows_each_arm_its_stimulus_and_asks_everything() -> None:
    [step] = protocol(made(success_metrics=["open_rate", "click_through"]))
    assert (step.kind, step.step_id, step.round) == ("deliver", "touch-1", 1)
    assert {arm: stimulus.content for arm, stimulus in step.stimuli.items()} == {"a": "A", "b": "B"}
    assert [instrument.name for instrument in step.instruments] == ["open_rate", "click_through"]


def test_the_hash_of_a_plan_survives_the_wire() -> None:
    plan = frozen(made(alpha=0.1))
    assert plan_hash(Plan.model_validate_json(plan.model_dump_json())) == plan_hash(plan)
    assert len(plan_hash(plan)) == 64


@pytest.mark.parametrize(
    "change",
    [{"alpha": 0.01}, {"target_segments": ["families"]}, {"success_metrics": ["trust"]}, {"name": "Other"}],
)
def test_anything_that_changes_the_plan_changes_its_hash(change: dict[str, object]) -> None:
    assert plan_hash(frozen(made(**change))) != plan_hash(frozen(made()))


def test_canonical_json_is_sorted_compact_utf8() -> None:
    text = canonical(frozen(made(name="Gesundheit für alle"))).decode()
    assert text.startswith('{"alpha":0.05,"arms":[')
    assert "für" in text


def test_a_plan_frozen_before_there_were_more_fields_keeps_its_hash() -> None:
    before = (
        '{"alpha":0.05,"arms":[{"is_baseline":true,"name":"a","stimulus":{"channel":"email","content":"A","timing":"immediate"}}],'
        '"correction":"Holm","design":"between","frozen_at":"2026-11-22T09:00:00Z","instruments":[],"intervention_id":"int_1",'
        '"name":"Test","planned_n":{"a":3},"seed":7,"stopping_rule":"One","target_segments":[],"type":"policy_change"}'
    )
    assert canonical(Plan.model_validate_json(before)).decode() == before


@pytest.mark.parametrize("roles", [("primary", "primary"), ("guardrail", "guardrail"), ("secondary", "guardrail")])
def test_exactly_one_metric_is_primary(roles: tuple[str, str]) -> None:
    metrics = [
        {"name": f"m{n}", "type": "binary", "question": "Is it?", "role": role} for n, role in enumerate(roles, start=1)
    ]
    with pytest.raises(InvalidError, match="exactly one metric is primary"):
        made(success_metrics=metrics)


def test_a_guardrail_of_the_catalogue_says_which_way_is_good() -> None:
    instruments = {one.name: one for one in made(success_metrics=["purchase_intent", "annoyance"]).instruments}
    assert (instruments["annoyance"].role, instruments["annoyance"].better) == ("guardrail", "lower")


@pytest.mark.parametrize(
    ("metric", "margin", "allowed"),
    [
        ({"type": "ordinal", "scale": [1, 5]}, 4, "allowed: below 4, points of its scale from 1 to 5"),
        ({"type": "numeric", "scale": [-10, 10]}, 30, "allowed: below 20, points of its scale from -10 to 10"),
        ({"type": "binary"}, 1, "allowed: below 1, as a share"),
        ({"type": "choice", "options": ["x", "y"]}, 0.1, "allowed for binary, ordinal, numeric"),
    ],
)
def test_a_margin_that_no_harm_can_reach_is_refused(metric: dict[str, object], margin: float, allowed: str) -> None:
    body = {"name": "trust", "question": "How much?", "role": "guardrail", **metric}
    with pytest.raises(ValidationError, match=re.escape(allowed)):
        MetricSpec.model_validate({**body, "margin": margin})


@pytest.mark.parametrize(
    ("metric", "margin"), [({"type": "ordinal", "scale": [1, 5]}, 3.9), ({"type": "binary"}, 0.99)]
)
def test_a_margin_that_harm_can_reach_is_allowed(metric: dict[str, object], margin: float) -> None:
    body = {"name": "trust", "question": "How much?", "role": "guardrail", **metric}
    assert MetricSpec.model_validate({**body, "margin": margin}).margin == margin


def test_controls_are_asked_and_are_never_a_success() -> None:
    control = made(controls=["had_breakfast"]).instruments[-1]
    assert (control.name, control.role, control.is_control) == ("had_breakfast", "secondary", True)
    with pytest.raises(InvalidError) as caught:
        made(controls=["open_rate"])
    assert caught.value.errors[0].field == "controls.0"
    assert "had_breakfast" in caught.value.errors[0].allowed


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mde": {"trust": 0.1}}, "mde.trust"),
        ({"baseline_rates": {"purchase_intent": 0.1}}, "baseline_rates.purchase_intent"),
        ({"success_metrics": ["sign_up_rate"], "mde": {"sign_up_rate": 2}}, "mde.sign_up_rate"),
        ({"randomisation": {"method": "blocked", "block_size": 5}}, "randomisation.block_size"),
    ],
)
def test_what_a_design_cannot_expect_is_refused_by_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        made(**change)
    assert caught.value.errors[0].field == field
