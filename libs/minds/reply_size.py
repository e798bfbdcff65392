"""How long a reply of a given form is: from the shortest sensible one to a wordy one, in characters of JSON.

What the form fixes (names, braces, options) is counted; how much is written where anything may be written is assumed.
"""

from collections.abc import Mapping

from libs.contracts.base import JsonObject
from libs.contracts.ranges import Range

WORDS = Range(low=10, likely=80, high=240)
"""Characters of a free text: a few words, a sentence, a paragraph."""
ITEMS = Range(low=2, likely=3, high=5)
"""Items of a list that may have any number."""
_QUOTES = Range.exactly(2)
_COMMA = Range.exactly(1)
_SCALARS = {
    "boolean": Range(low=4, likely=4, high=5),
    "integer": Range(low=1, likely=1, high=4),
    "number": Range(low=1, likely=4, high=6),
    "null": Range.exactly(4),
}


def reply_characters(schema: JsonObject) -> Range:
    """The length of a reply of this form, within the subset that `libs.minds.schema` writes."""
    if options := schema.get("anyOf"):
        return _either([reply_characters(option) for option in options])
    if values := schema.get("enum"):
        return _either([Range.exactly(len(str(value)) + (2 if isinstance(value, str) else 0)) for value in values])
    match schema.get("type"):
        case "object":
            return _object(schema.get("properties", {}))
        case "array":
            item = reply_characters(schema["items"]).plus(_COMMA)
            return item.times(ITEMS).plus(_QUOTES)
        case "string":
            return WORDS.plus(_QUOTES)
        case kind:
            return _SCALARS.get(str(kind), WORDS)


def _object(properties: Mapping[str, JsonObject]) -> Range:
    total = Range.exactly(2)
    for name, part in properties.items():
        total = total.plus(reply_characters(part)).plus(Range.exactly(len(name) + 4))
    return total


def _either(lengths: list[Range]) -> Range:
    likely = sum(length.likely for length in lengths) / len(lengths)
    return Range(low=min(length.low for length in lengths), likely=likely, high=max(length.high for length in lengths))
