"""An endpoint's batch jobs as a backend: collects calls into jobs, sees each job through, hands its results out.

A job is kept before it is submitted, and its results are the provider's until they are in the ledger: whoever asks for
a call of a job that is open, in this process or after a restart, is given what comes of that job.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol
from uuid import uuid4

from services.models.adapters.backend import Wanted
from services.models.adapters.upstream.backend import Answer, Upstream, spent_on
from services.models.adapters.upstream.batches import BatchError, Batches
from services.models.adapters.upstream.knowledge import Knowledge
from services.models.adapters.upstream.requests import chat_request
from services.models.domain.calls import Call, Outcome
from services.models.domain.jobs import MOST_CALLS, Batch, Job, input_line, read_lines
from services.models.domain.refusals import Cause, Refusal
from services.models.domain.replies import Reading
from services.models.domain.scheduling.shares import Share
from services.models.settings import Endpoint

log = logging.getLogger(__name__)
CLOSE_S = 0.5
"""How often it is looked whether the calls of a job that is over are all in the ledger."""

Slot = tuple[str, str]
"""Tenant and call key."""


class Jobs(Protocol):
    """Where jobs outlive the process."""

    async def add(self, job: Job) -> None:
        """Keep a job that is not submitted yet."""

    async def submitted(self, job: Job, batch_id: str) -> None:
        """Keep the provider's id for it."""

    async def ended(self, job: Job, problem: str | None) -> None:
        """Keep that nothing more comes of it, and why if it failed."""

    async def close(self, job: Job) -> bool:
        """Forget its calls once all of them are in the ledger; gives whether they are."""

    async def open_for(self, tenant: str, keys: Sequence[str]) -> list[Job]:
        """The jobs that are not closed and hold one of these calls, with those calls that have not ended."""


class Pace(NamedTuple):
    """How long calls are collected, and how often a provider is asked how a job is."""

    linger_s: float
    poll_s: float


