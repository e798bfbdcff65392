"""A real HTTP server that behaves like an OpenAI-compatible provider, well or badly, as a test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

GOOD = json.dumps(
    {
        "actions": [{"type": "TALK", "content": "Fine.", "target": ""}],
        "mental_state": {"goals": "", "attention": "", "emotions": "", "sentiment": 0.1},
        "answers": {"open_rate": True},
        "confidence": 0.5,
    }
)


@dataclass
class Answer:
    """What the stub sends."""

    body: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    content_type: str = "application/json"


def completion(content: object = GOOD, *, finish: str = "stop", **message: object) -> Answer:
    """A chat completion."""
    document = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5-mini-2025-08-07",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
        ],
        "usage": {"prompt_tokens": 1_000, "completion_tokens": 100, "total_tokens": 1_100},
    }
    return Answer(json.dumps(document))


def error(status: int, message: str = "something is wrong", **headers: str) -> Answer:
    """An error in OpenAI's shape."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(json.dumps({"error": {"message": message, "type": "error"}}), status, named)


@dataclass
class Stub:
    """The provider; `answer` is called with the request and its number, from 1."""

    answer: Callable[[dict[str, Any], int], Answer] = lambda request, number: completion()
    requests: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        body = await request.json()
        self.requests.append(body)
        self.authorizations.append(request.headers.get("authorization"))
        number = len(self.requests)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            answer = self.answer(body, number)
            await asyncio.sleep(answer.delay_s)
        finally:
            self.in_flight -= 1
        return web.Response(
            text=answer.body, status=answer.status, headers=answer.headers, content_type=answer.content_type
        )


@asynccontextmanager
async def serving(stub: Stub) -> AsyncIterator[Stub]:
    """The stub on a port of this machine."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", stub.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    stub.url = f"http://{host}:{port}/v1"
    try:
        yield stub
    finally:
        await runner.cleanup()
