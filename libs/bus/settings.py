"""Settings of the bus, one set per service; every time is in seconds."""

from pydantic import BaseModel, ConfigDict, Field

from libs.bus.streams import Spread
from libs.bus.tls import Tls

PING_S, UNANSWERED = 5, 2
"""A connection to NATS is lost when a third ping is due and none was answered. nats-py's own are two minutes apart."""


class BusSettings(BaseModel):
    """How a service uses the bus. `nats_url` may hold a user and a password, and several URLs separated by commas."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nats_url: str = "nats://127.0.0.1:4222"
    credentials: str | None = Field(default=None, description="Path of a NATS .creds file.")
    tls: Tls = Tls()
    inbox_prefix: str = Field(default="_INBOX", description="Reply subjects; per user where permissions demand it.")
    replicas: int = Field(default=1, ge=1, le=5, description="Replicas of each stream.")
    spread: Spread = Field(default=1, description="Streams of each kind for messages in great number: 1, 4 or 16.")
    retention_days: int = Field(default=30, ge=1, description="How long rows of the outbox and the inbox are kept.")
    connect_timeout: float = Field(default=30.0, gt=0, description="Longest wait for a server at start.")
    ack_wait: float = Field(default=30.0, ge=1, description="A message not settled for so long is delivered again.")
    retry_delays: tuple[float, ...] = Field(
        default=(0.2, 1.0, 5.0, 15.0), description="Waits before tries 2, 3, …; then the message is a dead letter."
    )
    patience: float = Field(default=600.0, gt=0, description="How long a message may stay not ready.")
    early: float = Field(default=1.0, ge=0, description="How long a message that is not ready is kept in hand.")
    absence: float = Field(
        default=60.0, ge=0, description="How long one is kept in hand while what it needs is away; then it comes again."
    )
    hold_delay: float = Field(default=5.0, gt=0, description="Wait before the next try of a message that is on hold.")
    fetch_timeout: float = Field(
        default=2.0, ge=1, description="How long one request for messages stays open, and a stop may wait for it."
    )
    drain_timeout: float = Field(default=120.0, gt=0, description="Longest wait for handlers when the service stops.")
    handlers_at_once: int = Field(default=4, ge=1, description="Messages of one type handled at the same time.")
    work_at_once: int = Field(default=4, ge=1, description="Messages of one type worked on at the same time.")
    sink_batch: int = Field(default=500, ge=1, le=1000, description="Most messages in one transaction of a sink.")
