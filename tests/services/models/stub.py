"""A real HTTP server that behaves like an OpenAI-compatible provider, well or badly, as a test says."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from libs.minds.schema import turn_schema
from tests.services.models.people import FUNNEL


def example(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """A value that the schema takes."""
    root = root or schema
    if "$ref" in schema:
        return example(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "anyOf" in schema:
        return example(schema["anyOf"][0], root)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: example(part, root) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [example(schema["items"], root)]
        case "boolean":
            return True
        case "number" | "integer" as kind:
            return 0.5 if kind == "number" else 1
    return "Fine."


GOOD = json.dumps(example(turn_schema(FUNNEL)))


@dataclass
class Answer:
    """What the stub sends."""

    body: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    content_type: str = "application/json"
    is_cut_off: bool = False
    """The connection ends instead."""


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


FILTERED = completion(None, finish="content_filter")


def error(status: int, message: str = "something is wrong", **headers: str) -> Answer:
    """An error in OpenAI's shape."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(json.dumps({"error": {"message": message, "type": "error"}}), status, named)


@dataclass
class Stub:
    """The provider; `answer` is called with each request for a completion and its number, from 1."""

    answer: Callable[[dict[str, Any], int], Answer] = lambda request, number: completion()
    embed: Callable[[dict[str, Any], int], Answer] = lambda request, number: error(404, "no embeddings here")
    requests: list[dict[str, Any]] = field(default_factory=list)
    embedded: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    url: str = ""

    async def complete(self, request: web.Request) -> web.Response:
        """Answer one request for a completion."""
        self.requests.append(await request.json())
        return await self._answered(request, lambda: self.answer(self.requests[-1], len(self.requests)))

    async def vectors(self, request: web.Request) -> web.Response:
        """Answer one request for embeddings."""
        self.embedded.append(await request.json())
        return await self._answered(request, lambda: self.embed(self.embedded[-1], len(self.embedded)))

    async def _answered(self, request: web.Request, answer: Callable[[], Answer]) -> web.Response:
        self.paths.append(request.path_qs)
        self.headers.append(request.headers)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            given = answer()
            await asyncio.sleep(given.delay_s)
        finally:
            self.in_flight -= 1
        if given.is_cut_off and request.transport is not None:
            request.transport.abort()
        return web.Response(
            text=given.body, status=given.status, headers=given.headers, content_type=given.content_type
        )


@asynccontextmanager
async def serving(stub: Stub, more: Callable[[web.Application], None] | None = None) -> AsyncIterator[Stub]:
    """The stub on a port of this machine, at the addresses of OpenAI and of Azure."""
    app = web.Application(client_max_size=2**24)
    if more is not None:
        more(app)
    for prefix in ("/v1", "/openai/v1", "/openai/deployments/{deployment}"):
        app.router.add_post(f"{prefix}/chat/completions", stub.complete)
        app.router.add_post(f"{prefix}/embeddings", stub.vectors)
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


@contextmanager
def serving_beside(stub: Stub) -> Iterator[Stub]:
    """The same from a thread of its own, for tests that run no loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="stub")
    thread.start()
    context = serving(stub)
    try:
        yield asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result()
        asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
