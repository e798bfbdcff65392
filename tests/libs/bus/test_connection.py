"""Where TLS is asked for, a server that offers none is told nothing."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from urllib.parse import urlparse

import pytest

from libs.bus.connection import PlainTextError, Transport, connect
from libs.bus.tls import Tls
from libs.runtime.nats_server import NatsServer
from tests.libs.bus.parts import running, settings
from tests.support.certificates import make_certificates

GREETING = b'INFO {"server_id":"x","version":"2.11.0","max_payload":1048576,"tls_available":true}\r\n'
PASSWORD = "secret-of-results"


@asynccontextmanager
async def plain_server() -> AsyncIterator[tuple[str, list[bytes]]]:
    """Greets without TLS, and keeps what it is told: its address, and that."""
    told: list[bytes] = []

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            writer.write(GREETING)
            while line := await reader.readline():
                told.append(line)
                writer.write(b"PONG\r\n" if line.startswith(b"PING") else b"")

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        yield f"results:{PASSWORD}@127.0.0.1:{server.sockets[0].getsockname()[1]}", told


async def test_a_url_that_begins_with_tls_is_not_spoken_to_in_plain_text() -> None:
    async with plain_server() as (place, told):
        with pytest.raises(PlainTextError, match="offers no TLS"):
            await connect(f"tls://{place}", allow_reconnect=False)
        assert told == []
        connection = await connect(f"nats://{place}", allow_reconnect=False)  # nobody asked for it
        await connection.close()
        assert PASSWORD in str(told)


async def test_neither_is_any_server_where_certificates_are_given(tmp_path: Path) -> None:
    async with plain_server() as (place, told):
        context = Tls(authority=make_certificates(tmp_path).authority).context()
        assert isinstance(context, ssl.SSLContext)
        with pytest.raises(PlainTextError):
            await connect(f"nats://{place}", tls=context, allow_reconnect=False)
        assert told == []


async def test_a_service_does_not_start_on_it_and_says_why(sqlite_url: str) -> None:
    async with plain_server() as (place, told):
        with pytest.raises(ConnectionError, match=r"no usable NATS server at tls://127\.0\.0\.1:\d+: .*offers no TLS"):
            async with running("results", sqlite_url, settings(f"tls://{place}", connect_timeout=1.0)):
                pass
        assert told == []


async def test_connecting_can_be_given_up_at_any_moment(nats_server: NatsServer) -> None:
    """In particular when there is an answer already: nobody would close the connection any more."""
    uri = urlparse(nats_server.url)
    kept = 0
    for steps in range(40):
        transport = Transport()
        connecting = asyncio.create_task(transport.connect(uri, 1024, 5))
        for _ in range(steps):
            await asyncio.sleep(0)
        was_done = not connecting.cancel()
        await asyncio.wait([connecting])
        assert was_done or connecting.cancelled(), f"it went on when it was given up after {steps} steps"
        kept += was_done
        transport.close()
        if transport:
            await transport.wait_closed()
    assert kept, "some were there in time"
