"""How much processor time work took that shares one process with other work."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Share:
    """What one piece of work has taken so far."""

    def __init__(self, given: Callable[[], float]) -> None:
        self._given = given
        self._before = given()
        self._taken: float | None = None

    def seconds(self) -> float:
        """Processor seconds until now, or until it ended."""
        return self._given() - self._before if self._taken is None else self._taken

    def end(self) -> None:
        """It takes no more from now on."""
        self._taken = self.seconds()


class Effort:
    """Divides the processor time of this process evenly among the work at hand, so that shares add up to the whole.

    What is spent while nothing is at hand belongs to nobody.
    """

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._last = clock()
        self._at_hand = 0
        self._each = 0.0
        """What a piece of work would have taken that was at hand from the beginning."""

    @contextmanager
    def of_work(self) -> Iterator[Share]:
        """A piece of work, at hand as long as this lasts."""
        share = Share(self._given)
        self._at_hand += 1
        try:
            yield share
        finally:
            share.end()
            self._at_hand -= 1

    def _given(self) -> float:
        now = self._clock()
        if self._at_hand:
            self._each += (now - self._last) / self._at_hand
        self._last = now
        return self._each
