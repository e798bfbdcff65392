"""What a model may write for a value: words for truth, numbers as text, options in another case, lists of names.

Forgives form only, and never guesses: None means that the value cannot be read.
"""

import math
import re
from collections.abc import Mapping, Sequence

WORDS = {"yes": True, "y": True, "true": True, "no": False, "n": False, "false": False}
NAME_KEYS, VALUE_KEYS = ("name", "metric", "question"), ("answer", "value")
_NUMBER = re.compile(r"([-+]?\d{1,15}(?:\.\d{1,15})?)(?:\s*(?:/|out of)\s*(\d{1,15}))?\.?", re.IGNORECASE)


def truth_of(value: object) -> bool | None:
    """True or false, also as a word, 0 or 1."""
    if isinstance(value, str):
        value = WORDS.get(value.strip().rstrip(".!").casefold(), value)
    if value is True or value is False or (isinstance(value, int | float) and value in (0, 1)):
        return bool(value)
    return None


def number_of(value: object, maximum: float | None) -> float | None:
    """The finite number meant by a number or a text; "7/10" only on a scale that ends at 10."""
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value.strip())
        if match is None or (match[2] is not None and float(match[2]) != maximum):
            return None
        return float(match[1])
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def spelled(options: Sequence[str], value: object) -> str | None:
    """The option as declared; differences of case and surrounding space are forgiven when only one option fits."""
    if not isinstance(value, str):
        return None
    if value in options:
        return value
    fitting = [option for option in options if option.strip().casefold() == value.strip().casefold()]
    return fitting[0] if len(fitting) == 1 else None


def by_name(value: object) -> Mapping[str, object]:
    """A mapping; some models send a list of {"name": …, "answer": …} instead."""
    if isinstance(value, Mapping):
        return value
    found: dict[str, object] = {}
    for item in value if isinstance(value, list) else ():
        if isinstance(item, Mapping):
            name = next((item[key] for key in NAME_KEYS if isinstance(item.get(key), str)), None)
            if name is not None:
                found[name] = next((item[key] for key in VALUE_KEYS if key in item), None)
    return found


def loose(name: str) -> str:
    """A name without case and punctuation: "Open Rate" and open_rate are the same."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")
