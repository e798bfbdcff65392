"""Everything of a tenant in one file, and all of it deleted, in every service and stream.

An erasure is a row that is open until nothing is found any more. It is carried out again and again: a service that is
away is asked later, what was under way and came late is found the next time. It is done when a sweep finds nothing some
time after the one before did, in which every process has noticed that the tenant is closed. The row, and a line in the
operator's audit log, are all that stays.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime

import orjson

from libs.contracts.base import JsonObject
from libs.contracts.envelope import DEFAULT_TENANT
from libs.contracts.errors import ConflictError, DomainError, NotFoundError
from libs.contracts.identity import PLATFORM, Identity, Role
from libs.db import EVERY_TENANT, Database, log_failure, tenants
from libs.db.database import CLOSED_SEEN_S
from libs.runtime.tenancy import erase
from services.gateway.adapters import LogUnavailableError
from services.gateway.service.owners import ASKED, Gateway, speaking_as
from services.gateway.service.records import Asked, Records
from services.gateway.store import Erasure, ErasureStore

log = logging.getLogger(__name__)
AGAIN_S = 5.0
SETTLE_S = 2 * CLOSED_SEEN_S
FORMAT = "rehearsal-tenant-export"


class Erasures:
    """Exports and erasures of tenants."""

    def __init__(self, database: Database, service: Gateway, records: Records) -> None:
        self._database = database
        self._service = service
        self._records = records
        self._store = ErasureStore()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Go on with the erasures that are open."""
        self._task = asyncio.create_task(self._run(), name="erasures")

    async def stop(self) -> None:
        """Leave the rest to the next start."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def export(self, tenant: str) -> AsyncIterator[bytes]:
        """Every row of a tenant as JSON lines, service by service. The last line says if it is whole."""
        yield _line({"format": FORMAT, "version": 1, "tenant": tenant, "at": datetime.now(UTC).isoformat()})
        counted = dict.fromkeys((PLATFORM, *ASKED), 0)
        try:
            async for name, table, row in self._rows(tenant):
                counted[name] += 1
                yield _line({"service": name, "table": table, "row": row})
        except DomainError as error:
            yield _line({"complete": False, "problem": error.detail})
            return
        yield _line({"complete": True, "rows": counted})

    async def _rows(self, tenant: str) -> AsyncIterator[tuple[str, str, JsonObject]]:
        async with self._database.read(tenant=tenant) as tx:
            async for table, row in tenants.rows(tx):
                yield PLATFORM, table, row
        with speaking_as(_platform(tenant)):
            for name in ASKED:
                async for table, row in self._service.rows(name):
                    yield name, table, row

    async def request(self, tenant: str) -> Erasure:
        """Have a tenant erased; asking again changes nothing. Raises `ConflictError` for the operator's own."""
        if tenant == DEFAULT_TENANT:
            raise ConflictError(
                f"The tenant {DEFAULT_TENANT!r} is the operator's and keeps the record of erasures: delete the "
                "databases and the NATS store of the platform instead."
            )
        async with self._database.write(tenant=tenant, is_closing=True) as tx:
            await tenants.close(tx)
        self._wake.set()
        return await self.show(tenant)

    async def show(self, tenant: str) -> Erasure:
        """How far an erasure is. Raises `NotFoundError`."""
        async with self._database.read() as tx:
            found = await self._store.get(tx, tenant)
        if found is None:
            raise NotFoundError("erasure of the tenant", tenant)
        return found

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            try:
                async with self._database.read() as tx:
                    unfinished = await self._store.unfinished(tx)
                for erasure in unfinished:
                    await self._carry_out(erasure.name)
            except (DomainError, LogUnavailableError, ValueError) as error:
                log.warning("an erasure waits: %s", error)
            except Exception as error:
                log_failure(log, "an erasure failed and is tried again", error)
            with suppress(TimeoutError):  # not wait_for, which may forget that it was cancelled (CPython 86296)
                async with asyncio.timeout(AGAIN_S):
                    await self._wake.wait()

    async def _carry_out(self, tenant: str) -> None:
        """Sweep; when nothing is left, once more after a while. Raises what makes it wait."""
        while await self._sweep(tenant):
            pass
        await asyncio.sleep(SETTLE_S)
        if found := await self._sweep(tenant):
            log.info("an erasure found what came late: %s", found)
            self._wake.set()
            return
        async with self._database.write() as tx:
            await self._store.complete(tx, tenant, datetime.now(UTC))
        # That it was asked for stands there already: in the log of a closed tenant nothing is noted any more.
        fact = Asked("DELETE", f"/tenants/{tenant}", "")
        await self._records.note(fact, _platform(DEFAULT_TENANT), 200)

    async def _sweep(self, tenant: str) -> dict[str, int]:
        """Delete what there is; what there was, by place."""
        found: dict[str, int] = {}
        found[PLATFORM] = sum((await erase(self._database, tenant)).values())  # first: nobody comes in any more
        found["grants"] = await self._forget_grants(tenant)
        with speaking_as(_platform(tenant)):
            for name in ASKED:
                found[name] = sum((await self._service.erase(name)).values())
        found["streams"] = await self._service.eraser.purge(tenant)
        return {name: count for name, count in found.items() if count}

    async def _forget_grants(self, tenant: str) -> int:
        """What others shared with its people."""
        async with self._database.write(tenant=EVERY_TENANT) as tx:
            return await self._store.forget_grants(tx, tenant)


def _platform(tenant: str) -> Identity:
    return Identity(tenant=tenant, subject=PLATFORM, role=Role.ADMIN)


def _line(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
