"""Connections to PostgreSQL that notice when nobody is there any more, and how transactions begin on them.

By default a connection whose other end is gone without a word (a host that lost its power, a firewall that forgot) is
believed in for a quarter of an hour, and who waits on it waits as long.
"""

import socket
from typing import Any

from sqlalchemy import event
from sqlalchemy.dialects import registry
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from libs.db.absence import note_connection

DRIVER = "onetrip"
CONNECT_S = 10.0
GONE_S = 10
"""So long nothing that was sent is acknowledged: then the connection is lost."""
PROBES = 3


def watch(engine: AsyncEngine) -> None:
    """Watch every connection that the engine makes."""

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        note_connection(engine.url.database or "")
        # asyncpg opens its socket itself and offers no option for it.
        transport = getattr(connection.driver_connection, "_transport", None)
        own = None if transport is None else transport.get_extra_info("socket")
        if own is not None and own.family in {socket.AF_INET, socket.AF_INET6}:
            for option, value in _options().items():
                own.setsockopt(socket.IPPROTO_TCP, option, value)
            own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


async def begin(connection: AsyncConnection, tenant: str) -> None:
    """Begin the transaction of a tenant. A connection that was lost while nobody used it is replaced.

    So are those of its time when they are wanted: where the other end is gone without a word, only one is waited for.
    """
    while True:
        raw = await connection.get_raw_connection()
        own: Any = raw.dbapi_connection
        try:
            await own.begin(tenant)
        except Exception as error:
            if not own.is_used:
                raise
            connection.engine.pool._invalidate(raw, error, _checkin=False)
            await connection.invalidate(error)
        else:
            return


def _options() -> dict[int, int]:
    """What of this the system knows."""
    wanted = {
        "TCP_USER_TIMEOUT": GONE_S * 1_000,
        "TCP_KEEPIDLE": max(1, GONE_S // 2),
        "TCP_KEEPINTVL": max(1, GONE_S // 2 // PROBES),
        "TCP_KEEPCNT": PROBES,
    }
    return {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}


registry.register(f"postgresql.{DRIVER}", "libs.db.asyncpg_trips", "OneTripDialect")
