"""The provider's side of batch jobs: upload, create, find, poll, download, delete. What came of it is a value."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from services.models.adapters.upstream.connection import Connection, Exchange
from services.models.domain.jobs import JOB, LONGEST_FILE, Batch, find_batch, read_batch
from services.models.domain.refusals import OK, read_refusal
from services.models.domain.retries import delay_s
from services.models.settings import Endpoint

log = logging.getLogger(__name__)
ATTEMPTS = 8
LISTED = 100
MOST_PAGES = 20
WINDOW = "24h"
_NOT_FOUND = frozenset({404, 405, 501})


class BatchError(Exception):
    """The provider refused, or could not be reached for long; says why."""


class Batches:
    """Batch jobs at one endpoint. Every method raises `BatchError`."""

    def __init__(self, endpoint: Endpoint, connection: Connection) -> None:
        self._connection = connection
        self.line_url = "/chat/completions" if endpoint.kind == "azure" else "/v1/chat/completions"

    async def submit(self, job_id: str, lines: Sequence[str], *, is_new: bool) -> Batch:
        """Have a job made, once: one that the provider has already is given back as it is."""
        if not is_new and (found := await self.find(job_id)) is not None:
            return found
        content = "\n".join(lines).encode()
        uploaded = await self._insist(partial(self._connection.upload, "/files", f"{job_id}.jsonl", content))
        file = _text(uploaded.document, "id")
        request = {
            "input_file_id": file,
            "endpoint": self.line_url,
            "completion_window": WINDOW,
            "metadata": {JOB: job_id},
        }
        for attempt in range(1, ATTEMPTS + 1):
            exchange = await self._connection.post("/batches", request)
            if exchange.status == OK and (created := read_batch(exchange.document)) is not None:
                return created
            # An answer that got lost may have been a yes.
            if (found := await self.find(job_id)) is not None:
                return found
            await _wait(exchange, attempt)
        raise BatchError("the provider did not take the batch job")

    async def find(self, job_id: str) -> Batch | None:
        """The batch that carries our id for a job, if the provider has one and can say so."""
        path = f"/batches?limit={LISTED}"
        for _ in range(MOST_PAGES):
            exchange = await self._insist(partial(self._connection.get, path), passing=_NOT_FOUND)
            if (found := find_batch(exchange.document, job_id)) is not None:
                return found
            if (last := _more(exchange.document)) is None:
                break
            path = f"/batches?limit={LISTED}&after={last}"
        return None

    async def get(self, batch_id: str) -> Batch | None:
        """How a job is; None while that cannot be said."""
        exchange = await self._connection.get(f"/batches/{batch_id}")
        if exchange.status == OK:
            return read_batch(exchange.document)
        if exchange.status in _NOT_FOUND:
            raise BatchError(f"the provider knows no batch job {batch_id}")
        log.warning("batch job %s: %s", batch_id, _reason(exchange))
        return None

    async def download(self, file: str) -> str:
        """The text of a file."""
        exchange = await self._insist(partial(self._connection.download, f"/files/{file}/content", LONGEST_FILE))
        return exchange.body

    async def delete(self, files: Sequence[str]) -> None:
        """Take prompts and answers off the provider's disk; that it cannot is not our trouble."""
        for file in files:
            await self._connection.delete(f"/files/{file}")

    async def _insist(
        self, ask: Callable[[], Awaitable[Exchange]], *, passing: frozenset[int] = frozenset()
    ) -> Exchange:
        """Ask until there is an answer, for some minutes."""
        attempt = 0
        while True:
            attempt += 1
            exchange = await ask()
            if exchange.status == OK or exchange.status in passing:
                return exchange
            await _wait(exchange, attempt)


async def _wait(exchange: Exchange, attempt: int) -> None:
    """Wait before the next attempt. Raises `BatchError` when there should be none."""
    refusal = None if exchange.problem else read_refusal(exchange.status, exchange.body)
    delay = delay_s(attempt, None)
    if (refusal is not None and not refusal.is_retryable) or attempt >= ATTEMPTS or delay is None:
        raise BatchError(_reason(exchange))
    await asyncio.sleep(delay)


def _reason(exchange: Exchange) -> str:
    return exchange.problem or read_refusal(exchange.status, exchange.body).message


def _text(document: object, name: str) -> str:
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, str):
        raise BatchError(f"the provider's answer holds no {name}")
    return found


def _more(document: object) -> str | None:
    """The id after which a list goes on."""
    if not isinstance(document, dict) or not document.get("has_more"):
        return None
    last = document.get("last_id")
    return last if isinstance(last, str) else None
