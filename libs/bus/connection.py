"""The connection to a NATS server: where TLS is asked for, nothing is said to a server that offers none.

nats-py does as the server says: without TLS it sends the password in plain text, also for a URL that begins with tls://.
Whoever stands between could so take TLS away.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import ParseResult

from nats.aio.client import Client
from nats.aio.transport import TcpTransport
from nats.errors import Error

SCHEME = "tls"


class PlainTextError(Error):
    """A server that was to be spoken with over TLS does not offer it."""

    def __str__(self) -> str:
        return "the server offers no TLS, and the URL or the certificates ask for it"


class Transport(TcpTransport):
    """A transport whose connecting can be given up at any moment.

    The library's asks by wait_for, which forgets in Python 3.11 that it was cancelled when it has its answer
    (CPython 86296): a client that was closed while it connected again then went on, with a socket nobody closed.
    """

    async def connect(self, uri: ParseResult, buffer_size: int, connect_timeout: int) -> None:
        """Open the connection. Raises `TimeoutError`, `OSError`."""
        async with asyncio.timeout(connect_timeout):
            reader, writer = await asyncio.open_connection(uri.hostname, uri.port, limit=buffer_size)
        self._bare_io_reader = self._io_reader = reader
        self._bare_io_writer = self._io_writer = writer


class Connection(Client):
    """A client that is asked for TLS by `tls` or by the URL of the server, and then insists on it."""

    async def _connect_to_server(self, s: Any) -> None:
        if not self._transport and s.uri.scheme in {"nats", SCHEME}:
            self._transport = Transport()  # type: ignore[no-untyped-call]
        await super()._connect_to_server(s)

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        """What a server says of itself, before anything is said to it."""
        assert self._current_server is not None
        assert self._transport is not None
        is_wanted = self.options.get("tls") is not None or self._current_server.uri.scheme == SCHEME
        if initial_connection and is_wanted and not info.get("tls_required"):
            self._transport.close()  # type: ignore[no-untyped-call]
            raise PlainTextError
        await super()._process_info(info, initial_connection)


async def connect(servers: str | Sequence[str], **options: Any) -> Connection:
    """Connect as `nats.connect` does."""
    connection = Connection()
    await connection.connect([servers] if isinstance(servers, str) else list(servers), **options)
    return connection
