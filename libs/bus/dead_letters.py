"""Messages that could not be handled: kept with their error for 90 days, to be looked at and sent again.

A dead letter keeps the original bytes and headers. A replay goes to the original subject, so every consumer of the
message sees it, and those that handled it recognise its id.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from libs.bus.streams import DEAD_LETTERS
from libs.contracts import subjects

SUBJECT = "rehearsal-subject"
CONSUMER = "rehearsal-consumer"
ERROR = "rehearsal-error"
DELIVERIES = "rehearsal-deliveries"
_OWN = frozenset({SUBJECT, CONSUMER, ERROR, DELIVERIES})
ERROR_LENGTH = 2_000
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


async def bury(js: JetStreamContext, message: Msg, *, consumer: str, error: Exception) -> None:
    """Put a message among the dead letters; the caller then takes it off its stream."""
    metadata = message.metadata
    headers = _portable(message.headers or {}) | {
        # Not the id of the message: one that failed, was replayed and failed again is a dead letter twice.
        "Nats-Msg-Id": f"{consumer}:{metadata.stream}:{metadata.sequence.stream}:{metadata.timestamp.timestamp()}",
        SUBJECT: message.subject,
        CONSUMER: consumer,
        ERROR: f"{type(error).__name__}: {error}"[:ERROR_LENGTH],
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
        headers = raw.headers or {}
        after = raw.seq or 0
        found.append(
            DeadLetter(
                sequence=after,
                subject=headers.get(SUBJECT, ""),
                consumer=headers.get(CONSUMER, ""),
                error=headers.get(ERROR, ""),
                deliveries=int(headers.get(DELIVERIES, "0")),
                failed_at=raw.time,
                headers={name: value for name, value in _portable(headers).items() if name not in _OWN},
                body=raw.data or b"",
            )
        )
    return found


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
