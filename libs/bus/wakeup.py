"""Tells the relay of a database, in this process, that a transaction left messages in its outbox.

Only a hint: a relay in another process, or one that missed it, finds the rows when it looks by itself.
"""

import asyncio

from sqlalchemy import URL

_bells: dict[URL, set[asyncio.Event]] = {}


def listen(database: URL) -> asyncio.Event:
    """An event that is set whenever messages were committed to this database."""
    bell = asyncio.Event()
    _bells.setdefault(database, set()).add(bell)
    return bell


def forget(database: URL, bell: asyncio.Event) -> None:
    """Stop setting the event."""
    bells = _bells.get(database, set())
    bells.discard(bell)
    if not bells:
        _bells.pop(database, None)


def ring(database: URL) -> None:
    """Set the events of this database."""
    for bell in _bells.get(database, ()):
        bell.set()
