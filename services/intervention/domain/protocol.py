"""The steps of an execution, from what the arms show and when.

Where every arm is one contact, it is shown and everything is asked in one turn. Where an arm is a sequence, or
measuring is to wait, contacts come first, each at its time, and whatever no contact has asked is asked after all of
them. Arms share a step where they do the same at the same time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from libs.contracts.chosen import Asking, Chosen, chosen_by
from libs.contracts.instruments import Instrument
from libs.contracts.protocol import Arm, Condition, Contact, Plan, Step, Stimulus
from services.intervention.domain.arms import FIRST_STEP

OUTCOME = "outcome"


class Timing(NamedTuple):
    """Where the clock starts, and how long after the last contact the metrics wait; None asks with the contact."""

    starts_at: datetime
    measured_after: timedelta | None


class _Met(NamedTuple):
    """What arms must share to share a step."""

    at_s: float
    order: int
    metrics: tuple[str, ...]
    responds: bool
    condition: Condition | None


def steps_of(arms: tuple[Arm, ...], instruments: tuple[Instrument, ...], timing: Timing) -> tuple[Step, ...]:
    """The protocol of these arms."""
    if timing.measured_after is None and all(arm.contacts is None for arm in arms):
        stimuli = {arm.name: arm.stimulus for arm in arms}
        return (Step(kind="deliver", step_id=FIRST_STEP, round=1, stimuli=stimuli, instruments=instruments),)
    apart = asks_apart(arms, timing)
    touches = [
        Step(
            kind="deliver",
            step_id=f"touch-{number}",
            round=number,
            stimuli=stimuli,
            instruments=tuple(one for one in instruments if not apart or one.name in met.metrics),
            condition=met.condition,
            simulated_at=timing.starts_at + timedelta(seconds=met.at_s),
            responds=None if met.responds else False,
            arms=_but_all(stimuli, arms),
        )
        for number, (met, stimuli) in enumerate(_touches(arms).items(), start=1)
    ]
    return (*touches, *(_outcomes(arms, instruments, timing, len(touches) + 1) if apart else ()))


def chosen_of(plan: Plan) -> Chosen:
    """What a plan asks of those alone whom a condition chose."""
    after = None if plan.measured_after_s is None else timedelta(seconds=plan.measured_after_s)
    steps = steps_of(plan.arms, plan.instruments, Timing(plan.starts_at or plan.frozen_at, after))
    arms = [arm.name for arm in plan.arms]
    return chosen_by(
        Asking(
            step.step_id,
            tuple(filter(step.is_for, arms)),
            tuple(one.name for one in step.instruments),
            step.condition is not None,
        )
        for step in steps
    )


def asks_apart(arms: tuple[Arm, ...], timing: Timing) -> bool:
    """Whether metrics wait until every arm has had its contacts."""
    if timing.measured_after is not None:
        return True
    sequences = [arm.contacts for arm in arms if arm.contacts]
    return any(len(one) > 1 or one[0].metrics or not one[0].responds for one in sequences)


def contacts_of(arm: Arm) -> tuple[Contact, ...]:
    """The contacts of an arm, also where its stimulus is all there is."""
    if arm.contacts is not None:
        return arm.contacts
    return (
        Contact(
            name=FIRST_STEP, stimulus=arm.stimulus, at_s=0, metrics=(), condition=None, responds=True, rich=arm.rich
        ),
    )


def _touches(arms: tuple[Arm, ...]) -> dict[_Met, dict[str, Stimulus]]:
    """What each step shows each of its arms, in order of time."""
    contacts = [
        (contact.at_s, index, place, contact)
        for place, arm in enumerate(arms)
        for index, contact in enumerate(contacts_of(arm))
    ]
    found: dict[_Met, dict[str, Stimulus]] = {}
    step_ids: dict[tuple[str, str], str] = {}
    for at_s, index, place, contact in sorted(contacts, key=lambda item: item[:3]):
        arm, condition = arms[place].name, contact.condition
        if condition is not None and condition.step_id is not None:
            condition = condition.model_copy(update={"step_id": step_ids[arm, condition.step_id]})
        met = _Met(at_s, index, contact.metrics, contact.responds, condition)
        found.setdefault(met, {})[arm] = contact.stimulus
        step_ids[arm, contact.name] = f"touch-{list(found).index(met) + 1}"
    return found


def _outcomes(arms: tuple[Arm, ...], instruments: tuple[Instrument, ...], timing: Timing, first: int) -> Iterator[Step]:
    """At one time for all arms: whatever their contacts have not asked."""
    left: dict[tuple[str, ...], list[str]] = {}
    for arm in arms:
        asked = {metric for contact in contacts_of(arm) for metric in contact.metrics}
        left.setdefault(tuple(one.name for one in instruments if one.name not in asked), []).append(arm.name)
    last = max(contact.at_s for arm in arms for contact in contacts_of(arm))
    at = timing.starts_at + timedelta(seconds=last) + (timing.measured_after or timedelta(0))
    for number, (names, mine) in enumerate(((names, mine) for names, mine in left.items() if names), start=1):
        yield Step(
            kind="measure",
            step_id=OUTCOME if number == 1 else f"{OUTCOME}-{number}",
            round=first + number - 1,
            stimuli={},
            instruments=tuple(one for one in instruments if one.name in names),
            simulated_at=at,
            arms=_but_all(mine, arms),
        )


def _but_all(some: dict[str, Stimulus] | list[str], arms: tuple[Arm, ...]) -> tuple[str, ...] | None:
    return None if len(some) == len(arms) else tuple(some)
