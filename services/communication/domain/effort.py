"""How much processor time work took that shares one process with other work."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Share:
    """What one piece of work has taken so far."""

    def __init__(self, settle: Callable[[], None]) -> None:
        self._settle = settle
        self.taken = 0.0

    def seconds(self) -> float:
        """Processor seconds until now."""
        self._settle()
        return self.taken


class Effort:
    """Divides the processor time of this process evenly among the work at hand, so that shares add up to the whole.

    What is spent while nothing is at hand belongs to nobody.
    """

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._last = clock()
        self._at_hand: list[Share] = []

    @contextmanager
    def of_work(self) -> Iterator[Share]:
        """A piece of work, at hand as long as this lasts."""
        self._settle()
        share = Share(self._settle)
        self._at_hand.append(share)
        try:
            yield share
        finally:
            self._settle()
            self._at_hand.remove(share)

    def _settle(self) -> None:
        now = self._clock()
        for share in self._at_hand:
            share.taken += (now - self._last) / len(self._at_hand)
        self._last = now
