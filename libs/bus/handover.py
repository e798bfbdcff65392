"""Hands committed messages to the relay of their database in this process, which then need not read them back.

Only a shortcut: a relay that has nobody to hand it messages, or could not send them, finds them in the outbox.
"""

import asyncio
from collections.abc import Collection, Sequence

from sqlalchemy import URL

from libs.bus.publishing import Outgoing

CAPACITY = 5_000

_mailboxes: dict[URL, list["Mailbox"]] = {}


class Mailbox:
    """Messages for one relay. What does not fit is dropped, and `overflowed` tells so."""

    def __init__(self) -> None:
        self.bell = asyncio.Event()
        self.overflowed = False
        self._messages: list[Outgoing] = []

    def put(self, messages: Sequence[Outgoing]) -> None:
        """Add messages and ring."""
        if len(self._messages) + len(messages) > CAPACITY:
            self.clear()
            self.overflowed = True
        else:
            self._messages.extend(messages)
        self.bell.set()

    def take(self, limit: int) -> list[Outgoing]:
        """The first messages, taken out."""
        taken = self._messages[:limit]
        del self._messages[:limit]
        return taken

    def drop(self, ids: Collection[str]) -> None:
        """Forget these messages."""
        if self._messages:
            self._messages = [message for message in self._messages if message.id not in ids]

    def clear(self) -> None:
        """Forget every message."""
        self._messages.clear()
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._messages)


def open_mailbox(database: URL) -> Mailbox:
    """A mailbox for the messages committed to this database."""
    mailbox = Mailbox()
    _mailboxes.setdefault(database, []).append(mailbox)
    return mailbox


def close_mailbox(database: URL, mailbox: Mailbox) -> None:
    """Hand nothing more to this mailbox."""
    if mailbox in (mailboxes := _mailboxes.get(database, [])):
        mailboxes.remove(mailbox)
    if not mailboxes:
        _mailboxes.pop(database, None)


def hand_over(database: URL, messages: Sequence[Outgoing]) -> None:
    """Give messages, just committed, to one relay of the database; none if there is none here."""
    if mailboxes := _mailboxes.get(database):
        mailboxes[0].put(messages)


def look_up(database: URL) -> None:
    """Have the relays of the database read the outbox, which was changed behind their back."""
    for mailbox in _mailboxes.get(database, ()):
        mailbox.overflowed = True
        mailbox.bell.set()
