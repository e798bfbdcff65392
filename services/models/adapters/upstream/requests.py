"""The body of a chat completion as a server is asked for it, within what its model takes."""

import json

from libs.contracts.base import JsonObject
from services.models.domain.calls import ANY_OBJECT, Call
from services.models.domain.capabilities import Capabilities, Format

SCHEMA_NAME = "reply"


def chat_request(call: Call, model: str, capabilities: Capabilities) -> JsonObject:
    """The body. Temperature 1 is every server's default, and some refuse to be told so."""
    schema, sampling = call.response_schema, call.sampling
    messages = [{"role": message.role, "content": message.content} for message in (*call.shared, *call.messages)]
    if schema is not None and schema != ANY_OBJECT and not capabilities.format.is_enforced:
        messages = _with_schema(messages, schema)
    request: JsonObject = {"model": model, "messages": _shaped(messages, capabilities)}
    if capabilities.seed:
        request["seed"] = call.seed
    request |= sampling.more
    if sampling.temperature != 1.0:
        request["temperature"] = sampling.temperature
    if sampling.max_completion_tokens is not None:
        request[capabilities.token_limit.value] = sampling.max_completion_tokens
    if schema is not None and (wanted := _response_format(schema, capabilities.format)) is not None:
        request["response_format"] = wanted
    return request


def _response_format(schema: JsonObject, asked: Format) -> JsonObject | None:
    match asked:
        case Format.PROMPT:
            return None
        case Format.JSON_VALUE:
            return {"type": "json_object", "value": schema}
        case Format.JSON_SCHEMA if schema != ANY_OBJECT:
            return {"type": "json_schema", "json_schema": {"name": SCHEMA_NAME, "strict": True, "schema": schema}}
    return {"type": "json_object"}


_Message = dict[str, str]


def _with_schema(messages: list[_Message], schema: JsonObject) -> list[_Message]:
    """The schema in words, in the first system message: templates want that first, and caches want long prefixes."""
    words = f"Answer with one JSON object of this JSON Schema and nothing else: {json.dumps(schema)}"
    if messages and messages[0]["role"] == "system":
        return [{"role": "system", "content": f"{messages[0]['content']}\n\n{words}"}, *messages[1:]]
    return [{"role": "system", "content": words}, *messages]


def _shaped(messages: list[_Message], capabilities: Capabilities) -> list[_Message]:
    """Without a system role its text is the user's; where roles must alternate, neighbours of one role are joined."""
    if not capabilities.system_role:
        messages = [message | {"role": "user"} if message["role"] == "system" else message for message in messages]
    if capabilities.system_role and capabilities.consecutive_messages:
        return messages
    joined: list[_Message] = []
    for message in messages:
        if joined and joined[-1]["role"] == message["role"]:
            joined[-1] = message | {"content": f"{joined[-1]['content']}\n\n{message['content']}"}
        else:
            joined.append(message)
    return joined
