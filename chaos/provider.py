"""A model endpoint that misbehaves as it is told, `python -m chaos.provider PORT`: that of the benchmarks, with faults.

`POST /control` also takes `fault` (a name in `FAULTS`, or null) and `share`, the part of all calls it befalls. Which
calls that are follows from their content and how often they came: a call that is made again may go well. A call that
goes well is answered as ever, whatever went wrong before.
"""

import asyncio
import sys
from collections import Counter
from hashlib import blake2b
from typing import Any

import orjson

from bench.stub import Connection, Endpoint

HTML = b"<html><body><h1>It works!</h1></body></html>"
ERROR = b'{"error":{"message":"something is wrong","type":"server_error"}}'
BIDDEN = "429 with Retry-After"
WITH_STATUS = {
    BIDDEN: b"429 Too Many Requests\r\nretry-after: 1",
    "500": b"500 Internal Server Error",
    "503": b"503 Service Unavailable",
}
SAYING: dict[str, dict[str, str | None]] = {
    "truncated JSON": {"content": '{"actions": [{"type": "TA'},
    "JSON of another shape": {"content": '{"colour": "red"}'},
    "prose": {"content": "I am sorry, I cannot help with that."},
    "nothing": {"content": ""},
    "refusal": {"content": None, "refusal": "I am sorry, I cannot help with that."},
}
FAULTS = (*WITH_STATUS, *SAYING, "HTML with 200", "reset in mid-body", "no answer", "slow bytes")
TRICKLE_S = 0.05


class Faulty(Endpoint):
    """The endpoint with its faults."""

    def __init__(self) -> None:
        super().__init__()
        self.fault: str | None = None
        self.share = 0.0
        self._seen: Counter[bytes] = Counter()

    def control(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Change its behaviour; gives the counts up to now."""
        self.fault, self.share = wanted.pop("fault", None), wanted.pop("share", 0.0)
        self._seen.clear()
        return super().control(wanted)

    def fault_of(self, body: bytes) -> str | None:
        """What befalls a call."""
        if self.fault is None:
            return None
        digest = blake2b(body, digest_size=8).digest()
        self._seen[digest] += 1
        chance = int.from_bytes(blake2b(digest + bytes([self._seen[digest] % 256]), digest_size=4).digest(), "big")
        return self.fault if chance < self.share * 2**32 else None

    def said_instead(self, body: bytes, message: dict[str, str | None]) -> bytes:
        """An answer with another message."""
        answer = orjson.loads(self.complete(body))
        answer["choices"][0]["message"].update(message)
        return orjson.dumps(answer)


class FaultyConnection(Connection):
    """A connection on which calls may go wrong."""

    def __init__(self, endpoint: Faulty) -> None:
        super().__init__(endpoint)
        self._faulty = endpoint

    def _answer(self, path: bytes, body: bytes) -> None:
        fault = self._faulty.fault_of(body) if path.endswith(b"/chat/completions") else None
        if fault is None:
            super()._answer(path, body)
            return
        self._faulty.counts["calls"] += 1
        self._faulty.counts["refused"] += 1
        asyncio.get_running_loop().call_later(self._faulty.latency_s, self._go_wrong, fault, body)

    def _go_wrong(self, fault: str, body: bytes) -> None:
        if fault in WITH_STATUS:
            self._write(WITH_STATUS[fault], ERROR)
        elif fault in SAYING:
            self._write(b"200 OK", self._faulty.said_instead(body, SAYING[fault]))
        elif fault == "HTML with 200":
            self._write(b"200 OK", HTML)
        elif fault == "reset in mid-body" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{")
            self._transport.abort()
        elif fault == "slow bytes" and self._transport is not None:
            self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
            self._trickle(100_000)

    def _trickle(self, left: int) -> None:
        if self._transport is not None and left:
            self._transport.write(b" ")
            asyncio.get_running_loop().call_later(TRICKLE_S, self._trickle, left - 1)

    def _write(self, status: bytes, body: bytes) -> None:
        if self._transport is not None:
            self._transport.write(b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)


async def serve(port: int) -> None:
    """Serve until the process ends."""
    endpoint = Faulty()
    server = await asyncio.get_running_loop().create_server(
        lambda: FaultyConnection(endpoint), "127.0.0.1", port, backlog=4_096
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
