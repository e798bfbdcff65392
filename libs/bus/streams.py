"""The streams and durable consumers as data, and the one step that makes the server match them.

FastStream must never declare a stream: it would overwrite the configuration with defaults.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import BadRequestError, NotFoundError, ServerError

from libs.contracts import subjects

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.js import JetStreamContext

logger = logging.getLogger(__name__)

EVENTS = "EVENTS"
COMMANDS = "COMMANDS"
DEAD_LETTERS = "DLQ"
PUBLISHED = {EVENTS: subjects.EVENTS, COMMANDS: subjects.COMMANDS}

DAY_S = 86_400.0
DUPLICATE_WINDOW_S = 600.0
MAX_ACK_PENDING = 2_000
MINIMUM_SERVER = (2, 12)
MINIMUM_PAYLOAD = 4 * 1024 * 1024
_NAME_IN_USE = 10058  # a stream of this name exists with another configuration
_NOT_CREATED = 10012  # general failure to make a consumer; the reason is in the description


class Durable(Protocol):
    """What provisioning needs to know of a subscription."""

    @property
    def durable(self) -> str:
        """Name of the consumer."""

    @property
    def stream(self) -> str:
        """Name of its stream."""

    @property
    def template(self) -> str:
        """Subject it filters by."""


class UnsuitableServerError(Exception):
    """The NATS server lacks something the platform cannot do without."""


def stream_of(kind: str) -> str:
    """The stream of a message kind (`evt` or `cmd`)."""
    return {"evt": EVENTS, "cmd": COMMANDS}[kind]


def stream_configs(replicas: int = 1) -> tuple[StreamConfig, ...]:
    """Every stream of the platform."""
    return (
        _stream(EVENTS, subjects.EVENTS, RetentionPolicy.LIMITS, replicas, days=30),
        _stream(COMMANDS, subjects.COMMANDS, RetentionPolicy.WORK_QUEUE, replicas),
        _stream(DEAD_LETTERS, subjects.DEAD_LETTERS, RetentionPolicy.LIMITS, replicas, days=90),
    )


def _stream(name: str, subject: str, retention: RetentionPolicy, replicas: int, days: int = 0) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[subject],
        retention=retention,
        storage=StorageType.FILE,
        max_age=days * DAY_S,
        duplicate_window=DUPLICATE_WINDOW_S,
        num_replicas=replicas,
        allow_atomic=True,
        allow_direct=True,
    )


def consumer_config(subscription: Durable, ack_wait: float) -> ConsumerConfig:
    """A pull consumer. Tries are counted by the service, so the server itself never gives up."""
    return ConsumerConfig(
        name=subscription.durable,  # in the subject of the request, with the filter: a user may make this one alone
        durable_name=subscription.durable,
        filter_subject=subscription.template,
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait,
        max_deliver=-1,
        max_ack_pending=MAX_ACK_PENDING,
    )


def check_server(connection: "Client") -> None:
    """Raise `UnsuitableServerError` for a server that would ignore what the platform relies on."""
    version = connection.connected_server_version
    if (version.major, version.minor) < MINIMUM_SERVER:
        needed = ".".join(map(str, MINIMUM_SERVER))
        found = f"{version.major}.{version.minor}.{version.patch}"
        raise UnsuitableServerError(f"nats-server {found} is too old: {needed} or newer is needed")
    if connection.max_payload < MINIMUM_PAYLOAD:
        raise UnsuitableServerError(
            f"nats-server has max_payload {connection.max_payload}: set it to {MINIMUM_PAYLOAD} bytes (4MB) or more"
        )


async def provision(
    js: "JetStreamContext", subscriptions: Iterable[Durable], *, replicas: int = 1, ack_wait: float = 30.0
) -> dict[str, str]:
    """Create or update the streams and these consumers; harmless to repeat, also at the same time elsewhere.

    Returns the identity of each published stream: a stream that was deleted and made again has another one.
    """
    identities = {}
    for config in stream_configs(replicas):
        created = await _ensure_stream(js, config)
        if config.name in PUBLISHED:
            identities[str(config.name)] = created
    for subscription in subscriptions:
        await _ensure_consumer(js, subscription.stream, consumer_config(subscription, ack_wait))
    return identities


async def _ensure_consumer(js: "JetStreamContext", stream: str, config: ConsumerConfig) -> None:
    """Create or update a consumer.

    One that is made while another of its name is being deleted can lose its files to that deletion: nats-server then
    refuses every update of it for good. It is made anew; what comes twice by that, the inbox drops.
    """
    try:
        await js.add_consumer(stream, config)
    except ServerError as error:
        if error.err_code != _NOT_CREATED or "no such file" not in (error.description or ""):
            raise
        logger.warning("consumer %s has lost its files on the server and is made anew", config.durable_name)
        with suppress(NotFoundError):
            await js.delete_consumer(stream, str(config.durable_name))
        await js.add_consumer(stream, config)


async def _ensure_stream(js: "JetStreamContext", config: StreamConfig) -> str:
    try:
        info = await js.add_stream(config)
    except BadRequestError as error:
        if error.err_code != _NAME_IN_USE:
            raise
        info = await _update_stream(js, config)
    if info.created is None:
        raise UnsuitableServerError("nats-server does not tell when a stream was created")
    return info.created.isoformat()


async def _update_stream(js: "JetStreamContext", config: StreamConfig) -> StreamInfo:
    """Give a stream this configuration. Where NATS checks what services do, one may not, and takes it as it is."""
    try:
        info = await js.update_stream(config)
    except NatsTimeoutError:  # how a denied request ends
        logger.warning("stream %s is not as this version has it; `rehearsal nats provision` changes it", config.name)
        return await js.stream_info(str(config.name))
    logger.info("stream %s has a new configuration", config.name)
    return info
