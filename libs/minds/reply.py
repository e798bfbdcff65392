"""Finding the JSON value in what a model wrote: fenced, introduced by prose, thought about aloud, or slightly broken.

Says nothing about what the value means. All loops are bounded: the text is untrusted.
"""

import json
import re
from collections.abc import Iterator

import orjson

MAX_REPLY = 100_000
MAX_ATTEMPTS = 64
_DECODER = json.JSONDecoder(strict=False)  # strict=False: models put raw line breaks into strings
_TRAILING_COMMA = re.compile(r",(?=\s{0,20}[}\]])")
_END_OF_REASONING = "</think>"


def json_of(content: str) -> object:
    """The JSON value of a reply: the whole of it, else the longest object in it. Raises `ValueError` saying why not."""
    if len(content) > MAX_REPLY:
        raise ValueError(f"the reply is longer than {MAX_REPLY:,} characters")
    text = content.rpartition(_END_OF_REASONING)[2].strip().removeprefix("\ufeff")
    if not text:
        raise ValueError("the reply is empty")
    try:
        value: object = orjson.loads(text)
    except ValueError:
        return _longest_object(text)
    return value if not isinstance(value, str) or "{" not in value else _longest_object(value)


def _longest_object(text: str) -> object:
    for attempt in (text, _TRAILING_COMMA.sub("", text)):
        found = max(_objects(attempt), key=lambda found: found[0], default=None)
        if found is not None:
            return found[1]
    raise ValueError("the reply holds no JSON object")


def _objects(text: str) -> Iterator[tuple[int, object]]:
    """(length, object) of the outermost objects, in order."""
    place = 0
    for _ in range(MAX_ATTEMPTS):
        place = text.find("{", place)
        if place < 0:
            return
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            place += 1
        else:
            yield end - place, value
            place = end
