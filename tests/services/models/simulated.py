"""Endpoints and a caller in simulated time: minutes pass in milliseconds, and equal seeds give equal runs."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from services.models.domain.scheduling.ends import End, Verdict
from services.models.domain.scheduling.schedule import Limits, Schedule, Ticket
from services.models.domain.scheduling.shares import Share

REFUSAL_S = 0.005
TIMEOUT_S = 60.0
TOKENS = 100
Rule = Callable[[float], float]
"""Something that depends on the time."""


@dataclass
class Rated:
    """Accepts so many calls a second (and a fifth of a second's worth at once), and refuses the rest with 429."""

    capacity: Rule
    latency_s: Rule = lambda now: 2.0
    spread: float = 0.1
    _level: float = 1e9
    _at: float = 0.0

    def arrive(self, now: float, chance: random.Random) -> End:
        size = max(1.0, 0.2 * self.capacity(now))
        self._level, self._at = min(size, self._level + (now - self._at) * self.capacity(now)), now
        if self._level < 1.0:
            return End(Verdict.REFUSED, REFUSAL_S)
        self._level -= 1.0
        return End(Verdict.ANSWERED, self.latency_s(now) * chance.uniform(1 - self.spread, 1 + self.spread))


@dataclass
class Queued:
    """Works on so many calls at once, and lets the others wait until they time out."""

    places: int
    latency_s: Rule
    spread: float = 0.1
    _free_at: list[float] = field(default_factory=list)

    def arrive(self, now: float, chance: random.Random) -> End:
        begins = now if len(self._free_at) < self.places else max(now, heappop(self._free_at))
        ends = begins + self.latency_s(now) * chance.uniform(1 - self.spread, 1 + self.spread)
        heappush(self._free_at, ends)
        return End(Verdict.ANSWERED, ends - now) if ends - now < TIMEOUT_S else End(Verdict.LATE, TIMEOUT_S)


@dataclass
class Hanging:
    """Answers soon, but for a share of the calls that it never answers, however few there are."""

    share: float

    def arrive(self, now: float, chance: random.Random) -> End:
        return End(Verdict.LATE, TIMEOUT_S) if chance.random() < self.share else End(Verdict.ANSWERED, 0.2)


@dataclass
class Run:
    """What happened, by second."""

    schedule: Schedule
    answered: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    late: Counter[int] = field(default_factory=Counter)
    by_share: Counter[tuple[str, int]] = field(default_factory=Counter)

    def note(self, second: int, ticket: Ticket, end: End) -> None:
        """Count the end of a call."""
        {Verdict.ANSWERED: self.answered, Verdict.REFUSED: self.refused, Verdict.LATE: self.late}[end.verdict][
            second
        ] += 1
        if end.verdict is Verdict.ANSWERED:
            self.by_share[ticket.share.name, second] += 1

    def rate(self, seconds: range) -> float:
        """Calls answered in a second."""
        return sum(self.answered[second] for second in seconds) / len(seconds)

    def refusals(self, seconds: range) -> float:
        """The share of 429s among all that ended."""
        refused = sum(self.refused[second] for second in seconds)
        return refused / max(1, refused + sum(self.answered[second] for second in seconds))


Arrivals = dict[str, tuple[float, int, float]]
"""By share: when, how many calls, weight."""
ENDLESS: Arrivals = {"all": (0.0, 75_000, 1.0)}


def run(
    endpoint: Rated | Queued | Hanging, seconds: float, *, limits: Limits | None = None, arrivals: Arrivals = ENDLESS
) -> Run:
    """Callers against an endpoint."""
    chance = random.Random(1)
    schedule = Schedule(limits or Limits(2_000))
    done = Run(schedule=schedule)
    ends: list[tuple[float, int, Ticket, End]] = []
    coming = sorted((when, name, many, weight) for name, (when, many, weight) in arrivals.items())
    numbers, now = count(), 0.0
    while now < seconds and (ends or coming or schedule.waiting):
        while coming and coming[0][0] <= now:
            _, name, many, weight = coming.pop(0)
            for _ in range(many):
                schedule.add(Ticket(Share(name, weight), TOKENS))
        while (wait := schedule.wait_s(now)) == 0.0:
            ticket = schedule.start(now)
            end = endpoint.arrive(now, chance)
            heappush(ends, (now + end.latency_s, next(numbers), ticket, end))
        times = [now + wait + 1e-6, ends[0][0] if ends else seconds, coming[0][0] if coming else seconds]
        now = max(now, min(times))
        while ends and ends[0][0] <= now:
            at, _, ticket, end = heappop(ends)
            schedule.end(ticket, end, at)
            done.note(int(at), ticket, end)
            if end.verdict is not Verdict.ANSWERED:
                schedule.add(Ticket(ticket.share, ticket.tokens), is_first=True)
    return done
