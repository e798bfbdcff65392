"""The call ledger: looks up, reserves, has calls made, commits their outcomes, and only then hands them out.

A call that has begun belongs to the process, not to the request that asked for it: a client that goes away loses
nothing, and others that ask for the same call meanwhile get its answer without a second payment. One that has not begun
when nobody listens any more is withdrawn.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from math import inf
from typing import NamedTuple
from weakref import WeakSet

from opentelemetry.trace import SpanKind

from libs.contracts.errors import BudgetError, DomainError
from libs.db import EVERY_TENANT, Database, TenantErasedError, Transaction, is_away, log_failure
from libs.telemetry import span
from services.models.adapters import Backend
from services.models.domain.budgets import (
    NO_DECISION,
    TENANT,
    Amount,
    Balance,
    Booking,
    Cap,
    Decision,
    decide,
)
from services.models.domain.calls import Call, Outcome
from services.models.domain.scheduling.shares import Share
from services.models.service.observed import observe_call, observe_hits
from services.models.service.owner import is_dead, this_process
from services.models.store import Accounts, Lease, Settled, Store

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
RENEW_S = 20.0
LINGER_S = 0.05
LARGEST_COMMIT = 64
OTHERS_S = 0.25
"""How often the ledger is looked at for calls that another process is making."""
LONGEST_OTHERS_S = 5.0
"""The same, for a batch job."""
COMMITTED_S = 10.0
"""How long a process that ends waits for its last answers to be in the ledger."""
PATIENCE_S = 300.0
"""How long answers wait for a database that is away."""
LONGEST_PAUSE_S = 2.0

Cost = Callable[[Backend, Outcome], float | None]
"""The cost of an outcome in USD; null when its model has no price."""
Estimate = Callable[[Backend, Sequence[Call]], list[Amount]]
"""What each of these calls may come to."""
Slot = tuple[str, str]
"""Tenant and call key."""


class Delivery(NamedTuple):
    """An ended call for whoever asked, and whether that account got it for nothing."""

    settled: Settled
    is_cached: bool


class Account(NamedTuple):
    """On whose account calls are asked for."""

    tenant: str
    simulation_id: str
    is_recorded_once: bool
    """True for turns: a simulation that asks again has lost the answer it paid for, and is told its usage again."""
    weight: float = 1.0
    """How much it may have done beside another simulation, where calls have to wait."""
    cap: Cap | None = None
    """Its budget, unless that was decided before."""

    @property
    def share(self) -> Share:
        """Whose turn its calls take where they have to wait."""
        return Share(f"{self.tenant}/{self.simulation_id}", self.weight, self.tenant, self.simulation_id)

    def is_cached(self, settled: Settled, *, is_made_for_this: bool) -> bool:
        """Whether an answer costs this account nothing. `is_made_for_this`: the call was made for this request."""
        if self.is_recorded_once:
            return settled.simulation_id != self.simulation_id
        return not is_made_for_this


class LedgerError(DomainError):
    """The ledger could not be read or written; calls that were made meanwhile are in it, or are made again."""

    title = "The call ledger is not available"
    status = 503


Message = Delivery | LedgerError | BudgetError


class _Asker(NamedTuple):
    queue: asyncio.Queue[Message]
    account: Account
    is_joined: bool


class _Ended(NamedTuple):
    account: Account
    outcome: Outcome
    cost_usd: float | None


class Ledger:
    """The ledger of one process."""

    def __init__(
        self,
        database: Database,
        store: Store,
        accounts: Accounts,
        cost: Cost,
        estimate: Estimate,
        *,
        drain_s: float,
    ) -> None:
        self._database = database
        self._store = store
        self._accounts = accounts
        self._cost = cost
        self._estimate = estimate
        self._drain_s = drain_s
        self._stops_at = inf
        """By then every call has to have ended; known once no more are begun."""
        self._owner = this_process()
        self._waiting: dict[Slot, list[_Asker]] = {}
        self._left: WeakSet[asyncio.Queue[Message]] = WeakSet()
        """Of those who listen no more."""
        self._used_up: set[Slot] = set()
        """Tenant and simulation of accounts on which no call is begun any more, also none that is reserved."""
        self._ended: asyncio.Queue[_Ended] = asyncio.Queue()
        self._being_made = 0
        self._work: set[asyncio.Task[None]] = set()
        self._patient: set[asyncio.Task[None]] = set()
        """Work that waits for batch jobs; those go on without this process."""
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Orphan the reservations of processes that died, and begin to commit."""
        now = datetime.now(UTC)
        async with self._database.write(tenant=EVERY_TENANT) as tx:
            dead = [owner for owner in await self._store.owners(tx) if is_dead(owner, self._owner)]
            orphaned, bookings = await self._store.orphan(tx, dead, now)
            await self._accounts.book(tx, bookings, now)
        if orphaned:
            log.warning("%d calls of a process that ended are orphaned; they are made again when asked for", orphaned)
        self._loops = [asyncio.create_task(self._commit_loop()), asyncio.create_task(self._renew_loop())]

    def wind_down(self) -> None:
        """Begin no call any more. Who waits for one is told so once those in flight have ended, and asks elsewhere."""
        if self._stops_at == inf:
            self._stops_at = asyncio.get_running_loop().time() + self._drain_s
            for task in self._patient:
                task.cancel()

    async def stop(self) -> None:
        """Let the calls in flight end, for a while; what does not is orphaned by the next start."""
        self.wind_down()
        await asyncio.gather(*self._patient, return_exceptions=True)
        if self._work:
            left = self._stops_at - asyncio.get_running_loop().time()
            _, late = await asyncio.wait(self._work, timeout=max(0.0, left))
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(COMMITTED_S):
                await self._ended.join()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def answer(
        self, calls: Sequence[Call], backend: Backend, account: Account
    ) -> AsyncGenerator[list[Delivery], None]:
        """Every call once (equal keys are one call), as they end. Of those who stop listening no call is begun.

        Raises `BudgetError` or `LedgerError` when some cannot be answered, after all others were.
        """
        queue: asyncio.Queue[Message] = asyncio.Queue()
        unique = {call.key: call for call in calls}
        mine: list[Call] = []
        for key, call in unique.items():
            waiting = self._waiting.setdefault((account.tenant, key), [])
            if not waiting:
                mine.append(call)
            waiting.append(_Asker(queue, account, is_joined=bool(waiting)))
        if mine:
            self._begin(mine, backend, account)
        joined = unique.keys() - {call.key for call in mine}
        left = len(unique)
        error: LedgerError | BudgetError | None = None
        try:
            while left:
                ready = [await queue.get()]
                while not queue.empty():
                    ready.append(queue.get_nowait())
                delivered = [item for item in ready if isinstance(item, Delivery)]
                left -= len(ready)
                hits = sum(item.is_cached and item.settled.key in joined for item in delivered)
                if hits:  # who paid for a joined call is known only now; the others were counted when they were found
                    await self._count_hits(account, calls[0].model, hits)
                if delivered:
                    yield delivered
                error = next((item for item in ready if not isinstance(item, Delivery)), error)
        finally:
            if left:
                self._left.add(queue)
        if error is not None:
            raise error

    def resume(self, calls: Sequence[Call], backend: Backend, account: Account) -> None:
        """Go on with calls of a batch job that another process began; nobody asks for them yet."""
        for call in calls:
            asker = _Asker(asyncio.Queue(), account, is_joined=False)
            self._waiting.setdefault((account.tenant, call.key), []).append(asker)
        self._begin(list(calls), backend, account)

    def _begin(self, calls: list[Call], backend: Backend, account: Account) -> None:
        work = self._patient if backend.is_batched else self._work
        task = asyncio.create_task(self._run(calls, backend, account))
        work.add(task)
        task.add_done_callback(work.discard)

    async def _run(self, calls: list[Call], backend: Backend, account: Account) -> None:
        """See a set of calls through to its end.

        When that fails, those are told so who wait for a call that did not end: what has ended waits to be committed,
        and would be paid for again by whoever asked again.
        """
        pending = {call.key: call for call in calls}
        pause_s = OTHERS_S
        try:
            while pending:
                reserved = await self._settle_or_reserve(pending, backend, account)
                if reserved:
                    await self._make(reserved, pending, backend, account)
                elif self._stops_at < inf:
                    self._fail([(account.tenant, key) for key in pending], LedgerError("the service is stopping"))
                    return
                elif pending:
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, LONGEST_OTHERS_S) if backend.is_batched else OTHERS_S
        except Exception as error:
            log_failure(log, "the ledger failed", error)
            self._fail([(account.tenant, key) for key in pending], _failure(error))
        except asyncio.CancelledError:
            self._fail([(account.tenant, key) for key in pending], LedgerError("the service is stopping"))
            raise

    async def _settle_or_reserve(self, pending: dict[str, Call], backend: Backend, account: Account) -> list[Call]:
        """Hand out what is in the ledger, and refuse what no budget allows (and forget both here).

        Gives back what this process may make now; the rest another process is making, or waits for a budget.
        """
        now = datetime.now(UTC)
        lease = Lease(self._owner, account.simulation_id, now, now + LEASE)
        model = next(iter(pending.values())).model
        async with self._database.write(tenant=account.tenant) as tx:
            found = await self._store.find_settled(tx, list(pending))
            missing = [call for key, call in pending.items() if key not in found]
            decision, reserved = NO_DECISION, set[str]()
            if missing:
                decision, reserved = await self._reserve(tx, missing, backend, account, lease)
            hits = sum(account.is_cached(settled, is_made_for_this=False) for settled in found.values())
            if hits:
                await self._store.count_hits(tx, account.simulation_id, model, hits)
                observe_hits(model, hits)
        for key, settled in found.items():
            del pending[key]
            self._deliver(account.tenant, settled, is_found=True)
        for key, reason in decision.refused.items():
            self._refuse(pending.pop(key), backend, account, BudgetError(reason))
        return [call for call in missing if call.key in reserved]

    async def _reserve(
        self, tx: Transaction, missing: Sequence[Call], backend: Backend, account: Account, lease: Lease
    ) -> tuple[Decision, set[str]]:
        """Reserve what the budgets allow."""
        if account.cap is not None and account.simulation_id:
            await self._accounts.set_cap(tx, account.simulation_id, account.cap, is_first=True)
        balances = await self._accounts.find(tx, account.simulation_id, lease.now, lock=True)
        self._note(account.tenant, balances)
        amounts = dict(zip((call.key for call in missing), self._estimate(backend, missing), strict=True))
        decision = decide(list(amounts.items()), balances)
        made = set(decision.made)
        wanted = [(call, amounts[call.key]) for call in missing if call.key in made]
        reserved, bookings = await self._store.reserve(tx, wanted, lease)
        await self._accounts.book(tx, bookings, lease.now)
        return decision, reserved

    def _refuse(self, call: Call, backend: Backend, account: Account, error: BudgetError) -> None:
        """Tell those who asked on this account; what others asked for too is made on theirs."""
        slot = (account.tenant, call.key)
        asking = self._waiting.pop(slot, [])
        others = [asker for asker in asking if asker.account.simulation_id != account.simulation_id]
        for asker in asking:
            if asker not in others:
                asker.queue.put_nowait(error)
        if others:
            self._waiting[slot] = others
            self._begin([call], backend, others[0].account)

    async def _make(self, calls: list[Call], pending: dict[str, Call], backend: Backend, account: Account) -> None:
        """Have calls made; their outcomes go to the commit loop, and are forgotten here."""
        self._being_made += len(calls)
        left = len(calls)
        model = calls[0].model
        try:
            with span(f"calls {model}", kind=SpanKind.CLIENT, calls=left, model=model):
                async for outcome in backend.run(calls, account.share, partial(self._is_wanted, account.tenant)):
                    left -= 1
                    self._being_made -= 1
                    pending.pop(outcome.key, None)
                    cost_usd = self._cost(backend, outcome)
                    observe_call(model, outcome, cost_usd)
                    self._ended.put_nowait(_Ended(account, outcome, cost_usd))
        finally:
            self._being_made -= left

    async def _commit_loop(self) -> None:
        """Commit outcomes in micro-batches: when 64 are there, when 50 ms have passed, or when no more are coming."""
        while True:
            ended = [await self._ended.get()]
            deadline = asyncio.get_running_loop().time() + LINGER_S
            while len(ended) < LARGEST_COMMIT and (self._being_made or not self._ended.empty()):
                try:
                    async with asyncio.timeout_at(deadline):
                        ended.append(await self._ended.get())
                except TimeoutError:
                    break
            try:
                await self._commit_at_last(ended)
            except Exception as error:
                log.exception("outcomes of %d calls could not be written", len(ended))
                self._fail([(item.account.tenant, item.outcome.key) for item in ended], _failure(error))
            finally:
                for _ in ended:
                    self._ended.task_done()

    async def _commit_at_last(self, ended: list[_Ended]) -> None:
        """Commit, and again while the database is away: these answers are paid for and are nowhere else."""
        deadline, tries = asyncio.get_running_loop().time() + PATIENCE_S, 0
        while True:
            try:
                return await self._commit(ended, is_repeated=tries > 0)
            except Exception as error:
                if not is_away(error) or asyncio.get_running_loop().time() > deadline:
                    raise
                log.warning("outcomes of %d calls wait for the database: %r", len(ended), error)
                await asyncio.sleep(min(LONGEST_PAUSE_S, 0.05 * 2 ** min(tries, 10)))
                tries += 1

    async def _commit(self, ended: list[_Ended], *, is_repeated: bool = False) -> None:
        by_tenant: dict[str, list[_Ended]] = defaultdict(list)
        for item in ended:
            by_tenant[item.account.tenant].append(item)
        for tenant, items in by_tenant.items():
            try:
                await self._commit_of(tenant, items, is_repeated=is_repeated)
            except TenantErasedError:
                self._fail([(tenant, item.outcome.key) for item in items], LedgerError("the tenant was erased"))

    async def _commit_of(self, tenant: str, items: Sequence[_Ended], *, is_repeated: bool) -> None:
        async with self._database.write(tenant=tenant) as tx:
            now = datetime.now(UTC)
            self._note(tenant, await self._accounts.lock(tx, {item.account.simulation_id for item in items}))
            new = items
            if is_repeated:  # the try before may have been committed when its connection was lost
                is_open = await self._store.unended(tx, [item.outcome.key for item in items])
                new = [item for item in items if item.outcome.key in is_open]
            if new:
                released = await self._store.reservations(tx, [item.outcome.key for item in new])
                await self._accounts.book(tx, [*released, *map(_booking, new)], now)
                await self._store.finish(tx, [(item.outcome, item.cost_usd) for item in new], now)
        for item in items:
            if item.outcome.is_withdrawn:  # whoever has asked for it meanwhile asks again
                self._fail([(tenant, item.outcome.key)], LedgerError("the call was withdrawn a moment ago"))
            else:
                self._deliver(tenant, _settled(item), is_found=False)

    def _note(self, tenant: str, balances: Iterable[Balance]) -> None:
        for balance in balances:
            note = self._used_up.add if balance.is_used_up else self._used_up.discard
            note((tenant, balance.simulation_id))

    def _is_wanted(self, tenant: str, key: str) -> bool:
        """Whether anybody who may pay still waits for a call that this process may begin."""
        return self._stops_at == inf and any(
            asker.queue not in self._left
            and self._used_up.isdisjoint({(tenant, TENANT), (tenant, asker.account.simulation_id)})
            for asker in self._waiting.get((tenant, key), ())
        )

    async def _renew_loop(self) -> None:
        """Say from time to time that the calls being made are being made."""
        while True:
            await asyncio.sleep(RENEW_S)
            if not self._being_made:
                continue
            try:
                async with self._database.write(tenant=EVERY_TENANT) as tx:
                    await self._store.renew(tx, self._owner, datetime.now(UTC) + LEASE)
            except Exception as error:
                log_failure(log, "reservations could not be renewed", error)

    async def _count_hits(self, account: Account, model: str, number: int) -> None:
        async with self._database.write(tenant=account.tenant) as tx:
            await self._store.count_hits(tx, account.simulation_id, model, number)
        observe_hits(model, number)

    def _deliver(self, tenant: str, settled: Settled, *, is_found: bool) -> None:
        def delivery(asker: _Asker) -> Delivery:
            is_made_for_this = not (is_found or asker.is_joined)
            return Delivery(settled, asker.account.is_cached(settled, is_made_for_this=is_made_for_this))

        self._notify((tenant, settled.key), delivery)

    def _notify(self, slot: Slot, message: Callable[[_Asker], Message]) -> None:
        for asker in self._waiting.pop(slot, ()):
            asker.queue.put_nowait(message(asker))

    def _fail(self, slots: Sequence[Slot], error: LedgerError) -> None:
        """Tell those who still wait that nothing will come."""
        for slot in slots:
            self._notify(slot, lambda _: error)


def _failure(error: Exception) -> LedgerError:
    return LedgerError(f"the call ledger failed: {type(error).__name__}")


def _booking(item: _Ended) -> Booking:
    outcome = item.outcome
    tokens = outcome.prompt_tokens + outcome.completion_tokens
    spent = Amount(item.cost_usd or 0.0, tokens, 0 if outcome.is_withdrawn else 1 + outcome.is_repaired)
    return Booking(item.account.tenant, item.account.simulation_id, spent=spent)


def _settled(item: _Ended) -> Settled:
    outcome = item.outcome
    return Settled(
        key=outcome.key,
        model=outcome.model,
        content=outcome.content,
        failure=outcome.failure,
        prompt_tokens=outcome.prompt_tokens,
        completion_tokens=outcome.completion_tokens,
        cost_usd=item.cost_usd or 0.0,
        finish_reason=outcome.finish_reason,
        is_repaired=outcome.is_repaired,
        simulation_id=item.account.simulation_id,
    )
