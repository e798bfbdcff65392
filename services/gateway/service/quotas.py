"""Quotas of tenants: what is set, how much is used, and whether one more thing may begin.

Simulations are counted at their owner, and one start of a tenant after the other, so of two at once only one takes the
last place; each gateway process counts for itself. What begins without the gateway, by an event on the bus, is bound by
the budget of the month alone, which `models` holds for every call.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from libs.contracts.errors import DomainError
from libs.contracts.identity import Identity
from libs.contracts.orchestrator import SimulationState
from libs.contracts.quotas import MonthBudget, Quota, QuotaUse, QuotaView
from libs.contracts.turns import Budget
from libs.db import Database, Transaction
from services.gateway.domain.quotas import check_people, check_start
from services.gateway.service.owners import Gateway, in_the_name_of
from services.gateway.store import QuotaStore

UNENDED = [state for state in SimulationState if not state.is_terminal]
MOST_COUNTED = 200
APPEARS_TRIES, INTERVAL_S = 60, 0.05
MOST_REMEMBERED = 10_000


class Start:
    """A start that is under way; `is_done` once it was accepted."""

    is_done = False


class Quotas:
    """The quotas of every tenant."""

    def __init__(self, database: Database, service: Gateway) -> None:
        self._database = database
        self._service = service
        self._store = QuotaStore()
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._seen: set[tuple[str, str, str]] = set()

    async def show(self, tenant: str) -> QuotaView:
        """A tenant's quota and its use."""
        async with self._database.read(tenant=tenant) as tx:
            quota, people = await self._store.get(tx), await self._store.people(tx, *_now())
        return QuotaView(tenant=tenant, quota=quota, used=await self._used(tenant, people))

    async def set(self, tenant: str, quota: Quota) -> QuotaView:
        """Decide on a tenant's quota: the budget first where it is held, so that what is shown binds."""
        cap = Budget(cost_usd=quota.usd_per_month, calls=quota.calls_per_month)
        with in_the_name_of(tenant):
            await self._service.tell("models", "/v1/quota", cap)
        async with self._database.write(tenant=tenant) as tx:
            await self._store.set(tx, quota)
        return await self.show(tenant)

    @asynccontextmanager
    async def starting(self, tenant: str, wanted: int = 1) -> AsyncIterator[Start]:
        """Around what may begin so many simulations. Raises `QuotaError`."""
        async with self._database.read(tenant=tenant) as tx:
            quota = await self._store.get(tx)
        start = Start()
        if quota.running_simulations is quota.usd_per_month is quota.calls_per_month is None:
            yield start
            return
        async with self._turns[tenant]:
            used = await self._used(tenant, 0)
            check_start(quota, used, wanted)
            yield start
            if start.is_done:
                await self._appears(tenant, used.running_simulations + wanted)

    async def check_room(self, tx: Transaction) -> None:
        """Raise `QuotaError` when there may be no further key."""
        check_people(await self._store.get(tx), await self._store.people(tx, *_now()))

    async def welcome(self, identity: Identity) -> None:
        """Count a person with a token, once a month. Raises `QuotaError` for a new one where there is no room."""
        now, month = _now()
        person = (identity.tenant, identity.subject, month)
        if person in self._seen:
            return
        async with self._database.write(tenant=identity.tenant) as tx:
            people = await self._store.people(tx, now, month)
            if await self._store.meet(tx, identity.subject, month):
                check_people(await self._store.get(tx), people)
        if len(self._seen) >= MOST_REMEMBERED:
            self._seen.clear()
        self._seen.add(person)

    async def _used(self, tenant: str, people: int) -> QuotaUse:
        with in_the_name_of(tenant):
            month = MonthBudget.model_validate(await self._service.look("models", "/v1/quota"))
            running = await self._running()
        return QuotaUse(
            month=month.month, usd=month.cost_usd, calls=month.calls, running_simulations=running, people=people
        )

    async def _running(self) -> int:
        paths = [f"/simulations/list?state={state}&limit={MOST_COUNTED}" for state in UNENDED]
        pages = await asyncio.gather(*(self._service.look("orchestrator", path) for path in paths))
        return sum(len(page["items"]) for page in pages)

    async def _appears(self, tenant: str, running: int) -> None:
        """Wait until the owner knows of what was begun, so that the next start is counted with it."""
        with in_the_name_of(tenant), suppress(DomainError):  # the answer is out: nobody can be told any more
            for _ in range(APPEARS_TRIES):
                if await self._running() >= running:
                    return
                await asyncio.sleep(INTERVAL_S)


def _now() -> tuple[datetime, str]:
    now = datetime.now(UTC)
    return now, f"{now:%Y-%m}"
