"""The body of a chat completion as a server is asked for it."""

import json
from enum import StrEnum

from libs.contracts.base import JsonObject
from services.models.domain.calls import ANY_OBJECT, Call

SCHEMA_NAME = "reply"


class Format(StrEnum):
    """How a JSON answer is asked for, the strictest first."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    PROMPT = "prompt"

    @property
    def weaker(self) -> "Format | None":
        """The next way to try when a server refuses this one."""
        order = list(Format)
        return order[order.index(self) + 1] if self is not order[-1] else None


def chat_request(call: Call, model: str, asked: Format) -> JsonObject:
    """The arguments of a chat completion. Temperature 1 is every server's default, and some refuse to be told so."""
    messages = [{"role": message.role, "content": message.content} for message in (*call.shared, *call.messages)]
    request: JsonObject = {"model": model, "messages": messages, "seed": call.seed}
    request |= call.sampling.more
    if call.sampling.temperature != 1.0:
        request["temperature"] = call.sampling.temperature
    if call.sampling.max_completion_tokens is not None:
        request["max_completion_tokens"] = call.sampling.max_completion_tokens
    if call.response_schema is None:
        return request
    if call.response_schema == ANY_OBJECT:
        request["response_format"] = {"type": "json_object"}
        return request
    if asked is Format.JSON_SCHEMA:
        schema = {"name": SCHEMA_NAME, "strict": True, "schema": call.response_schema}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request
    messages.append({"role": "system", "content": _schema_in_words(call)})
    if asked is Format.JSON_OBJECT:
        request["response_format"] = {"type": "json_object"}
    return request


def _schema_in_words(call: Call) -> str:
    return f"Answer with one JSON object of this JSON Schema and nothing else: {json.dumps(call.response_schema)}"