class Desk:
    """The batch jobs of one endpoint."""

    is_free = False
    is_batched = True

    def __init__(
        self, endpoint: Endpoint, batches: Batches, chat: Upstream, knowledge: Knowledge, jobs: Jobs, pace: Pace
    ) -> None:
        self.models = chat.models if endpoint.batches else ()
        self._endpoint = endpoint
        self._served_as = {model.name: model.served_as for model in endpoint.models}
        self._batches = batches
        self._chat = chat
        self._knowledge = knowledge
        self._jobs = jobs
        self._pace = pace
        self._collecting: dict[tuple[Share, str], list[Call]] = {}
        self._waiting: dict[Slot, asyncio.Queue[Outcome]] = {}
        self._results: dict[str, dict[str, Outcome]] = {}
        """By job and call key: what came of calls of jobs that are not closed."""
        self._tasks: set[asyncio.Task[None]] = set()

    def snapshot(self, model: str) -> str:
        """As for a call that is made at once: a batch job gives no other answer."""
        return self._chat.snapshot(model)

    async def run(self, calls: Sequence[Call], share: Share, is_wanted: Wanted) -> AsyncIterator[Outcome]:
        """Have the calls made in jobs, wanted or not; those that an open job holds already are waited for."""
        queue: asyncio.Queue[Outcome] = asyncio.Queue()
        slots = [(share.tenant, call.key) for call in calls]
        self._waiting |= dict.fromkeys(slots, queue)
        try:
            open_jobs = await self._jobs.open_for(share.tenant, [call.key for call in calls])
            held = {call.key for job in open_jobs for call in job.calls}
            for job in open_jobs:
                self._follow(job, share, is_new=False)
            self._collect([call for call in calls if call.key not in held], share)
            for _ in calls:
                yield await queue.get()
        finally:
            for slot in slots:
                self._waiting.pop(slot, None)

    async def close(self) -> None:
        """Stop following jobs; they go on at the provider, and are followed again after the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _collect(self, calls: Sequence[Call], share: Share) -> None:
        """Add calls to the next job of their simulation and model, which is made when it is full or after a while."""
        by_model: dict[str, list[Call]] = defaultdict(list)
        for call in calls:
            by_model[call.model].append(call)
        for model, some in by_model.items():
            collected = self._collecting.setdefault((share, model), [])
            if not collected:
                self._spawn(self._linger(share, model))
            collected += some
            while len(collected) >= MOST_CALLS:
                full, collected[:] = collected[:MOST_CALLS], collected[MOST_CALLS:]
                self._spawn(self._begin(full, share, model))

    async def _linger(self, share: Share, model: str) -> None:
        await asyncio.sleep(self._pace.linger_s)
        calls = self._collecting.pop((share, model), [])
        if calls:
            await self._begin(calls, share, model)

    async def _begin(self, calls: Sequence[Call], share: Share, model: str) -> None:
        job = Job(
            job_id=uuid4().hex,
            tenant=share.tenant,
            simulation_id=share.simulation_id,
            endpoint=self._endpoint.name,
            model=model,
            calls=tuple(calls),
            created_at=datetime.now(UTC),
        )
        try:
            await self._jobs.add(job)
        except Exception as error:  # without its row a job is not submitted: it could not be found again
            log.exception("a batch job could not be kept")
            self._fail(job, f"the batch job could not be kept: {type(error).__name__}")
            return
        self._follow(job, share, is_new=True)

    def _follow(self, job: Job, share: Share, *, is_new: bool) -> None:
        """See a job through, unless that is being done; what is known of its calls is handed out now."""
        known = self._results.get(job.job_id)
        if known is None:
            self._results[job.job_id] = {}
            self._spawn(self._see_through(job, share, is_new=is_new))
            return
        for key, outcome in known.items():
            self._deliver((job.tenant, key), outcome)

    async def _see_through(self, job: Job, share: Share, *, is_new: bool) -> None:
        problem: str | None = None
        batch: Batch | None = None
        try:
            batch = await self._ended_batch(job, is_new=is_new)
            problem = await self._hand_out(job, batch, share)
        except BatchError as error:
            problem = str(error)
        except Exception as error:  # the calls of a job are waited for: something has to come of them
            log.exception("batch job %s failed unexpectedly", job.job_id)
            problem = f"the batch job failed: {type(error).__name__}"
        self._fail(job, problem or "the batch job did not make this call")
        try:
            await self._jobs.ended(job, problem)
            await self._until_closed(job)
        except Exception:
            log.exception("batch job %s stays open until the next start", job.job_id)
            return
        del self._results[job.job_id]
        if batch is not None:
            await self._batches.delete([*batch.files, *filter(None, [batch.input_file])])

    async def _until_closed(self, job: Job) -> None:
        while True:
            await asyncio.sleep(CLOSE_S)
            if await self._jobs.close(job):
                return

    async def _ended_batch(self, job: Job, *, is_new: bool) -> Batch:
        """The provider's job once it is over."""
        if job.batch_id is None:
            batch = await self._batches.submit(job.job_id, await self._lines(job), is_new=is_new)
            await self._jobs.submitted(job, batch.batch_id)
            log.info("batch job %s: %d calls are %s", job.job_id, len(job.calls), batch.batch_id)
            job = replace(job, batch_id=batch.batch_id)
        while True:
            found = await self._batches.get(job.batch_id or "")
            if found is not None and found.is_over:
                return found
            await asyncio.sleep(self._pace.poll_s)

    async def _lines(self, job: Job) -> list[str]:
        model, url = self._served_as[job.model], self._batches.line_url
        return [
            input_line(call.key, url, chat_request(call, model, await self._knowledge.of(call))) for call in job.calls
        ]

    async def _hand_out(self, job: Job, batch: Batch, share: Share) -> str | None:
        """Give out what came of the calls; gives why there are others of which nothing came."""
        calls = {call.key: call for call in job.calls}
        latency_s = (datetime.now(UTC) - job.created_at).total_seconds()
        for file in batch.files:
            found = list(read_lines(await self._batches.download(file), calls))
            await asyncio.gather(*(self._settle(job, call, reading, latency_s, share) for call, reading in found))
        if batch.status == "completed":
            return None
        return f"the batch job {batch.status} before this call was made{batch.problem and ': '}{batch.problem}"

    async def _settle(self, job: Job, call: Call, found: Reading | Refusal, latency_s: float, share: Share) -> None:
        """One call: a reply that cannot be read is asked for once more, at once and at its price."""
        spent = (spent_on(call, found, is_batched=True),) if isinstance(found, Reading) else ()
        answer = Answer(found, attempts=1, latency_s=latency_s, spent=spent)
        self._keep(job, await self._chat.finish(call, answer, share))

    def _fail(self, job: Job, reason: str) -> None:
        """Those calls of which nothing came."""
        known = self._results.get(job.job_id, {})
        refusal = Refusal(Cause.OTHER, reason, is_retryable=False)
        for call in job.calls:
            if call.key not in known:
                self._keep(job, Outcome(call.key, call.model, None, refusal.message, is_answered=False))

    def _keep(self, job: Job, outcome: Outcome) -> None:
        self._results.setdefault(job.job_id, {})[outcome.key] = outcome
        self._deliver((job.tenant, outcome.key), outcome)

    def _deliver(self, slot: Slot, outcome: Outcome) -> None:
        queue = self._waiting.pop(slot, None)
        if queue is not None:
            queue.put_nowait(outcome)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
