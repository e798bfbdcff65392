"""Whether a database refused what was asked of it, or was not there, which is worth another try."""

import logging
from socket import gaierror

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from libs.telemetry import Absences

logger = logging.getLogger(__name__)
AWAY = (OperationalError, InterfaceError, PoolTimeoutError, ConnectionError, TimeoutError, gaierror)
"""The last three while it connects: refused or cut, not answered, or its name is not known for a moment."""
FAILURES = (SQLAlchemyError, OSError)
"""What an error about a database is, nearly always: while it connects those of the driver come too."""
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
    is_about_it = isinstance(error, DBAPIError) or hasattr(error, "sqlstate") or is_away(error)
    return str(getattr(error, "orig", None) or error) if is_about_it else None


_absences = Absences()


def log_failure(log: logging.Logger, what: str, error: Exception, **fields: object) -> None:
    """That something failed and is tried again: with its traceback, but in one line while the database is away.

    That line comes twice a minute, however often it is tried.
    """
    if is_away(error):
        level = logging.WARNING if _absences.is_due(f"{log.name}: {what}") else logging.DEBUG
        log.log(level, "%s: %s", what, said_by(error) or type(error).__name__, extra=fields)
    else:
        log.error("%s", what, exc_info=error, extra=fields)


def note_connection(database: str) -> None:
    """A connection was made: if it had been told that the database is away, tell that it is back."""
    if _absences.end():
        logger.warning("the database %s answers again", database)
