"""When which call may be made at one model of one endpoint: its limits, what it bears, whether it is up, whose turn.

Time is an argument: nothing here waits. A call that waits costs nothing and cannot time out.
"""

from dataclasses import dataclass
from math import inf

from services.models.domain.scheduling.breaker import Breaker, Start
from services.models.domain.scheduling.buckets import Bucket
from services.models.domain.scheduling.ends import End
from services.models.domain.scheduling.flow import Flow
from services.models.domain.scheduling.latency import Group
from services.models.domain.scheduling.shares import FairQueue, Share


@dataclass(slots=True, eq=False)
class Ticket:
    """One attempt of a call, from its arrival to its end. `tokens` is an estimate."""

    share: Share
    tokens: int
    began: float = -inf
    start: Start | None = None
    group: Group | None = None

    @property
    def has_begun(self) -> bool:
        """True once it was let through."""
        return self.group is not None


@dataclass(frozen=True, slots=True)
class Limits:
    """What is known of an endpoint beforehand."""

    concurrency: int
    initial_concurrency: int = 32
    rpm: int | None = None
    tpm: int | None = None


class Schedule:
    """The queue in front of one model of one endpoint."""

    def __init__(self, limits: Limits) -> None:
        self.flow = Flow(limits.concurrency, limits.initial_concurrency)
        self.breaker = Breaker()
        self._requests = Bucket(limits.rpm)
        self._tokens = Bucket(limits.tpm)
        self._queue: FairQueue[Ticket] = FairQueue()

    @property
    def waiting(self) -> int:
        """Calls in the queue."""
        return len(self._queue)

    def add(self, ticket: Ticket, *, is_first: bool = False) -> None:
        """Let an attempt wait; one that is made again goes before the others of its share."""
        self._queue.push(ticket.share, ticket, ticket.tokens, is_first=is_first)

    def clear(self) -> list[Ticket]:
        """Send everybody away."""
        return [self._queue.pop() for _ in range(len(self._queue))]

    def wait_s(self, now: float) -> float:
        """Seconds until the next attempt may start; infinite when another one has to end first, or none waits."""
        if not self._queue:
            return inf
        return max(
            self.breaker.wait_s(now),
            self._requests.wait_s(now, 1),
            self._tokens.wait_s(now, self._queue.peek().tokens),
            self.flow.wait_s(now),
        )

    def start(self, now: float) -> Ticket:
        """Start the next attempt."""
        ticket = self._queue.pop()
        self._requests.take(now, 1)
        self._tokens.take(now, ticket.tokens)
        ticket.began = now
        ticket.start = self.breaker.started()
        ticket.group = self.flow.started(now)
        return ticket

    def end(self, ticket: Ticket, end: End, now: float) -> None:
        """An attempt ended."""
        assert ticket.group is not None
        assert ticket.start is not None
        self.flow.ended(now, ticket.group, end)
        self.breaker.ended(now, ticket.start, end, self.flow.limit)
        for bucket, allowance in ((self._requests, end.requests), (self._tokens, end.tokens)):
            if allowance is not None:
                bucket.adopt(now, allowance, now - ticket.began)

    def settle(self, tokens: int, used: int, now: float) -> None:
        """Say how many tokens were used by an attempt for which so many were taken."""
        self._tokens.settle(now, tokens, used)
