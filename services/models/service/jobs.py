"""Batch jobs, kept in the database, each step in a transaction of its own: what a job is must outlive the process."""

from collections.abc import Sequence
from datetime import UTC, datetime

from libs.db import Database
from services.models.domain.jobs import Job
from services.models.store import JobStore


class EndpointJobs:
    """The jobs of one endpoint."""

    def __init__(self, endpoint: str, database: Database, store: JobStore) -> None:
        self._endpoint = endpoint
        self._database = database
        self._store = store

    async def add(self, job: Job) -> None:
        """Keep a job that is not submitted yet."""
        async with self._database.write(tenant=job.tenant) as tx:
            await self._store.add(tx, job)

    async def submitted(self, job: Job, batch_id: str) -> None:
        """Keep the provider's id for it."""
        async with self._database.write(tenant=job.tenant) as tx:
            await self._store.submitted(tx, job.job_id, batch_id, datetime.now(UTC))

    async def ended(self, job: Job, problem: str | None) -> None:
        """Keep that nothing more comes of it."""
        async with self._database.write(tenant=job.tenant) as tx:
            await self._store.ended(tx, job.job_id, problem, datetime.now(UTC))

    async def close(self, job: Job) -> bool:
        """Forget its calls once all of them are in the ledger."""
        async with self._database.write(tenant=job.tenant) as tx:
            return await self._store.close(tx, job.job_id)

    async def open_for(self, tenant: str, keys: Sequence[str]) -> list[Job]:
        """The jobs that are not closed and hold one of these calls."""
        async with self._database.read(tenant=tenant) as tx:
            return await self._store.open_for(tx, self._endpoint, keys)
