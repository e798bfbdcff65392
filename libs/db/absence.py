"""Whether a database refused what was asked of it, or was not there, which is worth another try."""

from socket import gaierror

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
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


def said_by(error: BaseException) -> str | None:
    """What the database said, or how it is away; None when it is about something else."""
    is_about_it = isinstance(error, DBAPIError) or is_away(error)
    return str(getattr(error, "orig", None) or error) if is_about_it else None
