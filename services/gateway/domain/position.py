"""Where a reader stands in the event log: `<creation time of a stream in ms>-<sequence>`, the id of an SSE event; of
several streams one after the other, with points between them.

Sequences start again when the log is lost and made anew, so an id of another incarnation means: from the beginning.
"""

import re
from typing import NamedTuple, Self

MOST_STREAMS = 100
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


class Place(NamedTuple):
    """The last event a reader has seen of each stream."""

    positions: tuple[Position, ...]

    def __str__(self) -> str:
        return ".".join(map(str, self.positions))

    @classmethod
    def parse(cls, identity: str | None) -> Self | None:
        """The place in an event id, None for anything that is none."""
        found = [Position.parse(part) for part in (identity or "").split(".", MOST_STREAMS)]
        positions = tuple(position for position in found if position is not None)
        return cls(positions) if len(positions) == len(found) else None
