"""Who takes a step that is only for some: decided by an agent's own earlier answer."""

from collections.abc import Iterable

from libs.contracts.instruments import Answer, Instrument, MetricType
from libs.contracts.people import Agent
from libs.contracts.protocol import Condition


def holds(condition: Condition, answer: Answer) -> bool:
    """Whether an answer is so. No answer (never asked, or not reached in the funnel) never is, not even `is_not`."""
    wanted = condition.value
    if answer is None:
        return False
    match condition.operator:
        case "is":
            return _equal(answer, wanted)
        case "is_not":
            return not _equal(answer, wanted)
        case "one_of":
            return isinstance(wanted, tuple | list) and any(_equal(answer, option) for option in wanted)
        case "at_least":
            return _is_number(answer) and _is_number(wanted) and answer >= wanted  # type: ignore[operator]
        case "at_most":
            return _is_number(answer) and _is_number(wanted) and answer <= wanted  # type: ignore[operator]


def says(condition: Condition, said: Iterable[str]) -> bool:
    """Whether one of the texts of a condition was said, whatever the case of its letters."""
    wanted = [str(text).casefold() for text in condition.value] if isinstance(condition.value, tuple | list) else []
    return any(text in spoken.casefold() for spoken in said for text in wanted)


def attribute_of(agent: Agent, name: str) -> Answer:
    """What a person has of an attribute; None without it."""
    return agent.age if name == "age" else agent.demographic_profile.get(name)


def misfit(operator: str, value: object, instrument: Instrument) -> str | None:
    """Why no answer to this metric could ever be so; None when one could."""
    values = value if isinstance(value, list | tuple) else [value]
    kind, scale = instrument.type, (instrument.minimum or 0.0, instrument.maximum or 0.0)
    if not values:
        return "one_of needs at least one value"
    if operator in {"at_least", "at_most"} and kind not in {MetricType.ORDINAL, MetricType.NUMERIC}:
        return f"{instrument.name!r} is {kind}; {operator} is for ordinal and numeric metrics"
    for one in values:
        if kind is MetricType.BINARY and not isinstance(one, bool):
            return f"{instrument.name!r} is binary: true or false"
        if kind in {MetricType.ORDINAL, MetricType.NUMERIC} and not _is_within(one, scale):
            return f"{instrument.name!r} is {kind}: a number from {scale[0]:g} to {scale[1]:g}"
        if instrument.options and one not in instrument.options:
            return f"{instrument.name!r} has the options {', '.join(instrument.options)}"
    return None


def _is_within(value: object, scale: tuple[float, float]) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and scale[0] <= value <= scale[1]


def _equal(answer: Answer, wanted: Answer) -> bool:
    """Equal and of one kind: 1 is not true. A ranking is what stands first in it."""
    if isinstance(answer, tuple | list) and isinstance(wanted, str):
        return bool(answer) and answer[0] == wanted
    return isinstance(answer, bool) == isinstance(wanted, bool) and answer == wanted


def _is_number(value: Answer) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
