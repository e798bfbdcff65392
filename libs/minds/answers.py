"""The answers of a turn: found where models put them, read by the metric's type, kept within its funnel.

Reading is tolerant about form ("Yes", "7", "7/10") and strict about substance: a value off the scale or outside the
options is an error that names the metric and the value, never the nearest allowed one.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

from libs.contracts.instruments import Answer, Instrument, MetricType
from libs.minds.elicitation import Distribution, draw, read_distribution
from libs.minds.scales import integer_scale
from libs.minds.text import MAX_TEXT, plain, shown
from libs.minds.values import VALUE_KEYS, by_name, loose, number_of, spelled, truth_of

_OWN_FIELDS = {"actions", "mental_state", "answers", "confidence"}


class Read(NamedTuple):
    """Answers by metric, the probabilities that some were drawn from, and the words that others are still to be."""

    answers: dict[str, Answer]
    distributions: dict[str, Distribution]
    statements: dict[str, str]


def read_answers(reply: object, instruments: tuple[Instrument, ...], place: str) -> Read:
    """Every instrument's answer by name. Raises `ValueError` naming the first metric that cannot be read.

    Null where the funnel was left, below a binary metric that is not true, whatever the model wrote there; and where an
    answer given in words has not been rated yet. `place` decides what is drawn.
    """
    given = _given(reply, instruments)
    read = Read({}, {}, {})
    answers = read.answers
    pending = list(instruments)
    while pending:
        waiting = {instrument.name for instrument in pending}
        ready = [instrument for instrument in pending if instrument.requires not in waiting] or pending[:1]
        for instrument in ready:
            is_reached = instrument.requires not in answers or answers[instrument.requires] is True
            answers[instrument.name] = (
                _elicited(instrument, given.get(instrument.name), read, place) if is_reached else None
            )
        pending = [instrument for instrument in pending if instrument.name not in answers]
    return read._replace(answers={instrument.name: answers[instrument.name] for instrument in instruments})


def _elicited(instrument: Instrument, value: object, read: Read, place: str) -> Answer:
    """The answer as it is to be obtained; probabilities and words are noted in `read`."""
    match instrument.elicitation:
        case "distribution":
            read.distributions[instrument.name] = read_distribution(instrument, _unwrapped(instrument, value))
            return draw(instrument, read.distributions[instrument.name], place)
        case "ssr":
            read.statements[instrument.name] = _text(instrument, _unwrapped(instrument, value))
            return None
        case _:
            return _read(instrument, _unwrapped(instrument, value))


def _given(reply: object, instruments: tuple[Instrument, ...]) -> dict[str, object]:
    """What was written for each metric: in `answers`, beside it, or, for a sole question, as the reply itself."""
    whole = reply if isinstance(reply, Mapping) else {}
    beside = {name: value for name, value in whole.items() if name not in _OWN_FIELDS}
    found: dict[str, object] = {}
    exact = {instrument.name for instrument in instruments}
    for source in (by_name(whole.get("answers")), beside):
        loosely = {loose(str(name)): value for name, value in source.items() if name not in exact}
        for name in exact - found.keys():
            value = source.get(name, loosely.get(loose(name)))
            if value is not None:
                found[name] = value
    if len(instruments) == 1 and not found:
        sole = whole.get("answers", whole.get("answer")) if isinstance(reply, Mapping) else reply
        if sole is not None and not isinstance(sole, Mapping):
            found[instruments[0].name] = sole
    return found


def _unwrapped(instrument: Instrument, value: object) -> object:
    """An answer without an object around it that has a name for it."""
    if isinstance(value, Mapping):
        value = next((value[key] for key in VALUE_KEYS if key in value and key not in instrument.options), value)
    if value is None:
        raise ValueError(f"{instrument.name}: no answer")
    return value


def _text(instrument: Instrument, value: object) -> str:
    text = plain(value, MAX_TEXT)
    if not text:
        raise ValueError(f"{instrument.name}: no answer")
    return text


def _read(instrument: Instrument, value: object) -> Answer:
    match instrument.type:
        case MetricType.BINARY:
            return _boolean(instrument, value)
        case MetricType.ORDINAL | MetricType.NUMERIC:
            return _number(instrument, value)
        case MetricType.CHOICE:
            return _option(instrument, value)
        case MetricType.RANKING:
            return _ranking(instrument, value)
        case MetricType.TEXT:
            return _text(instrument, value)


def _boolean(instrument: Instrument, value: object) -> bool:
    truth = truth_of(value)
    if truth is None:
        raise ValueError(f"{instrument.name}: {shown(value)} is neither true nor false")
    return truth


def _number(instrument: Instrument, value: object) -> float:
    number = number_of(value, instrument.maximum)
    if number is None:
        raise ValueError(f"{instrument.name}: {shown(value)} is not a number")
    lowest = -math.inf if instrument.minimum is None else instrument.minimum
    highest = math.inf if instrument.maximum is None else instrument.maximum
    if not lowest <= number <= highest:
        raise ValueError(f"{instrument.name}: {number:g} is not on the scale from {lowest:g} to {highest:g}")
    if integer_scale(instrument) is not None and not number.is_integer():
        raise ValueError(f"{instrument.name}: {number:g} is not a whole number from {lowest:g} to {highest:g}")
    return number


def _option(instrument: Instrument, value: object) -> str:
    option = spelled(instrument.options, value)
    if option is None:
        allowed = ", ".join(repr(known) for known in instrument.options)
        raise ValueError(f"{instrument.name}: {shown(value)} is not one of {allowed}")
    return option


def _ranking(instrument: Instrument, value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else value.split(">") if isinstance(value, str) else []
    options = [spelled(instrument.options, item) for item in items]
    ranking = tuple(option for option in options if option is not None)
    if len(ranking) != len(options) or sorted(ranking) != sorted(instrument.options):
        raise ValueError(f"{instrument.name}: {shown(value)} does not rank each of the options once")
    return ranking
