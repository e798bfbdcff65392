"""A stand-in for a model endpoint, `python -m bench.stub [PORT]`: OpenAI's HTTP API, as fast or as slow as it is told.

`POST /control` sets `latency_s`, `capacity` (calls a second; null: any number), `counts_prefixes` and `says`, and
starts the counts of `GET /counts` anew. Beyond its capacity, with a fifth of a second's worth at once, it answers 429.
To a call without a schema it says the answer of the first pair in `says` whose text is in the prompt; `{n}` in it is a
number.

A prompt is the roles and contents of its messages with line ends; four characters are a token, 16 tokens a block. They
are hashed in a chain, as serving engines do for their prefix cache; the blocks a prompt begins with that some earlier
prompt began with too are shared.

One protocol class and no framework: a call must cost the stub little, because it runs beside what is measured.
"""

import asyncio
import sys
import time
from hashlib import blake2b
from typing import Any, cast

import orjson
import uvloop

from bench.filling import fill

CHARACTERS, TOKENS = 4, 16
BLOCK = CHARACTERS * TOKENS
BURST_S = 0.2
DIMENSIONS = 64
REFUSED = b'{"error":{"message":"too many requests","type":"rate_limit_error"}}'
STATUS = {200: b"200 OK", 404: b"404 Not Found", 429: b"429 Too Many Requests\r\nretry-after: 1"}


class Endpoint:
    """The state of the stub."""

    def __init__(self) -> None:
        self.latency_s = 0.0
        self.capacity: float | None = None
        self.counts_prefixes = True
        self.says: list[tuple[str, str]] = []
        self.in_flight = 0
        self._level, self._at = 0.0, time.monotonic()
        self._blocks: set[int] = set()
        self.counts: dict[str, int] = {}
        self._reset()

    def control(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Change its behaviour; gives the counts up to now."""
        counts = self.counts
        for name, value in wanted.items():
            if name not in {"latency_s", "capacity", "counts_prefixes", "says"}:
                raise ValueError(f"no setting {name!r}")
            setattr(self, name, value)
        self._reset()
        return counts

    def _reset(self) -> None:
        names = (
            "calls",
            "answered",
            "refused",
            "prompt_tokens",
            "shared_tokens",
            "completion_tokens",
            "most_in_flight",
        )
        self.counts = dict.fromkeys(names, 0)
        self._blocks.clear()

    def accepts(self) -> bool:
        """Whether there is room for one more call now."""
        if self.capacity is None:
            return True
        now = time.monotonic()
        size = max(1.0, BURST_S * self.capacity)
        self._level, self._at = min(size, self._level + (now - self._at) * self.capacity), now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True

    def complete(self, body: bytes) -> bytes:
        """The answer to a chat completion."""
        request = orjson.loads(body)
        prompt = "".join(f"{message['role']}\n{message['content']}\n" for message in request["messages"])
        tokens, shared = len(prompt) // CHARACTERS, self._shared(prompt) if self.counts_prefixes else 0
        schema = request.get("response_format", {}).get("json_schema", {}).get("schema")
        seed = int.from_bytes(blake2b(body, digest_size=8).digest(), "big")
        content = orjson.dumps(fill(schema, seed)).decode() if schema else self._say(prompt)
        completion = len(content) // CHARACTERS
        self.counts["prompt_tokens"] += tokens
        self.counts["shared_tokens"] += shared
        self.counts["completion_tokens"] += completion
        answer = {
            "id": f"chatcmpl-{seed:x}",
            "object": "chat.completion",
            "created": 0,
            "model": request["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}],
            "usage": {
                "prompt_tokens": tokens,
                "completion_tokens": completion,
                "total_tokens": tokens + completion,
                "prompt_tokens_details": {"cached_tokens": shared},
            },
        }
        return orjson.dumps(answer)

    def _say(self, prompt: str) -> str:
        said = next((answer for text, answer in self.says if text in prompt), "A short answer.")
        return said.replace("{n}", str(self.counts["answered"]))

    def _shared(self, prompt: str) -> int:
        """Tokens of the blocks that another prompt began with; its own are remembered."""
        chain, shared, is_known = 0, 0, True
        for start in range(0, len(prompt) - BLOCK + 1, BLOCK):
            chain = hash((chain, prompt[start : start + BLOCK]))
            is_known = is_known and chain in self._blocks
            shared += TOKENS * is_known
            self._blocks.add(chain)
        return shared

    def embed(self, body: bytes) -> bytes:
        """Vectors that depend on the text alone."""
        request = orjson.loads(body)
        texts = [request["input"]] if isinstance(request["input"], str) else request["input"]
        data = [{"object": "embedding", "index": place, "embedding": _vector(text)} for place, text in enumerate(texts)]
        tokens = sum(len(text) for text in texts) // CHARACTERS
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return orjson.dumps({"object": "list", "model": request["model"], "data": data, "usage": usage})


def _vector(text: str) -> list[float]:
    digest = blake2b(text.encode(), digest_size=DIMENSIONS).digest()
    return [byte / 255 - 0.5 for byte in digest]


class Connection(asyncio.Protocol):
    """One connection; it may send one request after the other, each when the one before was answered."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._received = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = cast(asyncio.Transport, transport)  # that of uvloop is no subclass of it

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is there to be answered."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end])
            length = _length(head)
            if len(self._received) < end + 4 + length:
                return
            body = bytes(self._received[end + 4 : end + 4 + length])
            del self._received[: end + 4 + length]
            self._answer(head.split(b" ", 2)[1], body)

    def _answer(self, path: bytes, body: bytes) -> None:
        endpoint, counts = self._endpoint, self._endpoint.counts
        if path.endswith(b"/control"):
            self._send(200, orjson.dumps(endpoint.control(orjson.loads(body))))
        elif path.endswith(b"/counts"):
            self._send(200, orjson.dumps(counts | {"in_flight": endpoint.in_flight}))
        elif path.endswith((b"/chat/completions", b"/embeddings")):
            counts["calls"] += 1
            if not endpoint.accepts():
                counts["refused"] += 1
                self._send(429, REFUSED)
                return
            endpoint.in_flight += 1
            counts["most_in_flight"] = max(counts["most_in_flight"], endpoint.in_flight)
            answer = endpoint.embed if path.endswith(b"/embeddings") else endpoint.complete
            asyncio.get_running_loop().call_later(endpoint.latency_s, self._finish, answer, body)
        else:
            self._send(404, b"{}")

    def _finish(self, answer: Any, body: bytes) -> None:
        self._endpoint.in_flight -= 1
        self._endpoint.counts["answered"] += 1
        self._send(200, answer(body))

    def _send(self, status: int, body: bytes) -> None:
        if self._transport is not None:
            head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            self._transport.write(head % (STATUS[status], len(body)) + body)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


async def serve(port: int) -> None:
    """Serve until the process ends."""
    endpoint = Endpoint()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(endpoint), "127.0.0.1", port, backlog=16_384)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8_111))
