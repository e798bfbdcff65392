"""CloudEvents 1.0 in binary mode: attributes travel as lower-case `ce-…` NATS headers, the payload is the data.

The first message of a flow has a uuid7. Every message that another one caused has uuid5(identity of the cause, type,
discriminator), so a retried handler emits the same ids again and every receiver recognises them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from libs.contracts.base import MessageData
from libs.contracts.ids import derived_id, uuid7

DEFAULT_TENANT = "default"
PARTITION_KEY = "ce-partitionkey"
OUTSIDE = "rehearsal.gateway."
"""With this begin the types of what systems outside publish; the gateway is named as its owner."""
D_co = TypeVar("D_co", bound=MessageData, covariant=True)


@dataclass(frozen=True, slots=True)
class Envelope:
    """CloudEvents attributes of one message; from `correlationid` on they are extensions."""

    id: str
    source: str
    type: str
    time: datetime
    subject: str
    dataschema: str
    correlationid: str
    causationid: str | None
    tenant: str
    traceparent: str | None = None
    partitionkey: str | None = None

    @property
    def identity(self) -> str:
        """What no other message has. Ids that systems outside choose are those of their tenant, source and request."""
        if not self.type.startswith(OUTSIDE):
            return self.id
        return str(derived_id(self.tenant, self.source, self.id, self.subject))

    def headers(self) -> dict[str, str]:
        """NATS headers; `Nats-Msg-Id` makes JetStream drop a second publication of the same message."""
        headers = {
            "Nats-Msg-Id": self.id,
            "content-type": "application/json",
            "ce-specversion": "1.0",
            "ce-id": self.id,
            "ce-source": self.source,
            "ce-type": self.type,
            "ce-time": self.time.isoformat(),
            "ce-subject": self.subject,
            "ce-dataschema": self.dataschema,
            "ce-correlationid": self.correlationid,
            "ce-tenant": self.tenant,
        }
        if self.causationid is not None:
            headers["ce-causationid"] = self.causationid
        if self.traceparent is not None:
            headers["traceparent"] = self.traceparent
        if self.partitionkey is not None:
            headers[PARTITION_KEY] = self.partitionkey
        return headers

    @classmethod
    def from_headers(cls, headers: dict[str, str]) -> "Envelope":
        """Read an envelope. Raises `KeyError` naming a required header that is missing, `ValueError` for a bad time."""
        return cls(
            id=headers["ce-id"],
            source=headers["ce-source"],
            type=headers["ce-type"],
            time=datetime.fromisoformat(headers["ce-time"]),
            subject=headers.get("ce-subject", ""),
            dataschema=headers.get("ce-dataschema", ""),
            correlationid=headers.get("ce-correlationid", headers["ce-id"]),
            causationid=headers.get("ce-causationid"),
            tenant=headers.get("ce-tenant", DEFAULT_TENANT),
            traceparent=headers.get("traceparent"),
            partitionkey=headers.get(PARTITION_KEY),
        )


@dataclass(frozen=True, slots=True)
class Message(Generic[D_co]):
    """A payload in its envelope."""

    envelope: Envelope
    data: D_co


def seal(
    data: MessageData,
    *,
    source: str,
    tenant: str = DEFAULT_TENANT,
    cause: Envelope | None = None,
    discriminator: object = 0,
    correlation_id: str | None = None,
    traceparent: str | None = None,
) -> Envelope:
    """The envelope of a message that `source` (a service name) sends.

    `discriminator` tells apart messages of one type and one cause; it must be the same when the cause is handled again.
    """
    kind = data.contract.type
    identity = uuid7() if cause is None else derived_id("message", cause.identity, kind, discriminator)
    return Envelope(
        id=str(identity),
        source=f"/services/{source}",
        type=kind,
        time=datetime.now(UTC),
        subject=data.key,
        dataschema=data.contract.schema_name,
        correlationid=cause.correlationid if cause else correlation_id or str(identity),
        causationid=cause.id if cause else None,
        tenant=cause.tenant if cause else tenant,
        traceparent=traceparent,
        partitionkey=None if data.contract.spread is None else str(getattr(data, data.contract.spread)),
    )
