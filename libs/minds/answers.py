"""The answers of a turn: found where models put them, read by the metric's type, kept within its funnel.

Reading is tolerant about form ("Yes", "7", "7/10") and strict about substance: a value off the scale or outside the
options is an error that names the metric and the value, never the nearest allowed one.
"""

import math
import re
from collections.abc import Mapping, Sequence

from libs.contracts.instruments import Answer, Instrument, MetricType
from libs.minds.schema import integer_scale
from libs.minds.text import MAX_TEXT, plain, shown

WORDS = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
_NUMBER = re.compile(r"([-+]?\d{1,15}(?:\.\d{1,15})?)(?:\s*(?:/|out of)\s*(\d{1,15}))?\.?", re.IGNORECASE)
_OWN_FIELDS = {"actions", "mental_state", "answers", "confidence"}
_NAME_KEYS, _VALUE_KEYS = ("name", "metric", "question"), ("answer", "value")


def read_answers(reply: object, instruments: tuple[Instrument, ...]) -> dict[str, Answer]:
    """Every instrument's answer by name. Raises `ValueError` naming the first metric that cannot be read.

    Null where the funnel was left: below a binary metric that is not true, whatever the model wrote there.
    """
    given = _given(reply, instruments)
    answers: dict[str, Answer] = {}
    pending = list(instruments)
    while pending:
        waiting = {instrument.name for instrument in pending}
        ready = [instrument for instrument in pending if instrument.requires not in waiting] or pending[:1]
        for instrument in ready:
            is_reached = instrument.requires not in answers or answers[instrument.requires] is True
            answers[instrument.name] = _read(instrument, given.get(instrument.name)) if is_reached else None
        pending = [instrument for instrument in pending if instrument.name not in answers]
    return {instrument.name: answers[instrument.name] for instrument in instruments}


def _given(reply: object, instruments: tuple[Instrument, ...]) -> dict[str, object]:
    """What was written for each metric: in `answers`, beside it, or, for a sole question, as the reply itself."""
    whole = reply if isinstance(reply, Mapping) else {}
    beside = {name: value for name, value in whole.items() if name not in _OWN_FIELDS}
    found: dict[str, object] = {}
    exact = {instrument.name for instrument in instruments}
    for source in (_named(whole.get("answers")), beside):
        loose = {_key(str(name)): value for name, value in source.items() if name not in exact}
        for name in exact - found.keys():
            value = source.get(name, loose.get(_key(name)))
            if value is not None:
                found[name] = value
    if len(instruments) == 1 and not found:
        sole = whole.get("answers", whole.get("answer")) if isinstance(reply, Mapping) else reply
        if sole is not None and not isinstance(sole, Mapping):
            found[instruments[0].name] = sole
    return found


def _named(value: object) -> Mapping[str, object]:
    """Answers as a mapping; some models send a list of {"name": …, "answer": …}."""
    if isinstance(value, Mapping):
        return value
    found: dict[str, object] = {}
    for item in value if isinstance(value, list) else ():
        if isinstance(item, Mapping):
            name = next((item[key] for key in _NAME_KEYS if isinstance(item.get(key), str)), None)
            if name is not None:
                found[name] = next((item[key] for key in _VALUE_KEYS if key in item), None)
    return found


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _read(instrument: Instrument, value: object) -> Answer:
    if isinstance(value, Mapping):
        value = next((value[key] for key in _VALUE_KEYS if key in value), value)
    if value is None:
        raise ValueError(f"{instrument.name}: no answer")
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
            text = plain(value, MAX_TEXT)
            if not text:
                raise ValueError(f"{instrument.name}: no answer")
            return text


def _boolean(instrument: Instrument, value: object) -> bool:
    if isinstance(value, str):
        value = WORDS.get(value.strip().rstrip(".!").casefold(), value)
    if value is True or value is False or (isinstance(value, int | float) and value in (0, 1)):
        return bool(value)
    raise ValueError(f"{instrument.name}: {shown(value)} is neither true nor false")


def _number(instrument: Instrument, value: object) -> float:
    number = _float(instrument, value)
    if number is None:
        raise ValueError(f"{instrument.name}: {shown(value)} is not a number")
    lowest = -math.inf if instrument.minimum is None else instrument.minimum
    highest = math.inf if instrument.maximum is None else instrument.maximum
    if not lowest <= number <= highest:
        raise ValueError(f"{instrument.name}: {number:g} is not on the scale from {lowest:g} to {highest:g}")
    if integer_scale(instrument) is not None and not number.is_integer():
        raise ValueError(f"{instrument.name}: {number:g} is not a whole number from {lowest:g} to {highest:g}")
    return number


def _float(instrument: Instrument, value: object) -> float | None:
    """The finite number meant by a number or a string; "7/10" only on a scale that ends at 10."""
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value.strip())
        if match is None or (match[2] is not None and float(match[2]) != instrument.maximum):
            return None
        return float(match[1])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _option(instrument: Instrument, value: object) -> str:
    option = _spelled(instrument.options, value)
    if option is None:
        allowed = ", ".join(repr(known) for known in instrument.options)
        raise ValueError(f"{instrument.name}: {shown(value)} is not one of {allowed}")
    return option


def _ranking(instrument: Instrument, value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else value.split(">") if isinstance(value, str) else []
    options = [_spelled(instrument.options, item) for item in items]
    ranking = tuple(option for option in options if option is not None)
    if len(ranking) != len(options) or sorted(ranking) != sorted(instrument.options):
        raise ValueError(f"{instrument.name}: {shown(value)} does not rank each of the options once")
    return ranking


def _spelled(options: Sequence[str], value: object) -> str | None:
    """The option as declared; differences of case and surrounding space are forgiven when only one option fits."""
    if not isinstance(value, str):
        return None
    if value in options:
        return value
    fitting = [option for option in options if option.strip().casefold() == value.strip().casefold()]
    return fitting[0] if len(fitting) == 1 else None
