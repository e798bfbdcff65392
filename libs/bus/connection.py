"""The connection to a NATS server: where TLS is asked for, nothing is said to a server that offers none.

nats-py does as the server says: without TLS it sends the password in plain text, also for a URL that begins with tls://.
Whoever stands between could so take TLS away.
"""

from collections.abc import Sequence
from typing import Any

from nats.aio.client import Client
from nats.errors import Error

SCHEME = "tls"


class PlainTextError(Error):
    """A server that was to be spoken with over TLS does not offer it."""

    def __str__(self) -> str:
        return "the server offers no TLS, and the URL or the certificates ask for it"


class Connection(Client):
    """A client that is asked for TLS by `tls` or by the URL of the server, and then insists on it."""

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
