"""SQL of batch jobs. A call is in an open job while it is reserved and that job is not closed."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, exists, select, update

from libs.db import Transaction
from services.models.domain.jobs import Job, JobState, pack, unpack
from services.models.tables import CallState, calls, jobs

KEYS_IN_QUERY = 500
LISTED = 200


class JobRow(NamedTuple):
    """A job as it is shown."""

    job_id: str
    simulation_id: str
    endpoint: str
    model: str
    state: str
    batch_id: str | None
    calls: int
    problem: str | None
    created_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None


_NOT_ENDED = calls.c.state == CallState.RESERVED


class JobStore:
    """Queries of jobs."""

    async def add(self, tx: Transaction, job: Job) -> None:
        """Keep a job with its calls."""
        await tx.execute(
            jobs.insert().values(
                tenant=tx.tenant,
                job_id=job.job_id,
                simulation_id=job.simulation_id,
                endpoint=job.endpoint,
                model=job.model,
                state=JobState.PREPARED,
                calls=len(job.calls),
                requests=pack(job.calls),
                created_at=job.created_at,
            )
        )
        keys = [call.key for call in job.calls]
        for start in range(0, len(keys), KEYS_IN_QUERY):
            mine = (calls.c.tenant == tx.tenant) & calls.c.call_key.in_(keys[start : start + KEYS_IN_QUERY])
            await tx.execute(update(calls).where(mine, _NOT_ENDED).values(job_id=job.job_id))

    async def submitted(self, tx: Transaction, job_id: str, batch_id: str, now: datetime) -> None:
        """Keep the provider's id."""
        await self._change(tx, job_id, state=JobState.SUBMITTED, batch_id=batch_id, submitted_at=now)

    async def ended(self, tx: Transaction, job_id: str, problem: str | None, now: datetime) -> None:
        """Keep that nothing more comes."""
        await self._change(tx, job_id, state=JobState.ENDED, problem=problem, ended_at=now)

    async def close(self, tx: Transaction, job_id: str) -> bool:
        """Forget the requests of a job of which every call has ended."""
        waits = exists().where(calls.c.tenant == tx.tenant, calls.c.job_id == job_id, _NOT_ENDED)
        result = await tx.execute(
            update(jobs)
            .where(jobs.c.tenant == tx.tenant, jobs.c.job_id == job_id, ~waits)
            .values(state=JobState.CLOSED, requests=None)
        )
        return bool(result.rowcount)

    async def open_for(self, tx: Transaction, endpoint: str, keys: Sequence[str]) -> list[Job]:
        """The open jobs of an endpoint that hold one of these calls."""
        found: dict[str, Job] = {}
        for start in range(0, len(keys), KEYS_IN_QUERY):
            among = (calls.c.tenant == tx.tenant) & calls.c.call_key.in_(keys[start : start + KEYS_IN_QUERY])
            named = select(calls.c.job_id).where(among, _NOT_ENDED, calls.c.job_id.is_not(None))
            for job in await self._read(tx, (jobs.c.job_id.in_(named)) & (jobs.c.endpoint == endpoint)):
                found[job.job_id] = job
        return list(found.values())

    async def all_open(self, tx: Transaction) -> list[Job]:
        """The open jobs of every tenant."""
        return await self._read(tx, jobs.c.state != JobState.CLOSED)

    async def listed(self, tx: Transaction) -> list[JobRow]:
        """The newest jobs."""
        columns = [jobs.c[name] for name in JobRow._fields]
        statement = select(*columns).where(jobs.c.tenant == tx.tenant).order_by(jobs.c.created_at.desc()).limit(LISTED)
        return [JobRow(**row) for row in (await tx.execute(statement)).mappings()]

    async def _read(self, tx: Transaction, which: ColumnElement[bool]) -> list[Job]:
        """Open jobs with those of their calls that have not ended."""
        columns = ("job_id", "tenant", "simulation_id", "endpoint", "model", "created_at", "batch_id", "requests")
        statement: Select[tuple[object, ...]] = select(*(jobs.c[name] for name in columns)).where(
            which, jobs.c.state != JobState.CLOSED
        )
        found = []
        for row in (await tx.execute(statement)).mappings().all():
            given = dict(row)
            waiting = select(calls.c.call_key).where(
                calls.c.tenant == given["tenant"], calls.c.job_id == given["job_id"], _NOT_ENDED
            )
            keys = set((await tx.execute(waiting)).scalars())
            requests = given.pop("requests")
            kept = unpack(requests, given["model"]) if requests else []
            found.append(Job(**given, calls=tuple(call for call in kept if call.key in keys)))
        return found

    async def _change(self, tx: Transaction, job_id: str, **values: object) -> None:
        await tx.execute(update(jobs).where(jobs.c.tenant == tx.tenant, jobs.c.job_id == job_id).values(**values))
