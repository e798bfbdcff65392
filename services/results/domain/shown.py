"""What people met, by arm and in its order: of an intervention as its plan has it, else as each step was announced.

Nothing that was said in answer is here; texts are whole, whoever shows them cuts them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from libs.contracts.ids import ONLY_ARM
from libs.contracts.names import in_words
from libs.contracts.protocol import Arm, Condition, Contact, Step, Stimulus
from services.results.domain import wording
from services.results.domain.records import Study

OPERATORS = {
    "is": "is",
    "is_not": "is not",
    "at_least": "is at least",
    "at_most": "is at most",
    "one_of": "is one of",
}
SHORT, START = 700, 400
"""A text of more letters than the first is cut, to at most as many as the second."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that was shown, or an occasion on which something was only asked."""

    name: str
    where: str
    """Channel, time of day, moment, and who speaks, as far as there is any."""
    whom: str
    """Which people of the arm alone met it; empty: all."""
    content: str


def shown(study: Study) -> dict[str, list[Shown]]:
    """By arm."""
    if study.plan is not None:
        return {arm.name: list(_of_arm(arm)) for arm in study.plan.arms}
    return {ONLY_ARM: list(dict.fromkeys(_of_steps(study.steps)))}


def beginning(content: str) -> str:
    """The start of a long text, up to a word's end; a short one whole."""
    if len(content) <= SHORT:
        return content
    start = content[:START]
    return f"{start.rsplit(maxsplit=1)[0] if ' ' in start else start} …"


def _of_arm(arm: Arm) -> Iterator[Shown]:
    if arm.contacts is None:
        yield Shown("", _where(arm.stimulus), "", arm.stimulus.content)
        return
    for one in arm.contacts:
        name = in_words(one.name) if len(arm.contacts) > 1 else ""
        names = {other.name: other.name for other in arm.contacts}
        yield Shown(name, _where(one.stimulus, _moment(one)), _whom(one.condition, names), one.stimulus.content)


def _of_steps(steps: Mapping[str, Step]) -> Iterator[Shown]:
    names = {step_id: step.name or step_id for step_id, step in steps.items()}
    for step in steps.values():
        for stimulus in step.stimuli.values():
            at = f"{step.simulated_at:%-d %B %Y, %H:%M}" if step.simulated_at else ""
            yield Shown(_name(step), _where(stimulus, at), _whom(step.condition, names), stimulus.content)


def _name(step: Step) -> str:
    if step.conversation is not None:
        return f"{in_words(step.conversation.kind)}, round {step.round}"
    return in_words(step.name or "")


def _moment(contact: Contact) -> str:
    return f"after {wording.duration(contact.at_s)}" if contact.at_s else "at the start"


def _where(stimulus: Stimulus, at: str = "") -> str:
    kind = "" if stimulus.kind is None else stimulus.kind.value
    source = "" if stimulus.source is None else f"from {stimulus.source}"
    return " · ".join(filter(None, (in_words(stimulus.channel), in_words(stimulus.timing), kind, at, source)))


def _whom(condition: Condition | None, names: Mapping[str, str]) -> str:
    """`names` of steps, or of contacts, by what conditions call them."""
    if condition is None:
        return ""
    before = " in the simulation before" if condition.before else ""
    if condition.proposition is not None:
        return f"only those of whom it is true: {condition.proposition}"
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    wanted = wording.either([wording.answer(value) for value in values])
    if condition.about == "words":
        return f"only those who said {wanted}{before}"
    where = f" at {in_words(names.get(condition.step_id, condition.step_id))}" if condition.step_id else ""
    return f"only those whose {in_words(condition.metric)}{where} {OPERATORS[condition.operator]} {wanted}{before}"
