"""Whether a database refused what was asked of it, or was not there, which is worth another try."""

from socket import gaierror

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

AWAY = (OperationalError, InterfaceError, PoolTimeoutError, ConnectionError, TimeoutError, gaierror)
"""The last three while it connects: refused or cut, not answered, or its name is not known for a moment."""
STATES = ("08", "53", "57P")
"""Of PostgreSQL, by their first characters: connection lost, resources used up, shut down or starting."""


def is_away(error: BaseException) -> bool:
    """Whether the same may work when it is tried again. While it connects, asyncpg's errors come as they are."""
    if isinstance(error, AWAY) or getattr(error, "connection_invalidated", False):
        return True
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return isinstance(state, str) and state.startswith(STATES)
