"""The gate in front of one model of an endpoint: every request waits here for its turn, and is made again from here.

The rules are in `domain.scheduling` and `domain.retries`; here are the waiting and the clock. A call that waits has not
begun: its time limit starts when it is let through.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf

from libs.telemetry.metrics import MODEL_ATTEMPTS, MODEL_IN_FLIGHT, MODEL_LIMIT, MODEL_REFUSED, MODEL_WAITING
from services.models.adapters.upstream.connection import Exchange
from services.models.domain.refusals import OK, SERVER_ERROR, is_error, read_refusal, shorten
from services.models.domain.retries import MAX_ATTEMPTS, Bidding, RetryBudget, delay_s
from services.models.domain.scheduling.ends import End, Verdict
from services.models.domain.scheduling.headers import read_allowance, retry_after_s
from services.models.domain.scheduling.schedule import Limits, Schedule, Ticket
from services.models.domain.scheduling.shares import Share
from services.models.settings import Endpoint

log = logging.getLogger(__name__)
FIRST_CONTACT_S = 10.0
"""How long calls wait for an endpoint that has never answered: it is rather a wrong address than an outage."""
TICK_S = 0.001
SPENT = " (not tried again: the retry budget is used up)"
OVERLOADED = frozenset({503, 529})
TOO_MANY = 429

Send = Callable[[], Awaitable[Exchange]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The last exchange of a call, after so many attempts; none when it was not let through."""

    exchange: Exchange
    attempts: int
    remark: str = ""
    """Why it was the last one, where its failure does not say so."""


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a model of an endpoint is."""

    model: str
    in_flight: int
    limit: int
    """So many calls may be in flight now."""
    waiting: int
    latency_s: float | None
    retries: int
    """How often a call was made again, since the start."""
    not_retried: int
    """How many calls failed that would have been made again, but for the retry budget."""
    away_since_s: float | None
    """For so long it has not been answering; None when it is up."""
    reason: str
    """Why calls wait for it to come back."""


class AwayError(Exception):
    """The endpoint has been away for longer than calls wait."""


class UnwantedError(Exception):
    """Nobody waits for the call any more."""


def always() -> bool:
    """Somebody waits for it, whatever happens."""
    return True


def gates_of(endpoint: Endpoint) -> dict[str, "Gate"]:
    """A gate for each model of an endpoint."""
    limits = Limits(endpoint.concurrency, endpoint.initial_concurrency, endpoint.rpm, endpoint.tpm)
    return {model: Gate(model, limits, outage_s=endpoint.outage_s) for model in endpoint.names}


class Gate:
    """Lets attempts through as the endpoint bears them, those of every simulation by its share."""

    def __init__(self, name: str, limits: Limits, *, outage_s: float) -> None:
        self.name = name
        self.schedule = Schedule(limits)
        self._outage_s = outage_s
        self._has_answered = False
        self._budget = RetryBudget()
        self._not_retried = self._retries = self._outages = 0
        self._waiting: dict[Ticket, asyncio.Future[None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        MODEL_IN_FLIGHT.labels(name).set_function(lambda: self.schedule.flow.in_flight)
        MODEL_LIMIT.labels(name).set_function(lambda: int(self.schedule.flow.limit))
        MODEL_WAITING.labels(name).set_function(lambda: self.schedule.waiting)

    async def ask(self, share: Share, tokens: int, send: Send, is_wanted: Callable[[], bool] = always) -> Asked:
        """Make a request, again if need be.

        That the endpoint is away or full is not held against the call: it may fail a few times in other ways. Nor does
        what was cut off when the endpoint went away take from the retry budget: meanwhile there are only probes. Nor
        does a refusal that says when to come again, for as long as calls wait for an endpoint that is away.
        Raises `UnwantedError` when its turn has come and nobody waits for it.
        """
        self._budget.deposit(share.name)
        attempts = tries = 0
        bidding = Bidding(self._outage_s)
        while True:
            outages = self._outages
            try:
                exchange, end = await self._attempt(Ticket(share, tokens), send, is_wanted, is_first=attempts > 0)
            except AwayError as error:
                return Asked(Exchange(0, problem=str(error)), attempts)
            attempts += 1
            MODEL_ATTEMPTS.labels(self.name, end.verdict.name.lower()).inc()
            if exchange.status == TOO_MANY:
                MODEL_REFUSED.labels(self.name).inc()
            is_away = not self.schedule.breaker.is_closed
            tries += not (is_away or end.verdict is Verdict.REFUSED)
            delay = 0.0 if is_away else delay_s(max(tries, 1), end.asked_s)
            if not _may_succeed_later(exchange) or tries == MAX_ATTEMPTS or delay is None:
                return Asked(exchange, attempts)
            is_bidden = end.verdict is Verdict.REFUSED and bool(end.asked_s)
            if is_bidden:
                jitter = bidding.heard(_now())
                delay += 0.0 if is_away else jitter
            await asyncio.sleep(delay)  # those that failed before it was clear that the endpoint is away know by now
            went_away = self._outages > outages or not self.schedule.breaker.is_closed
            is_free = (exchange.is_cut_off and went_away) or (is_bidden and bidding.holds(_now()))
            if not (is_free or self._budget.withdraw(share.name)):
                self._not_retried += 1
                return Asked(exchange, attempts, SPENT)
            self._retries += 1

    def load(self) -> Load:
        """How busy it is."""
        flow, breaker = self.schedule.flow, self.schedule.breaker
        now = _now()
        return Load(
            model=self.name,
            in_flight=flow.in_flight,
            limit=int(flow.limit),
            waiting=self.schedule.waiting,
            latency_s=flow.latency_s,
            retries=self._retries,
            not_retried=self._not_retried,
            away_since_s=None if breaker.opened_at is None else now - breaker.opened_at,
            reason=breaker.reason,
        )

    def settle(self, tokens: int, used: int) -> None:
        """Say how many tokens a call used for which so many were estimated."""
        self.schedule.settle(tokens, used, _now())

    async def _attempt(
        self, ticket: Ticket, send: Send, is_wanted: Callable[[], bool], *, is_first: bool
    ) -> tuple[Exchange, End]:
        loop = asyncio.get_running_loop()
        admitted = self._waiting[ticket] = loop.create_future()
        self.schedule.add(ticket, is_first=is_first)
        self._let_through()
        end = End(Verdict.ABANDONED)
        try:
            await admitted
            if not is_wanted():
                raise UnwantedError
            exchange = await send()
            end = _end(exchange)
            self._has_answered |= end.verdict in (Verdict.ANSWERED, Verdict.REJECTED)
        finally:
            if ticket.has_begun:
                self._end(ticket, end, loop.time())
                self._let_through()
        return exchange, end

    def _end(self, ticket: Ticket, end: End, now: float) -> None:
        """A request ended: the log tells when the endpoint went away, with its reason, and when it was back."""
        breaker = self.schedule.breaker
        since = breaker.opened_at
        self.schedule.end(ticket, end, now)
        if since is None and not breaker.is_closed:
            self._outages += 1
            log.warning("the endpoint of %s is away: %s", self.name, breaker.reason)
        elif since is not None and breaker.is_closed:
            log.warning("the endpoint of %s answers again, after %.0f s", self.name, now - since)

    def _let_through(self) -> None:
        """Start what may start now, and come back when something else may."""
        now = _now()
        while (wait := self.schedule.wait_s(now)) <= 0.0:
            ticket = self.schedule.start(now)
            admitted = self._waiting.pop(ticket)
            if admitted.cancelled():
                self.schedule.end(ticket, End(Verdict.ABANDONED), now)
            else:
                admitted.set_result(None)
        wait = min(wait, self._send_away(now))
        if self._timer is not None:
            self._timer.cancel()
        later = asyncio.get_running_loop().call_later
        self._timer = None if wait == inf else later(max(wait, TICK_S), self._let_through)

    def _send_away(self, now: float) -> float:
        """End the waiting for an endpoint that is away for too long; gives the seconds until then."""
        breaker = self.schedule.breaker
        if breaker.opened_at is None or not self._waiting:
            return inf
        patience = self._outage_s if self._has_answered else min(self._outage_s, FIRST_CONTACT_S)
        left = breaker.opened_at + patience - now
        if left > 0.0:
            return left
        error = AwayError(f"endpoint of {self.name} away for {now - breaker.opened_at:.0f} s: {breaker.reason}")
        log.warning("%d calls are given up: %s", self.schedule.waiting, error)
        for ticket in self.schedule.clear():
            admitted = self._waiting.pop(ticket)
            if not admitted.cancelled():
                admitted.set_exception(error)
        return inf


def _now() -> float:
    return asyncio.get_running_loop().time()


def _may_succeed_later(exchange: Exchange) -> bool:
    if exchange.problem:
        return True
    is_answer = exchange.status == OK and not is_error(exchange.document)
    return not is_answer and read_refusal(exchange.status, exchange.body).is_retryable


def _end(exchange: Exchange) -> End:
    """What an exchange says about its endpoint."""
    asked_s = retry_after_s(exchange.headers, time.time())
    verdict = _verdict(exchange, asked_s)
    return End(
        verdict=verdict,
        latency_s=exchange.latency_s,
        asked_s=asked_s,
        reason=""
        if verdict is Verdict.ANSWERED
        else exchange.problem or f"{exchange.status}: {shorten(exchange.body)}",
        requests=read_allowance(exchange.headers, "requests"),
        tokens=read_allowance(exchange.headers, "tokens"),
    )


def _verdict(exchange: Exchange, asked_s: float | None) -> Verdict:
    if exchange.problem:
        return Verdict.LATE if exchange.is_late else Verdict.FAILED
    if exchange.status == OK:
        return Verdict.FAILED if _may_succeed_later(exchange) else Verdict.ANSWERED
    if not _may_succeed_later(exchange):
        return Verdict.REJECTED
    if exchange.status == TOO_MANY or (exchange.status in OVERLOADED and asked_s is not None):
        return Verdict.REFUSED
    return Verdict.FAILED if exchange.status >= SERVER_ERROR else Verdict.REJECTED
