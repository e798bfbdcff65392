"""Where a reader stands in the event log: `<creation time of the log in ms>-<sequence>`, the id of an SSE event.

Sequences start again when the log is lost and made anew, so an id of another incarnation means: from the beginning.
"""

import re
from typing import NamedTuple, Self

_ID = re.compile(r"([0-9]{1,15})-([0-9]{1,19})")


class Position(NamedTuple):
    """The last event a reader has seen."""

    epoch: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.sequence}"

    @classmethod
    def parse(cls, identity: str | None) -> Self | None:
        """The position in an event id, None for anything that is none."""
        match = _ID.fullmatch(identity or "")
        return cls(int(match[1]), int(match[2])) if match else None

    @classmethod
    def start(cls, epoch: int) -> Self:
        """Before the first event."""
        return cls(epoch, 0)
