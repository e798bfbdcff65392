"""Servers of every kind, as far as their differences matter: what each takes, ignores and refuses, and in which shape.

The shapes are those that the servers document or that people report of them. Each `Kind` is data; one model behind all
of them answers as well as it is asked: in prose when nobody says JSON, in a fence when only the prompt does.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.services.models.stub import Answer, example

Request = dict[str, Any]
IN_WORDS = "JSON Schema and nothing else: "
NUMBERS = " ".join(map(str, range(1, 101)))


def openai_error(status: int, message: str, **more: object) -> Answer:
    return Answer(json.dumps({"error": {"message": message, "type": "invalid_request_error", **more}}), status)


def bare_error(status: int, message: str) -> Answer:
    """vLLM before 0.11, and SGLang."""
    document = {"object": "error", "message": message, "type": "BadRequestError", "param": None, "code": status}
    return Answer(json.dumps(document), status)


def llama_error(status: int, message: str) -> Answer:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return Answer(json.dumps({"error": {"code": status, "message": message, "type": kind}}), status)


def ollama_error(status: int, message: str) -> Answer:
    return Answer(json.dumps({"error": {"message": message, "type": "api_error", "param": None, "code": None}}), status)


def tgi_error(status: int, message: str) -> Answer:
    return Answer(json.dumps({"error": message, "error_type": "validation"}), status)


def plain_error(status: int, message: str) -> Answer:
    """What axum sends for a body that it cannot take, as TGI does."""
    return Answer(message, status, content_type="text/plain")


def litellm_error(status: int, message: str) -> Answer:
    document = {"error": {"message": message, "type": "None", "param": "None", "code": str(status)}}
    return Answer(json.dumps(document), status)


def azure_error(status: int, code: str, message: str, **more: object) -> Answer:
    return Answer(json.dumps({"error": {"code": code, "message": message, **more}}), status)


Check = Callable[[Request], Answer | None]


def refuses_format(kinds: set[str], error: Callable[[str], Answer]) -> Check:
    """Refuses these types of response format."""

    def check(request: Request) -> Answer | None:
        kind = request.get("response_format", {}).get("type")
        return error(kind) if kind in kinds else None

    return check


def refuses(name: str, answer: Answer) -> Check:
    return lambda request: answer if name in request else None


def needs_the_word_json(request: Request) -> Answer | None:
    if request.get("response_format", {}).get("type") != "json_object" or "json" in str(request["messages"]).lower():
        return None
    return openai_error(400, "'messages' must contain the word 'json' in some form", param="messages", code=None)


def tgi_formats(request: Request) -> Answer | None:
    wanted = request.get("response_format")
    if wanted is None or "value" in wanted:
        return None
    known = wanted["type"] == "json_object"
    problem = (
        "missing field `value`" if known else f"unknown variant `{wanted['type']}`, expected one of `json`, `regex`"
    )
    text = f"Failed to deserialize the JSON body into the target type: response_format: {problem} at line 1 column 9"
    return plain_error(422, text)


def alternates(request: Request) -> Answer | None:
    roles = [message["role"] for message in request["messages"] if message["role"] != "system"]
    if any(one == two for one, two in pairwise(roles)):
        return openai_error(400, "Conversation roles must alternate user/assistant/user/assistant/...", code=400)
    return None


def no_system(request: Request) -> Answer | None:
    is_there = any(message["role"] == "system" for message in request["messages"])
    return bare_error(400, "System role not supported") if is_there else None


@dataclass(frozen=True)
class Kind:
    """One kind of server."""

    name: str
    checks: tuple[Check, ...] = ()
    enforced: frozenset[str] = frozenset({"json_schema", "json_object"})
    """Types of response format that it keeps its model to; it ignores the others."""
    limits: tuple[str, ...] = ("max_completion_tokens", "max_tokens")
    """Parameters that limit the answer; it ignores the others."""
    has_usage: bool = True
    expected: tuple[tuple[str, object], ...] = ()
    """What differs from OpenAI in what a probe should find."""
    extra: tuple[tuple[str, object], ...] = ()
    """Fields of its messages that OpenAI does not have."""

    def answer(self, request: Request) -> Answer:
        """What it sends."""
        for check in self.checks:
            if (refusal := check(request)) is not None:
                return refusal
        return self._completion(request, *self._written(request))

    def _written(self, request: Request) -> tuple[str, str]:
        """(what the model writes, finish reason)."""
        wanted = request.get("response_format", {})
        kind = wanted.get("type") if wanted.get("type") in self.enforced else None
        schema = wanted.get("json_schema", {}).get("schema") or wanted.get("value")
        prompt = " ".join(message["content"] for message in request["messages"])
        if kind and schema:
            text = json.dumps(example(schema))
        elif IN_WORDS in prompt:
            asked, _ = json.JSONDecoder().raw_decode(prompt.partition(IN_WORDS)[2])
            text = json.dumps(example(asked)) if kind else f"Here you are:\n```json\n{json.dumps(example(asked))}\n```"
        else:
            text = NUMBERS if "Write the numbers" in prompt else "Ready."
        room = min((4 * request[name] for name in self.limits if name in request), default=len(text))
        return text[:room], "length" if len(text) > room else "stop"

    def _completion(self, request: Request, text: str, finish: str) -> Answer:
        message = {"role": "assistant", "content": text, **dict(self.extra)}
        document = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": request["model"],
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        }
        if self.has_usage:
            document["usage"] = {"prompt_tokens": 10, "completion_tokens": len(text) // 4, "total_tokens": 99}
        return Answer(json.dumps(document))


def _unsupported(kind: str) -> Answer:
    message = f"Invalid parameter: 'response_format' of type '{kind}' is not supported with this model."
    return openai_error(400, message, param="response_format", code=None)


def _litellm(name: str) -> Answer:
    message = (
        f"litellm.UnsupportedParamsError: ollama does not support parameters: ['{name}'], for model=x. To drop these"
    )
    return litellm_error(400, message)


IN_WORDS_ONLY = ("format", "prompt")
KINDS = (
    Kind("OpenAI", (needs_the_word_json,), extra=(("refusal", None), ("annotations", []))),
    Kind(
        "OpenAI, an older model",
        (refuses_format({"json_schema"}, _unsupported), needs_the_word_json),
        expected=(("format", "json_object"),),
    ),
    Kind(
        "Azure, an older API version",
        (
            refuses_format(
                {"json_schema"},
                lambda kind: azure_error(
                    400,
                    "BadRequest",
                    f"response_format value as {kind} is enabled only for api versions 2024-08-01-preview and later",
                ),
            ),
            needs_the_word_json,
        ),
        expected=(("format", "json_object"),),
    ),
    Kind("vLLM", extra=(("reasoning_content", None), ("tool_calls", []))),
    Kind("vLLM with Gemma 3", (alternates,), expected=(("consecutive_messages", False),)),
    Kind("vLLM with Gemma 2", (no_system, alternates), expected=(("system_role", False),)),
    Kind(
        "SGLang without a grammar backend",
        (
            refuses_format(
                {"json_schema", "json_object"}, lambda kind: bare_error(400, "Failed to compile json grammar")
            ),
        ),
        expected=(IN_WORDS_ONLY,),
    ),
    Kind("llama.cpp"),
    Kind(
        "an older llama.cpp",
        (
            refuses_format(
                {"json_schema"},
                lambda kind: llama_error(
                    500, f'response_format type must be one of "text" or "json_object", but got: {kind}'
                ),
            ),
        ),
        limits=("max_tokens",),
        expected=(("format", "json_object"), ("token_limit", "max_tokens")),
    ),
    Kind("Ollama", limits=("max_tokens",), expected=(("token_limit", "max_tokens"),), extra=(("reasoning", ""),)),
    Kind(
        "an older Ollama, which ignores schemas",
        enforced=frozenset({"json_object"}),
        limits=("max_tokens",),
        expected=(("format", "json_object"), ("token_limit", "max_tokens")),
    ),
    Kind("TGI", (tgi_formats,), expected=(("format", "json_value"),)),
    Kind(
        "TGI 2.4, whose errors have status 200",
        (refuses_format({"json_schema"}, lambda kind: tgi_error(200, "Input validation error: grammar is not valid")),),
        expected=(("format", "json_object"),),
    ),
    Kind(
        "LiteLLM",
        (
            refuses_format({"json_schema", "json_object"}, lambda kind: _litellm("response_format")),
            refuses("seed", _litellm("seed")),
        ),
        has_usage=False,
        expected=(IN_WORDS_ONLY, ("seed", False), ("usage", False)),
    ),
    Kind(
        "a FastAPI server that knows few fields",
        (
            refuses(
                "seed",
                Answer(
                    json.dumps(
                        {
                            "detail": [
                                {
                                    "type": "extra_forbidden",
                                    "loc": ["body", "seed"],
                                    "msg": "Extra inputs are not permitted",
                                }
                            ]
                        }
                    ),
                    422,
                ),
            ),
            refuses(
                "max_completion_tokens",
                openai_error(400, "Unrecognized request argument supplied: max_completion_tokens"),
            ),
        ),
        enforced=frozenset(),
        expected=(("format", "json_object"), ("seed", False), ("token_limit", "max_tokens")),
    ),
)
