"""Messages that a transaction sends: rows written with its other changes and published by the relay after the commit.

A transaction that sends more than a portion has it written at once, so that however many it sends few are in memory.
Ids derive from the cause, the type and the discriminator, so work that is done again sends the same ids. Two
transactions with one cause must therefore tell their messages apart by `discriminator`: a second message with an id
that is there already is not sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

import orjson
from opentelemetry.trace import SpanKind
from sqlalchemy import update

from libs.bus.handover import hand_over, look_up
from libs.bus.publishing import Outgoing
from libs.bus.tables import OUTBOX
from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.contracts.envelope import Envelope, seal
from libs.db import Database, Transaction, insert_into, said_by
from libs.telemetry import correlation_id, inject_traceparent, span

PORTION = 500
MAX_BODY_BYTES = 4_000_000  # the servers of the platform accept 4 MiB, headers included


@dataclass(slots=True)
class _Pending:
    """What a transaction sends and has not written yet; `is_large` once some of it was written."""

    messages: list[tuple[Outgoing, datetime]] = field(default_factory=list)
    is_large: bool = False


class Outbox:
    """Sends the messages of one service."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._pending: WeakKeyDictionary[Transaction, _Pending] = WeakKeyDictionary()

    async def add(
        self,
        tx: Transaction,
        data: MessageData,
        *,
        cause: Envelope | None = None,
        discriminator: object = None,
    ) -> Envelope:
        """Send a message when `tx` commits. `cause` is that of the transaction unless given; the default
        discriminator is the number of messages the transaction has sent before. Without a cause the message belongs
        to the HTTP request that is being answered.

        Raises `ValueError` for a payload that is too large or a key that cannot stand in a subject.
        """
        with span(f"send {subjects.template(data.contract)}", kind=SpanKind.PRODUCER):
            envelope = seal(
                data,
                source=self.source,
                tenant=tx.tenant,
                cause=cause or tx.cause,
                discriminator=tx.messages_sent if discriminator is None else discriminator,
                correlation_id=correlation_id.get(),
                traceparent=inject_traceparent(),
            )
        body = data.model_dump_json().encode()
        if len(body) > MAX_BODY_BYTES:
            raise ValueError(
                f"{data.contract.name} of {len(body)} bytes is too large to send; at most {MAX_BODY_BYTES}"
            )
        subject = subjects.concrete(data.contract, envelope.tenant, data.key)
        tx.messages_sent += 1
        await self._collect(tx, Outgoing(envelope.id, subject, envelope.headers(), body), envelope.time)
        return envelope

    async def _collect(self, tx: Transaction, message: Outgoing, time: datetime) -> None:
        pending = self._pending.get(tx)
        if pending is None:
            pending = self._pending[tx] = _Pending()
            self._send_at_the_end(tx, pending)
        pending.messages.append((message, time))
        if len(pending.messages) == PORTION:
            await _write(tx, pending.messages)
            pending.messages, pending.is_large = [], True

    def _send_at_the_end(self, tx: Transaction, pending: _Pending) -> None:
        database = tx.connection.engine.url

        async def write() -> None:
            del self._pending[tx]
            await _write(tx, pending.messages)

        def hand_on() -> None:
            if pending.is_large:
                look_up(database)
            else:
                hand_over(database, [message for message, _ in pending.messages])

        tx.before_commit(write)
        tx.after_commit(hand_on)


async def _write(tx: Transaction, messages: Sequence[tuple[Outgoing, datetime]]) -> None:
    if messages:
        statement = insert_into(tx.dialect, OUTBOX).on_conflict_do_nothing(index_elements=["id"])
        await tx.execute(statement, [_row(message, time) for message, time in messages])


def _row(message: Outgoing, time: datetime) -> dict[str, object]:
    return {
        "id": message.id,
        "subject": message.subject,
        "headers": orjson.dumps(message.headers).decode(),
        "body": message.body,
        "created_at": time,
    }


async def republish(database: Database, since: datetime | None = None) -> int:
    """Send every kept message again, or those created since then; receivers recognise what they had. Their number.

    Raises `ConnectionError` for a database that does not answer or is no service's.
    """
    statement = update(OUTBOX).where(OUTBOX.c.published_at.is_not(None)).values(published_at=None)
    if since is not None:
        statement = statement.where(OUTBOX.c.created_at >= since.astimezone(UTC))
    try:
        async with database.write() as tx:
            count = (await tx.execute(statement)).rowcount
            tx.after_commit(lambda: look_up(database.url))
    except Exception as error:
        why = str(error) if isinstance(error, OSError) else said_by(error)
        if why is None:
            raise
        raise ConnectionError(f"{database.url.database} has no outbox to be reached: {why}") from error
    return count
