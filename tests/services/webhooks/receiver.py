"""A real HTTP server as a receiver of webhooks: it writes down what comes and answers as it was told to."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from tests.support.apps import eventually


class Heard(NamedTuple):
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """What is said to a request, after a while."""

    status: int = 200
    headers: str = ""
    after_s: float = 0.0


class Receiver:
    """Answers 200 once the answers it was given are used up."""

    def __init__(self, address: str, scheme: str) -> None:
        self.url = f"{scheme}://{address}/hook"
        self.heard: list[Heard] = []
        self.answers: list[Answer] = []

    async def hears(self, number: int, *, within_s: float = 20.0) -> list[Heard]:
        """Everything so far, once it is so many requests."""

        async def is_there() -> bool:
            return len(self.heard) >= number

        await eventually(is_there, within_s=within_s)
        return self.heard

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.heard.append(Heard(head[0].split(" ")[1], headers, body))
            answer = self.answers.pop(0) if self.answers else Answer()
            await asyncio.sleep(answer.after_s)
            writer.write(f"HTTP/1.1 {answer.status} Said\r\n{answer.headers}content-length: 2\r\n\r\nok".encode())
            await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # whoever asked has gone, or the test is over
        finally:
            writer.close()


@asynccontextmanager
async def receiving(host: str = "127.0.0.1", certificate: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver that listens on loopback, and is called `host`."""
    found: list[Receiver] = []
    server = await asyncio.start_server(lambda *streams: found[0].serve(*streams), "127.0.0.1", 0, ssl=certificate)
    port = server.sockets[0].getsockname()[1]
    found.append(Receiver(f"{host}:{port}", "https" if certificate else "http"))
    async with server:
        yield found[0]
