"""Arms: controls, placebos, factorial combinations, sequences of touchpoints, and their steps."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from libs.contracts.dialogue import SIMULATED_START
from libs.contracts.errors import InvalidError
from services.intervention.domain.arms import main_effects
from services.intervention.domain.design import protocol
from tests.services.intervention.test_design import made

FACTORS = {
    "variants": [{"name": "offer", "content": "{subject} Only {price}."}],
    "factors": {"subject": {"plain": "News.", "urgent": "Now!"}, "price": ["$5", "$9", "$12"]},
}
PUSH = {"name": "push", "content": "P"}


def sequence(*touchpoints: dict[str, Any], **changes: Any) -> Any:
    variants = [{"name": "once", "content": "A"}, {"name": "twice", "touchpoints": list(touchpoints)}]
    return made(variants=variants, success_metrics=["open_rate", "purchase_intent"], **changes)


def refused(*touchpoints: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    with pytest.raises(InvalidError) as caught:
        sequence(*touchpoints)
    return caught.value.errors[0].field, caught.value.errors[0].allowed


def test_factors_are_crossed_into_arms_that_show_their_levels() -> None:
    arms = made(**FACTORS).arms
    assert len(arms) == 6
    assert arms[0].name == "subject=plain, price=$5"
    assert (arms[0].is_baseline, arms[5].stimulus.content) == (True, "Now! Only $12.")
    assert arms[5].levels == {"subject": "urgent", "price": "$12"}


def test_a_level_that_mentions_a_factor_is_not_filled_in_again() -> None:
    design = made(variants=FACTORS["variants"], factors={"subject": ["{price}", "x"], "price": ["1", "2"]})
    assert design.arms[0].stimulus.content == "{price} Only 1."


def test_main_effects_are_planned_over_all_levels_of_the_other_factors() -> None:
    effects = main_effects(made(**FACTORS).arms)
    assert [(one.factor, one.level, one.reference) for one in effects] == [
        ("subject", "urgent", "plain"),
        ("price", "$9", "$5"),
        ("price", "$12", "$5"),
    ]
    assert all(sum(one.weights.values()) == pytest.approx(0) for one in effects)
    assert sorted(effects[0].weights.values()) == pytest.approx([-1 / 3] * 3 + [1 / 3] * 3)
    assert sorted(effects[1].weights.values()) == [-0.5, -0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"factors": {"colour": ["red", "blue"]}}, "does not mention {colour}"),
        ({"variants": [{"name": "a", "content": "{subject}"}, PUSH]}, "exactly one variant"),
        ({"factors": {"subject": [str(n) for n in range(7)], "price": ["1", "2", "3"]}}, "21 arms"),
    ],
)
def test_factors_that_do_not_fit_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        made(**FACTORS | change)


def test_an_aa_arm_repeats_the_baseline_under_another_name() -> None:
    design = made(aa=True)
    copy = design.arms[-1]
    assert (copy.name, copy.copy_of, copy.is_baseline) == ("aa", "a", False)
    assert copy.stimulus == design.arms[0].stimulus


def test_a_delayed_arm_is_shown_and_asked_at_its_time() -> None:
    variants = [{"name": "now", "content": "A"}, {"name": "later", "content": "B", "after": "PT6H"}]
    first, second = protocol(made(variants=variants))
    assert (first.arms, second.arms) == (("now",), ("later",))
    assert second.simulated_at == SIMULATED_START + timedelta(hours=6)
    assert first.instruments == second.instruments != ()


def test_a_sequence_comes_first_and_everything_is_asked_of_all_arms_at_the_end() -> None:
    steps = protocol(sequence({"content": "one"}, {"content": "two", "after": "P2D", "responds": False}))
    assert [(step.step_id, step.kind, step.arms) for step in steps] == [
        ("touch-1", "deliver", None),
        ("touch-2", "deliver", ("twice",)),
        ("outcome", "measure", None),
    ]
    assert steps[0].stimuli["twice"].content == "one"
    assert (steps[1].responds, steps[1].instruments) == (False, ())
    assert steps[2].simulated_at == SIMULATED_START + timedelta(days=2)
    assert [one.name for one in steps[2].instruments] == ["open_rate", "purchase_intent"]


def test_a_channel_that_nobody_named_is_told_to_nobody() -> None:
    _, arm = sequence({"content": "One"}, {"content": "Two", "channel": "sms"}).arms
    assert [contact.stimulus.channel for contact in arm.contacts] == ["", "sms"]
    assert (
        made(variants=[{"name": "once", "content": "A"}, {"name": "b", "content": "B"}]).arms[0].stimulus.channel == ""
    )


def test_a_condition_is_about_what_an_earlier_touchpoint_asked() -> None:
    condition = {"metric": "open_rate", "touchpoint": "mail", "value": False}
    steps = protocol(
        sequence(
            {"name": "mail", "content": "one", "metrics": ["open_rate"]},
            {"content": "reminder", "after": "P1D", "condition": condition},
        )
    )
    reminder = next(step for step in steps if step.condition is not None)
    asking = next(step for step in steps if step.arms == ("twice",) and step.instruments)
    assert reminder.condition is not None
    assert reminder.condition.step_id == asking.step_id
    outcomes = {step.arms: [one.name for one in step.instruments] for step in steps if step.kind == "measure"}
    assert outcomes == {("once",): ["open_rate", "purchase_intent"], ("twice",): ["purchase_intent"]}


def test_measuring_can_wait() -> None:
    show, ask = protocol(made(measured_after="P7D"))
    assert (show.instruments, ask.kind) == ((), "measure")
    assert ask.simulated_at == SIMULATED_START + timedelta(days=7)


def test_what_a_touchpoint_cannot_do_is_refused_with_what_it_could() -> None:
    mail = {"name": "mail", "content": "x", "metrics": ["open_rate"]}
    late = {"content": "y", "at": "P1D"}
    field = "variants.1.touchpoints.1"
    assert refused(late, {"content": "x", "at": "PT1H"})[0] == f"{field}.at"
    assert refused(mail, {"content": "x", "condition": {"metric": "trust", "value": 1}}) == (
        f"{field}.condition.metric",
        ("open_rate",),
    )
    assert refused({"content": "x", "metrics": ["trust"]})[1] == ("open_rate", "purchase_intent")
    assert refused(mail, {"content": "x", "condition": {"metric": "open_rate", "value": "often"}})[0].endswith("value")


def test_a_metric_is_asked_where_the_one_it_requires_is() -> None:
    variants = [{"name": "a", "touchpoints": [{"content": "x", "metrics": ["open_rate"]}]}, PUSH]
    with pytest.raises(InvalidError, match="both are asked by the same touchpoints"):
        made(variants=variants, success_metrics=["open_rate", "click_through"])


@pytest.mark.parametrize(
    "variant",
    [
        {"name": "a"},
        {"name": "a", "content": "x", "touchpoints": [PUSH]},
        {"name": "a", "touchpoints": [PUSH, PUSH]},
        {"name": "a", "touchpoints": [PUSH], "after": "PT1H"},
        {"name": "a", "touchpoints": [{"content": "x", "at": "PT1H", "after": "PT1H"}]},
        {"name": "a", "touchpoints": [{"content": "x", "metrics": ["trust"], "responds": False}]},
    ],
)
def test_a_variant_that_contradicts_itself_is_refused(variant: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(variants=[variant])


@pytest.mark.parametrize(
    "late",
    [
        {"measured_after": "P3650D"},
        {"variants": [PUSH, {"name": "later", "content": "B", "after": "P400D"}]},
        {"variants": [PUSH, {"name": "two", "touchpoints": [{"content": "x"}, {"content": "y", "after": "P400D"}]}]},
    ],
)
def test_a_clock_that_would_run_past_the_last_year_is_refused(late: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="starts_at: the last step would be after the year 9999"):
        made(starts_at="9999-06-01T00:00:00Z", **late)
    assert made(starts_at="9980-06-01T00:00:00Z", **late)
