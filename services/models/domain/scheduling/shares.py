"""Whose call is next: every simulation that waits gets its share, by weight and in tokens, however many calls it has.

Start-time fair queueing: each simulation has a clock that runs with what was begun for it, and the one that is
furthest behind is next. One that has been away starts at the present: time not used is not saved.
"""

from collections import deque
from heapq import heappop, heappush
from itertools import count
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
REMEMBERED = 1_000


class Share(NamedTuple):
    """Who waits, and how much it may have beside others."""

    name: str
    weight: float = 1.0
    tenant: str = ""
    simulation_id: str = ""


class FairQueue(Generic[T]):
    """Things that wait, each for a share. In one share first come is first served."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[tuple[T, float]]] = {}
        self._clocks: dict[str, float] = {}
        self._order: list[tuple[float, int, str]] = []
        self._arrivals = count()
        self._present = 0.0
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def push(self, share: Share, item: T, cost: float, *, is_first: bool = False) -> None:
        """Let something wait; before everything else of its share, if asked."""
        entry = (item, cost / share.weight)
        waiting = self._waiting.get(share.name)
        if waiting is None:
            waiting = self._waiting[share.name] = deque()
            clock = self._clocks[share.name] = max(self._present, self._clocks.get(share.name, 0.0))
            heappush(self._order, (clock, next(self._arrivals), share.name))
        waiting.appendleft(entry) if is_first else waiting.append(entry)
        self._length += 1

    def peek(self) -> T:
        """What is next."""
        return self._waiting[self._order[0][2]][0][0]

    def pop(self) -> T:
        """Take what is next."""
        clock, _, name = heappop(self._order)
        waiting = self._waiting[name]
        item, cost = waiting.popleft()
        self._length -= 1
        self._present = clock
        self._clocks[name] = clock + cost
        if waiting:
            heappush(self._order, (clock + cost, next(self._arrivals), name))
        else:
            del self._waiting[name]
            self._forget()
        return item

    def _forget(self) -> None:
        """Clocks of those that are gone and are behind the present say nothing any more."""
        if len(self._clocks) > REMEMBERED + 2 * len(self._waiting):
            self._clocks = {
                name: clock for name, clock in self._clocks.items() if clock > self._present or name in self._waiting
            }
