"""JSON documents of people, read without loss: everything JSON can say comes out as it went in.

What a parser would settle silently or a store would change is refused with its place: keys that repeat, NaN, numbers
beyond 64 bits, NUL, lone surrogates. White space, escapes and the spelling of a number are not part of a document.
"""

import json
import math
from collections.abc import Iterable

from libs.contracts.base import UNSTORABLE

MAX_DEPTH = 32
SMALLEST, LARGEST = -(2**63), 2**64 - 1


class DocumentError(ValueError):
    """`path` (dotted, "" for the whole document) is wrong for this reason."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path, self.reason = path, reason


class _Repeating(dict[str, object]):
    """An object in which `key` stood twice, until its place is known."""

    key = ""


def parse(text: str | bytes, longest: int) -> object:
    """The value of a document of at most `longest` bytes. Raises `DocumentError`."""
    size = len(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    if size > longest:
        raise DocumentError("", f"is larger than {longest:,} bytes")
    try:
        value: object = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise DocumentError("", f"is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as error:
        raise DocumentError("", f"is not JSON: {error}") from None
    check(value)
    return value


def check(value: object, path: str = "", depth: int = 0) -> None:
    """Raises `DocumentError` for the first thing in a parsed value that cannot be kept as it is."""
    reason = f"is nested deeper than {MAX_DEPTH} levels" if depth > MAX_DEPTH else _fault(value)
    if reason is not None:
        raise DocumentError(path, reason)
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        check(part, f"{path}.{key}" if path else str(key), depth + 1)


def pretty(value: object) -> str:
    """The document for people: indented as TinyTroupe's files are, keys in their order."""
    return json.dumps(value, indent=4, ensure_ascii=False) + "\n"


def one_line(value: object) -> str:
    """The document as one line, keys in their order: it has no line break, also none inside of a text."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.translate({0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"})


def _object(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found and not isinstance(found, _Repeating):
            found = _Repeating(found)
            found.key = key
        found[key] = value
    return found


def _fault(value: object) -> str | None:
    """Why a value, apart from its parts, cannot be kept."""
    match value:
        case _Repeating():
            return f"has the key {value.key!r} more than once"
        case float() if not math.isfinite(value):
            return "is not a finite number"
        case int() if not SMALLEST <= value <= LARGEST:
            return "is an integer of more than 64 bits"
        case str() if UNSTORABLE.search(value):
            return "may not contain NUL characters or lone surrogates"
        case dict() if any(UNSTORABLE.search(key) for key in value):
            return "may not have NUL characters or lone surrogates in a key"
    return None


def merge_patch(target: object, patch: object) -> object:
    """RFC 7396: objects are merged, null takes a member away, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
