"""Publishes a service's outbox. One relay per app; apps that share a database share the work.

Messages are handed over as they are committed, and read back only at start, after trouble, and now and then. A row is
marked published when the server has it on disk, a moment later and many at once; a crash in between publishes it again,
and the server or the receiver drops the second one. When the server's streams are not those the rows went to, every
kept row is sent again: deleting the NATS store loses nothing.
"""

import asyncio
import logging
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
from nats.aio.client import Client
from sqlalchemy import bindparam, delete, func, select, update

from libs.bus.handover import close_mailbox, open_mailbox
from libs.bus.publishing import BATCH_MESSAGES, Outgoing, Publisher
from libs.bus.streams import Spread, kind_of, placed
from libs.bus.tables import INBOX, OUTBOX, STATE
from libs.contracts.envelope import PARTITION_KEY
from libs.db import Database, Transaction, among, texts, upsert
from libs.telemetry.metrics import OUTBOX_AGE, OUTBOX_PUBLISHED, OUTBOX_UNPUBLISHED

logger = logging.getLogger(__name__)

LOOK_UP_S = 5.0  # how often the outbox is read for messages that another process could not publish
YOUNG_S = 2.0  # which then leaves alone what that process may be publishing now
MARK_S = 0.25
LONGEST_BACKOFF_S = 2.0
CLEANING_S = 6 * 3600.0
TOLD_EVERY_S = 30.0
FULL = "no space left"
RESTART = "; a nats-server whose disk was full writes again only once it was started anew"

_MARK = update(OUTBOX).where(among(OUTBOX.c.id, texts("ids"))).values(published_at=bindparam("now"))

Provision = Callable[[], Awaitable[Mapping[str, str]]]


