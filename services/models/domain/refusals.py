"""Reading why a server refused: what it said, and whether it may accept the same thing asked in another way.

Each server has its own shape: OpenAI and llama.cpp an object under `error`, older vLLM and SGLang that object without
the `error`, TGI a text under `error`, FastAPI proxies a `detail`, Rust servers plain text. Nothing here raises.
"""

import json
from dataclasses import dataclass
from enum import StrEnum

from libs.minds.text import plain

MAX_SHOWN = 200
OK, BAD_REQUEST, SERVER_ERROR = 200, 400, 500
_PLACES = ("error", "message", "msg", "detail")
MAX_SEARCHED = 4_000
"""A message may repeat the request; its beginning is about the refusal."""
_OVERLOADED = frozenset({408, 409, 425, 429})
_ABOUT_THE_REQUEST = frozenset({200, 400, 404, 415, 422, 500, 501})


class Cause(StrEnum):
    """What was refused. Of the first ones there is another way to ask."""

    FORMAT = "response_format"
    FORMAT_VALUE = "response_format.value"
    """TGI: the schema is wanted in a field called `value`."""
    SEED = "seed"
    TOKEN_LIMIT = "max_completion_tokens"  # noqa: S105 - not a password
    SYSTEM_ROLE = "system role"
    ALTERNATION = "alternation of roles"
    FILTER = "content filter"
    QUOTA = "quota"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is none."""

    cause: Cause
    message: str
    is_retryable: bool


_SIGNS: tuple[tuple[Cause, tuple[str, ...]], ...] = (
    (Cause.FILTER, ("content_filter", "content management policy", "responsibleaipolicy", "contentpolicyviolation")),
    (Cause.FORMAT_VALUE, ("missing field `value`",)),
    (Cause.ALTERNATION, ("roles must alternate", "must be at the beginning")),
    (Cause.SYSTEM_ROLE, ("system role not supported", "'system' with this model", "does not support system")),
    (Cause.FORMAT, ("response_format", "json_schema", "json_object", "structured output", "guided", "grammar")),
)
_PARAMETERS: tuple[tuple[Cause, tuple[str, ...]], ...] = (
    (Cause.TOKEN_LIMIT, ("max_completion_tokens", "max_tokens")),
    (Cause.SEED, ("seed",)),
)
_UNKNOWN = ("unsupported", "not support", "unrecognized", "unknown", "unexpected", "extra", "not permitted")
"""What says that a parameter is not known; its value may also be wrong, which is another matter."""
_SPENT = ("insufficient_quota", "billing_hard_limit", "exceeded your current quota")


def read_refusal(status: int, body: str) -> Refusal:
    """What an answer means that is no completion."""
    try:
        return refusal_in(status, json.loads(body))
    except (ValueError, RecursionError):
        return refusal_in(status, body)


def refusal_in(status: int, document: object) -> Refusal:
    """What the JSON of an answer means that is no completion."""
    said = document if isinstance(document, str) else json.dumps(document)
    message = shorten(_sentence(document) or said)
    cause = _cause(status, said[:MAX_SEARCHED].lower())
    meant = _status_said(document) if status == OK else status
    is_retryable = cause is Cause.OTHER and (meant in _OVERLOADED or meant >= SERVER_ERROR)
    if cause is Cause.FILTER:
        message = f"its content filter refused the prompt: {message}"
    return Refusal(cause, f"the provider answered {status}: {message}", is_retryable)


def is_error(document: object) -> bool:
    """True for an error that came with status 200, as some gateways send those of others."""
    return isinstance(document, dict) and bool(document.get("error")) and not document.get("choices")


def _status_said(document: object) -> int:
    """The status that an error with status 200 would have had; where it does not say, it is of the server itself."""
    error = document.get("error") if isinstance(document, dict) else None
    code = error.get("code", error.get("status")) if isinstance(error, dict) else None
    return code if isinstance(code, int) and code >= BAD_REQUEST else SERVER_ERROR


def shorten(text: str) -> str:
    """The beginning of a text on one line, for an error message."""
    return plain(" ".join(text[: MAX_SHOWN * 4].split()), MAX_SHOWN) or "(nothing)"


def _cause(status: int, said: str) -> Cause:
    if any(word in said for word in _SPENT):
        return Cause.QUOTA
    if status not in _ABOUT_THE_REQUEST:
        return Cause.OTHER
    is_unknown = any(word in said for word in _UNKNOWN)
    for cause, words in (*_SIGNS, *(_PARAMETERS if is_unknown else ())):
        if any(word in said for word in words):
            return cause
    return Cause.OTHER


def _sentence(value: object, depth: int = 0) -> str:
    """The first text at one of the places where servers put it."""
    if isinstance(value, str):
        return value
    inner: list[object] = []
    if isinstance(value, dict):
        inner = [value[key] for key in _PLACES if key in value]
    elif isinstance(value, list):
        inner = value[:1]
    return next((text for part in inner if depth < 3 and (text := _sentence(part, depth + 1))), "")
