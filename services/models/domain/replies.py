"""Reading what an OpenAI-compatible server sent back: whatever it is, it becomes a content or a reason.

Nothing here raises: a reply is untrusted, and a turn that failed is a result like any other.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from libs.contracts.base import JsonObject
from libs.minds.reply import json_of
from libs.minds.text import plain

MAX_BODY = 4_000_000
MAX_SHOWN = 200
_OVERLOADED = frozenset({408, 409, 425, 429})
_FORMAT_WORDS = ("response_format", "json_schema", "json_object", "structured output", "guided", "grammar")


@dataclass(frozen=True, slots=True)
class Reading:
    """A server's answer, read: content or failure, and the tokens it counted (None when it did not say)."""

    content: str | None
    failure: str | None
    model: str | None = None
    prompt_tokens: int | None = None
    cached_prompt_tokens: int = 0
    completion_tokens: int | None = None


def read_completion(body: str, *, wants_json: bool) -> Reading:
    """Read the body of an answer with status 200."""
    if len(body) > MAX_BODY:
        return Reading(None, f"the reply has {len(body):,} characters; at most {MAX_BODY:,} are read")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return Reading(None, f"the reply is not JSON: {shorten(body)}")
    if not isinstance(document, dict):
        return Reading(None, f"the reply is not a chat completion: {shorten(body)}")
    choice = _first(document.get("choices"))
    message = choice.get("message")
    content, failure = _content(choice, message if isinstance(message, dict) else {}, wants_json=wants_json)
    if not choice and (error := document.get("error")):
        failure = f"the provider answered with an error: {shorten(json.dumps(error))}"
    usage = document.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    return Reading(
        content=content,
        failure=failure,
        model=plain(document.get("model"), 120) or None,
        prompt_tokens=_count(usage.get("prompt_tokens")),
        cached_prompt_tokens=_count(details.get("cached_tokens")) or 0 if isinstance(details, dict) else 0,
        completion_tokens=_count(usage.get("completion_tokens")),
    )


def _content(choice: JsonObject, message: JsonObject, *, wants_json: bool) -> tuple[str | None, str | None]:
    """(content, failure) of the first choice."""
    if not choice:
        return None, "the reply holds no choice"
    if refusal := plain(message.get("refusal"), MAX_SHOWN):
        return None, f"the model refused: {refusal}"
    finish = choice.get("finish_reason")
    if finish == "content_filter":
        return None, "the provider's content filter stopped the reply"
    text = _text(message.get("content"))
    if not wants_json:
        return (text, None) if text else (None, "the reply is empty")
    if finish == "length" and not _is_json(text):
        return None, "the reply was cut off at max_completion_tokens"
    for candidate in (text, _text(message.get("reasoning_content")), _text(message.get("reasoning"))):
        if candidate:
            found, reason = _object_in(candidate)
            if found is not None:
                return found, None
            if candidate is text:
                return None, f"{reason}: {shorten(text)}"
    return None, "the reply is empty"


def _object_in(text: str) -> tuple[str | None, str]:
    """The JSON object in a text, written compactly, or why there is none."""
    try:
        value = json_of(text)
        written = json.dumps(value, separators=(",", ":"))
    except (ValueError, RecursionError) as error:
        return None, str(error)
    return (written, "") if isinstance(value, Mapping) else (None, "the reply is not a JSON object")


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _text(value: object) -> str:
    """A text, also given as a list of parts; lone surrogates and NUL, which no store takes, are removed."""
    if isinstance(value, list):
        value = "".join(part["text"] for part in value if isinstance(part, dict) and isinstance(part.get("text"), str))
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8").strip()


def _first(value: object) -> JsonObject:
    first = value[0] if isinstance(value, list) and value else None
    return first if isinstance(first, dict) else {}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def shorten(text: str) -> str:
    """The beginning of a text on one line, for an error message."""
    return plain(" ".join(text[: MAX_SHOWN * 4].split()), MAX_SHOWN) or "(nothing)"


def is_retryable(status: int) -> bool:
    """Whether the same request may succeed a little later."""
    return status in _OVERLOADED or status >= 500


def is_format_refused(status: int, body: str) -> bool:
    """Whether a server refused the way the answer's format was asked for, so that another way may do."""
    lowered = body.lower()
    return status in {400, 404, 415, 422, 501} and any(word in lowered for word in _FORMAT_WORDS)
