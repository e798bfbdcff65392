"""Designs, plans and their hash."""

from datetime import UTC, datetime

import pytest

from libs.contracts.errors import InvalidError
from libs.contracts.protocol import Plan
from libs.contracts.specs import InterventionSpec
from services.intervention.domain.design import Design, canonical, check_segments, design, freeze, plan_hash, protocol

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
