"""Publishes a service's outbox, in the order of its rows. One relay per app; apps that share a database share the work.

A row is marked published only when the server has it on disk, so a crash in between publishes it again and the server
or the receiver drops the second one. When the server's streams are not those the rows went to, every kept row is sent
again: deleting the NATS store loses nothing.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from nats.aio.client import Client
from sqlalchemy import Row, delete, select, update

from libs.bus import wakeup
from libs.bus.publishing import BATCH_MESSAGES, Outgoing, Publisher
from libs.bus.streams import PUBLISHED
from libs.bus.tables import INBOX, OUTBOX, STATE
from libs.db import Database, Transaction, upsert
from libs.telemetry.metrics import OUTBOX_PUBLISHED, OUTBOX_UNPUBLISHED

logger = logging.getLogger(__name__)

POLL_S = 1.0
LONGEST_BACKOFF_S = 2.0
CLEANING_S = 6 * 3600.0

Provision = Callable[[], Awaitable[Mapping[str, str]]]
Rows = Sequence[Row[Any]]


class Relay:
    """`provision` makes the streams match and tells their identities; it is called at start and after a reconnect."""

    def __init__(
        self, connection: Client, database: Database, *, service: str, provision: Provision, retention: timedelta
    ) -> None:
        self._connection = connection
        self._publisher = Publisher(connection)
        self._database = database
        self._service = service
        self._provision = provision
        self._retention = retention
        self._bell = wakeup.listen(database.url)
        self._streams_known = False
        self._stopping = False
        self._cleaned_at = -CLEANING_S
        self._failures = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        """True once the streams are there and known, until they may have changed."""
        return self._streams_known

    async def start(self) -> None:
        """Make the streams match, then publish until stopped. Raises what the first provisioning raises."""
        await self._recognise_streams()
        self._task = asyncio.create_task(self._run(), name=f"{self._service} relay")

    def check_streams(self) -> None:
        """Call when the server may have lost its streams: after a reconnect, or when a consumer is missing."""
        self._streams_known = False
        self._bell.set()

    async def stop(self, within: float) -> None:
        """Publish what is there, for at most `within` seconds, and end."""
        wakeup.forget(self._database.url, self._bell)
        self._stopping = True
        self._bell.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=within)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        more = True
        while more or not self._stopping:
            self._bell.clear()
            try:
                more = await self._round()
                self._failures = 0
            except Exception as error:
                await self._back_off(error)
                more = False
                continue
            if not more and not self._stopping:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), POLL_S)
                more = True

    async def _round(self) -> bool:
        """Publish once; True when there may be more."""
        if not self._connection.is_connected:
            raise ConnectionError("not connected")
        if not self._streams_known:
            await self._recognise_streams()
        if time.monotonic() - self._cleaned_at > CLEANING_S:
            await self._clean()
        return await self._publish_some() == BATCH_MESSAGES

    async def _back_off(self, error: Exception) -> None:
        """A server that answers nothing may have lost its streams, so they are checked before the next try."""
        self._streams_known = False
        self._failures += 1
        level = logging.WARNING if self._failures in {1, 10} or self._failures % 100 == 0 else logging.DEBUG
        logger.log(level, "the outbox of %s waits: %r", self._service, error)
        if not self._stopping:
            delay = min(LONGEST_BACKOFF_S, 0.05 * 2 ** min(self._failures, 10))
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311

    async def _publish_some(self) -> int:
        """Publish up to a batch of rows; their number."""
        if self._database.dialect == "sqlite":
            # One process owns a SQLite file, so nobody else takes these rows, and others can write in the meantime.
            async with self._database.read() as tx:
                rows = await _unpublished(tx)
            await self._publish(rows)
            if rows:
                async with self._database.write() as tx:
                    await _mark_published(tx, rows)
        else:
            async with self._database.write() as tx:
                rows = await _unpublished(tx, claim=True)
                await self._publish(rows)
                if rows:
                    await _mark_published(tx, rows)
        OUTBOX_PUBLISHED.labels(self._service).inc(len(rows))
        if len(rows) < BATCH_MESSAGES:
            OUTBOX_UNPUBLISHED.labels(self._service).set(0)
        return len(rows)

    async def _publish(self, rows: Rows) -> None:
        OUTBOX_UNPUBLISHED.labels(self._service).set(len(rows))
        for subjects in PUBLISHED.values():
            stem = subjects.removesuffix(">")
            mine = (row for row in rows if row.subject.startswith(stem))
            await self._publisher.publish([Outgoing(row.subject, orjson.loads(row.headers), row.body) for row in mine])

    async def _recognise_streams(self) -> None:
        identities = await self._provision()
        async with self._database.read() as tx:
            known = await _identities(tx)
        if known != identities:
            async with self._database.write() as tx:
                await self._adopt(tx, identities)
        self._streams_known = True

    async def _adopt(self, tx: Transaction, identities: Mapping[str, str]) -> None:
        """Note the streams; send again what went to one that is gone."""
        known = await _identities(tx, lock=True)
        for stream, identity in identities.items():
            if known.get(stream, identity) == identity:
                continue
            pattern = PUBLISHED[stream].removesuffix(">") + "%"
            lost = OUTBOX.c.published_at.is_not(None) & OUTBOX.c.subject.like(pattern)
            count = (await tx.execute(update(OUTBOX).where(lost).values(published_at=None))).rowcount
            logger.warning("stream %s was made anew: %s sends %d kept messages again", stream, self._service, count)
        await upsert(tx, STATE, [{"key": f"stream:{name}", "value": value} for name, value in identities.items()])

    async def _clean(self) -> None:
        before = datetime.now(UTC) - self._retention
        async with self._database.write() as tx:
            await tx.execute(delete(OUTBOX).where(OUTBOX.c.published_at < before))
            await tx.execute(delete(INBOX).where(INBOX.c.received_at < before))
        self._cleaned_at = time.monotonic()


async def _unpublished(tx: Transaction, *, claim: bool = False) -> Rows:
    statement = (
        select(OUTBOX.c.seq, OUTBOX.c.subject, OUTBOX.c.headers, OUTBOX.c.body)
        .where(OUTBOX.c.published_at.is_(None))
        .order_by(OUTBOX.c.seq)
        .limit(BATCH_MESSAGES)
    )
    if claim:
        statement = statement.with_for_update(skip_locked=True)
    return (await tx.execute(statement)).all()


async def _mark_published(tx: Transaction, rows: Rows) -> None:
    published = OUTBOX.c.seq.in_([row.seq for row in rows])
    await tx.execute(update(OUTBOX).where(published).values(published_at=datetime.now(UTC)))


async def _identities(tx: Transaction, *, lock: bool = False) -> dict[str, str]:
    statement = select(STATE).where(STATE.c.key.like("stream:%"))
    if lock:
        statement = statement.with_for_update()
    return {row.key.removeprefix("stream:"): row.value for row in await tx.execute(statement)}