class Relay:
    """`provision` makes the streams match and tells their identities; it is called at start and after a reconnect."""

    def __init__(
        self,
        connection: Client,
        database: Database,
        *,
        service: str,
        provision: Provision,
        retention: timedelta,
        spread: Spread = 1,
    ) -> None:
        self._connection = connection
        self._publisher = Publisher(connection)
        self._database = database
        self._service = service
        self._provision = provision
        self._retention = retention
        self._spread = spread
        self._mailbox = open_mailbox(database.url)
        self._streams_known = False
        self._behind = True
        self._stopping = False
        self._unmarked: list[str] = []
        self._marked_at = self._looked_up_at = time.monotonic()
        self._cleaned_at = -CLEANING_S
        self._failures = 0
        self._failing_since = 0.0
        self._told_at: dict[type[Exception], float] = {}
        self._waiting_since: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_ready(self) -> bool:
        """True while the streams are there and known, and what was last tried to be published could be."""
        return self._streams_known and not self._failures

    async def start(self) -> None:
        """Make the streams match, then publish until stopped. Raises what the first provisioning raises."""
        await self._recognise_streams()
        self._task = asyncio.create_task(self._run(), name=f"{self._service} relay")

    def check_streams(self) -> None:
        """Call when the server may have lost its streams: after a reconnect, or when a consumer is missing."""
        self._streams_known = False
        self._mailbox.bell.set()

    async def stop(self, within: float) -> None:
        """Publish what is there, for at most `within` seconds, and end."""
        close_mailbox(self._database.url, self._mailbox)
        self._stopping = True
        self._mailbox.bell.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=within)
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            self._mailbox.bell.clear()
            try:
                await self._round()
                self._recover()
            except Exception as error:
                await self._back_off(error)
                if self._stopping:
                    return
                continue
            if self._behind or self._mailbox:
                continue
            if self._stopping:
                return
            with suppress(TimeoutError):  # not wait_for, which may forget that it was cancelled (CPython 86296)
                async with asyncio.timeout(MARK_S if self._unmarked else LOOK_UP_S):
                    await self._mailbox.bell.wait()

    async def _round(self) -> None:
        if not self._connection.is_connected:
            raise ConnectionError("not connected")
        if not self._streams_known:
            await self._recognise_streams()
        now = time.monotonic()
        if now - self._cleaned_at > CLEANING_S:
            await self._clean()
        if self._behind or self._mailbox.overflowed:
            await self._catch_up(older_than=0.0)
        elif now - self._looked_up_at >= LOOK_UP_S:
            await self._catch_up(older_than=YOUNG_S)
        else:
            messages = self._mailbox.take(BATCH_MESSAGES)
            await self._publish(messages)
            self._unmarked += [message.id for message in messages]
        overdue = now - self._marked_at >= MARK_S or len(self._unmarked) >= BATCH_MESSAGES
        if self._unmarked and (overdue or self._stopping):
            async with self._database.write() as tx:
                await self._mark(tx)

    async def _back_off(self, error: Exception) -> None:
        """A server that answers nothing may have lost its streams, so they are checked before the next try."""
        self._streams_known = False
        self._behind = True
        self._tell(error)
        self._failures += 1
        now = datetime.now(UTC)
        self._waiting_since = self._waiting_since or now  # stands where the database cannot be asked for more
        with suppress(Exception):
            async with self._database.read() as tx:
                OUTBOX_UNPUBLISHED.labels(self._service).set(await unpublished(tx))
                self._waiting_since = await _oldest(tx) or now
        OUTBOX_AGE.labels(self._service).set(max(0.0, (now - self._waiting_since).total_seconds()))
        if not self._stopping:
            delay = min(LONGEST_BACKOFF_S, 0.05 * 2 ** min(self._failures, 10))
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311

    def _tell(self, error: Exception) -> None:
        """Say why nothing is published, and now and then that it still is not; a server does not always say why."""
        now = time.monotonic()
        if not self._failures:
            self._failing_since = now
            self._told_at.clear()
        if now - self._told_at.get(type(error), -TOLD_EVERY_S) < TOLD_EVERY_S:
            return
        self._told_at[type(error)] = now
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        hint = RESTART if FULL in reason else ""
        logger.warning(
            "the outbox of %s waits, for %.0f s: %s%s", self._service, now - self._failing_since, reason, hint
        )

    def _recover(self) -> None:
        """A round went well."""
        if self._failures:
            logger.warning(
                "the outbox of %s goes on, after %.0f s", self._service, time.monotonic() - self._failing_since
            )
        self._failures = 0

    async def _catch_up(self, *, older_than: float) -> None:
        """Publish up to a batch of unpublished rows, in their order."""
        before = datetime.now(UTC) - timedelta(seconds=older_than)
        self._mailbox.overflowed = False
        if self._database.dialect == "sqlite":
            # One process owns a SQLite file, so nobody else takes these rows, and others can write in the meantime.
            async with self._database.write() as tx:
                await self._mark(tx)
                messages = await _unpublished(tx, before)
            await self._publish(messages)
            self._unmarked += [message.id for message in messages]
            if messages:
                async with self._database.write() as tx:
                    await self._mark(tx)
        else:
            async with self._database.write() as tx:
                await self._mark(tx)
                messages = await _unpublished(tx, before, claim=True)
                await self._publish(messages)
                self._unmarked += [message.id for message in messages]
                await self._mark(tx)
        self._waiting_since = None
        OUTBOX_AGE.labels(self._service).set(0.0)
        self._mailbox.drop({message.id for message in messages})
        self._behind = len(messages) == BATCH_MESSAGES
        self._looked_up_at = time.monotonic()

    async def _publish(self, messages: Sequence[Outgoing]) -> None:
        if not messages:
            return
        by_stream: dict[str, list[Outgoing]] = defaultdict(list)
        for message in messages:
            stream, subject = placed(message.subject, message.headers.get(PARTITION_KEY), self._spread)
            by_stream[stream].append(replace(message, subject=subject))
        outcomes = await asyncio.gather(*map(self._publisher.publish, by_stream.values()), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome
        OUTBOX_PUBLISHED.labels(self._service).inc(len(messages))
        OUTBOX_UNPUBLISHED.labels(self._service).set(len(self._mailbox))

    async def _mark(self, tx: Transaction) -> None:
        """Note what was published. Should the transaction fail, it is published again."""
        ids, self._unmarked = self._unmarked, []
        self._marked_at = time.monotonic()
        if ids:
            await tx.execute(_MARK, {"ids": ids, "now": datetime.now(UTC)})

    async def _recognise_streams(self) -> None:
        identities = await self._provision()
        async with self._database.read() as tx:
            known = await _identities(tx)
        if any(known.get(stream) != identity for stream, identity in identities.items()):
            async with self._database.write() as tx:
                await self._adopt(tx, identities)
            self._behind = True
        self._streams_known = True

    async def _adopt(self, tx: Transaction, identities: Mapping[str, str]) -> None:
        """Note the streams; send again what went to one that is gone."""
        known = await _identities(tx, lock=True)
        self._unmarked.clear()
        for stream, identity in identities.items():
            if known.get(stream, identity) == identity:
                continue
            pattern = f"rehearsal.{kind_of(stream)}.%"  # of one of several streams all: those who had it know it
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


async def unpublished(tx: Transaction) -> int:
    """How many messages wait to be published or to be marked so."""
    statement = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.published_at.is_(None))
    return int((await tx.execute(statement)).scalar_one())


async def _oldest(tx: Transaction) -> datetime | None:
    """When the oldest message that waits to be published was committed."""
    statement = select(OUTBOX.c.created_at).where(OUTBOX.c.published_at.is_(None)).order_by(OUTBOX.c.seq).limit(1)
    return (await tx.execute(statement)).scalar_one_or_none()


async def _unpublished(tx: Transaction, before: datetime, *, claim: bool = False) -> list[Outgoing]:
    statement = (
        select(OUTBOX.c.id, OUTBOX.c.subject, OUTBOX.c.headers, OUTBOX.c.body)
        .where(OUTBOX.c.published_at.is_(None), OUTBOX.c.created_at <= before)
        .order_by(OUTBOX.c.seq)
        .limit(BATCH_MESSAGES)
    )
    if claim:
        statement = statement.with_for_update(skip_locked=True)
    rows = await tx.execute(statement)
    return [Outgoing(row.id, row.subject, orjson.loads(row.headers), row.body) for row in rows]


async def _identities(tx: Transaction, *, lock: bool = False) -> dict[str, str]:
    statement = select(STATE).where(STATE.c.key.like("stream:%"))
    if lock:
        statement = statement.with_for_update()
    return {row.key.removeprefix("stream:"): row.value for row in await tx.execute(statement)}
