"""Messages that could not be handled: kept with their error for 90 days, to be looked at and sent again.

A dead letter keeps the original bytes and headers. A replay goes to the original subject, so every consumer of the
message sees it, and those that handled it recognise its id. A service that waits for what a message would have brought
about listens for its dead letter (`Router.dead`): it may be unreadable, so only the subject and the error are certain.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from libs.bus.streams import DEAD_LETTERS
from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.contracts.envelope import Envelope
from libs.contracts.ids import derived_id
from libs.db import said_by

SUBJECT = "rehearsal-subject"
CONSUMER = "rehearsal-consumer"
ERROR = "rehearsal-error"
DELIVERIES = "rehearsal-deliveries"
_OWN = frozenset({SUBJECT, CONSUMER, ERROR, DELIVERIES})
ERROR_LENGTH = 2_000
D = TypeVar("D", bound=MessageData)
_HEADER_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that one consumer gave up."""

    sequence: int
    subject: str
    consumer: str
    error: str
    deliveries: int
    failed_at: datetime | None
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str | None:
        """The CloudEvents id, None when the message had none."""
        return self.headers.get("ce-id")

    @property
    def correlation_id(self) -> str | None:
        """That of the request it comes from, as logs have it; None when the message had none."""
        return self.headers.get("ce-correlationid", self.id)

    @property
    def name(self) -> str:
        """The name of the message."""
        return self.subject.split(".")[4]

    @property
    def tenant(self) -> str:
        """Whose message it is; nobody's when its subject is unknown."""
        parts = self.subject.split(".")
        return parts[2] if len(parts) > 2 else ""

    @property
    def key(self) -> str:
        """The id that the subject ends with."""
        return self.subject.rsplit(".", 1)[1]

    def read(self, data: type[D]) -> D | None:
        """What the message says; None when it cannot be read."""
        try:
            return data.model_validate_json(self.body)
        except ValidationError:
            return None

    def envelope(self) -> Envelope:
        """That of the dead letter itself: a message that fails, is replayed and fails again is two of them."""
        identity = str(derived_id("dead letter", self.consumer, self.subject, self.sequence, self.failed_at))
        return Envelope(
            id=identity,
            source="/dead-letters",
            type="rehearsal.dead-letter",
            time=self.failed_at or datetime.now(UTC),
            subject=self.key,
            dataschema="",
            correlationid=self.correlation_id or identity,
            causationid=self.id,
            tenant=self.tenant,
            traceparent=self.headers.get("traceparent"),
        )


async def bury(js: JetStreamContext, message: Msg, *, consumer: str, error: Exception) -> None:
    """Put a message among the dead letters; the caller then takes it off its stream."""
    metadata = message.metadata
    headers = _portable(message.headers or {}) | {
        # Not the id of the message: one that failed, was replayed and failed again is a dead letter twice.
        "Nats-Msg-Id": f"{consumer}:{metadata.stream}:{metadata.sequence.stream}:{metadata.timestamp.timestamp()}",
        SUBJECT: message.subject,
        CONSUMER: consumer,
        ERROR: f"{type(error).__name__}: {said_by(error) or error}"[:ERROR_LENGTH],
        DELIVERIES: str(metadata.num_delivered),
    }
    await js.publish(subjects.dead_letter(message.subject), message.data, headers=headers)


async def dead_letters(js: JetStreamContext, *, after: int = 0, limit: int = 100) -> list[DeadLetter]:
    """Dead letters with a sequence number above `after`, oldest first."""
    found: list[DeadLetter] = []
    while len(found) < limit:
        try:
            raw = await js.get_msg(DEAD_LETTERS, seq=after + 1, subject=subjects.DEAD_LETTERS, next=True, direct=True)
        except NotFoundError:
            break
        after = raw.seq or 0
        found.append(_letter(after, raw.time, raw.headers or {}, raw.data or b""))
    return found


def delivered(raw: Msg) -> DeadLetter:
    """The dead letter that a consumer of the stream was given."""
    return _letter(raw.metadata.sequence.stream, raw.metadata.timestamp, raw.headers or {}, raw.data)


def _letter(sequence: int, stored_at: datetime | None, headers: Mapping[str, str], body: bytes) -> DeadLetter:
    return DeadLetter(
        sequence=sequence,
        subject=headers.get(SUBJECT, ""),
        consumer=headers.get(CONSUMER, ""),
        error=headers.get(ERROR, ""),
        deliveries=int(headers.get(DELIVERIES, "0")),
        failed_at=stored_at,
        headers={name: value for name, value in _portable(headers).items() if name not in _OWN},
        body=body,
    )


async def replay(js: JetStreamContext, letters: Iterable[DeadLetter]) -> int:
    """Send dead letters again and take each off the list once that is done; how many there were."""
    count = 0
    for letter in letters:
        # A fresh transport id, or the stream would take it for the publication it has seen; the ce-id stays.
        headers = letter.headers | {"Nats-Msg-Id": f"replay:{uuid4().hex}"}
        await js.publish(letter.subject, letter.body, headers=headers)
        await js.delete_msg(DEAD_LETTERS, letter.sequence)
        count += 1
    return count


def _portable(headers: Mapping[str, str]) -> dict[str, str]:
    """Without what NATS would act upon again (batch places, expectations, transport ids) or could not carry."""
    return {
        name: value
        for name, value in headers.items()
        if _HEADER_NAME.fullmatch(name) and not name.lower().startswith("nats-")
    }
