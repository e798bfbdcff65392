"""Reading what an OpenAI-compatible server sent back: whatever it is, it becomes a content or a reason.

Nothing here raises: a reply is untrusted, and a turn that failed is a result like any other. With a response schema the
content is JSON that fits it; what the model wrote instead is kept, for it to be asked once more.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from libs.contracts.base import JsonObject
from libs.minds.reply import json_of
from libs.minds.text import plain
from services.models.domain.calls import REFUSED, STOP
from services.models.domain.coercion import fit
from services.models.domain.refusals import MAX_SHOWN, OK, Refusal, is_error, refusal_in, shorten

LENGTH, FILTER = "length", "content_filter"
CUT_OFF = (LENGTH, "max_tokens", "MAX_TOKENS")
"""Gateways pass on the words of other providers."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A server's answer, read: content or failure, and the tokens it counted (None when it did not say)."""

    content: str | None
    failure: str | None
    finish_reason: str = STOP
    reply: str | None = None
    """What the model wrote, when it wrote something that cannot be read as what was asked for."""
    model: str | None = None
    prompt_tokens: int | None = None
    cached_prompt_tokens: int = 0
    completion_tokens: int | None = None


def read_completion(document: object, schema: JsonObject | None) -> Reading | Refusal:
    """Read an answer with status 200: a completion, or what is none, such as an error."""
    if not isinstance(document, dict) or is_error(document):
        return refusal_in(OK, document)
    choice = _first(document.get("choices"))
    message = choice.get("message")
    content, failure, finish, reply = _content(choice, message if isinstance(message, dict) else {}, schema)
    usage = document.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    details = usage.get("prompt_tokens_details")
    return Reading(
        content=content,
        failure=failure,
        finish_reason=finish,
        reply=reply,
        model=plain(document.get("model"), 120) or None,
        prompt_tokens=_count(usage.get("prompt_tokens")),
        cached_prompt_tokens=_count(details.get("cached_tokens")) or 0 if isinstance(details, dict) else 0,
        completion_tokens=_count(usage.get("completion_tokens")),
    )


_Content = tuple[str | None, str | None, str, str | None]
"""Content, failure, finish reason, and what was written in vain."""


def _content(choice: JsonObject, message: JsonObject, schema: JsonObject | None) -> _Content:
    if not choice:
        return None, "the reply holds no choice", STOP, None
    if refusal := plain(message.get("refusal"), MAX_SHOWN):
        return None, f"the model refused: {refusal}", REFUSED, None
    finish = LENGTH if choice.get("finish_reason") in CUT_OFF else STOP
    if choice.get("finish_reason") == FILTER:
        return None, "the provider's content filter stopped the reply", FILTER, None
    text = _text(message.get("content"))
    if schema is None:
        return (text, None, finish, None) if text else (None, "the reply is empty", finish, None)
    content, problem = _fitting(_candidates(message, text), schema)
    if problem is None:
        return content, None, finish, None
    if finish == LENGTH:
        problem = "the reply was cut off at max_completion_tokens"
    return None, f"{problem}: {shorten(text)}" if text else problem, finish, text


def _candidates(message: JsonObject, text: str) -> Iterator[str]:
    """Where models put their answer: the content, a call that nobody asked for, the thoughts if there is nothing else.

    What stands in the thoughts beside an answer is a draft.
    """
    yield text
    yield from _arguments(message)
    if not text:
        yield _text(message.get("reasoning_content"))
        yield _text(message.get("reasoning"))


def _arguments(message: JsonObject) -> Iterator[str]:
    call = _first(message.get("tool_calls")).get("function", message.get("function_call"))
    if isinstance(call, dict):
        given = call.get("arguments")
        yield json.dumps(given) if isinstance(given, dict) else _text(given)


def _fitting(candidates: Iterator[str], schema: JsonObject) -> tuple[str | None, str | None]:
    """(JSON of the first candidate that fits the schema, None), or (None, what is wrong with the first)."""
    problem = ""
    for candidate in candidates:
        if not candidate:
            continue
        try:
            found = fit(json_of(candidate), schema)
            if not found.problems:
                return json.dumps(found.value, separators=(",", ":")), None
            problem = problem or "; ".join(found.problems)
        except (ValueError, RecursionError) as error:
            problem = problem or str(error)
    return None, problem or "the reply is empty"


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
