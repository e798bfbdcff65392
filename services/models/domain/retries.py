"""When a call is made again: full jitter, what the server asked for, and a budget for all calls together.

A server that says when it wants to be asked again is taken at its word, at no cost to the budget: its own answer bounds
the requests. Only for so long, and with more room between them each time.

A call earns its share of the budget when it is asked for, not when it is answered: calls that are asked for together
may lend each other theirs. Nothing refills with time, and a call that cannot be made again fails: calls that wait for
a budget that only other calls can fill might wait for ever.
"""

import random
from dataclasses import dataclass

BASE_S = 0.5
LONGEST_S = 20.0
LONGEST_ASKED_S = 60.0
MAX_ATTEMPTS = 4
CALLS_PER_RETRY = 5
LEAST_RETRIES = MAX_ATTEMPTS - 1
"""So many are always allowed: a single call may be tried out. Beyond 15 calls it is the fifth that counts."""
REMEMBERED = 1_000


@dataclass(slots=True)
class _Tally:
    """Calls that were asked for, and how often one was made again."""

    calls: int = 0
    retries: int = 0

    @property
    def is_spent(self) -> bool:
        return self.retries >= max(LEAST_RETRIES, self.calls // CALLS_PER_RETRY)


class RetryBudget:
    """Allows one retry for every five calls, but at least three: of each simulation, and of all together.

    Requests ≤ max(1.2 · calls, calls + 3) at any time, and beside them what takes nothing from here: once more those
    that were cut off when an endpoint went away, probes of it, and those that it told when to come again. Of a
    simulation, because what went well before is no reason to multiply the outage of today; of all, because many small
    simulations are one large one.
    """

    def __init__(self) -> None:
        self._all = _Tally()
        self._by_share: dict[str, _Tally] = {}

    @property
    def retries(self) -> int:
        """How many were taken."""
        return self._all.retries

    def deposit(self, share: str) -> None:
        """A call is asked for."""
        for tally in self._tallies(share):
            tally.calls += 1

    def withdraw(self, share: str) -> bool:
        """Take one retry; False when there is none left."""
        tallies = self._tallies(share)
        if any(tally.is_spent for tally in tallies):
            return False
        for tally in tallies:
            tally.retries += 1
        return True

    def _tallies(self, share: str) -> tuple[_Tally, _Tally]:
        """Both; of simulations, those that were here last are remembered."""
        own = self._by_share[share] = self._by_share.pop(share, _Tally())
        if len(self._by_share) > REMEMBERED:
            del self._by_share[next(iter(self._by_share))]
        return self._all, own


@dataclass(slots=True)
class Bidding:
    """How often a server told a call when to come again, and since when; for `longest_s` that takes no retry."""

    longest_s: float
    times: int = 0
    _since: float | None = None

    def heard(self, now: float) -> float:
        """It was told so: gives the seconds to wait besides, so that calls do not come back all at once."""
        self._since = now if self._since is None else self._since
        self.times += 1
        return _jitter_s(self.times)

    def holds(self, now: float) -> bool:
        """True while it may come again as it was told."""
        return self._since is not None and now - self._since <= self.longest_s


def delay_s(attempt: int, asked_s: float | None) -> float | None:
    """Seconds to wait after the attempt of this number (from 1): what the server asked for, or full jitter.

    Full jitter is uniform in [0, min(20, base · 2^(attempt − 1))]. Null: the server asks for more than a minute, which
    is too long to hold a turn; it fails and can be asked for again.
    """
    if asked_s is not None:
        return asked_s if asked_s <= LONGEST_ASKED_S else None
    return _jitter_s(attempt)


def _jitter_s(attempt: int) -> float:
    return random.uniform(0.0, min(LONGEST_S, BASE_S * 2.0 ** (attempt - 1)))  # noqa: S311 - not a secret
