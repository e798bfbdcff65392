"""The streams and durable consumers as data, and the one step that makes the server match them.

Messages in great number (those whose contract is `spread`) can have streams of their own, 4 or 16 of each kind, among
which the 64 partitions are divided; EVENTS and COMMANDS then hold the rest. The number is a setting that may be raised
at any time: a stream that has fewer partitions than before keeps what is in it, and everybody still reads all of it.

FastStream must never declare a stream: it would overwrite the configuration with defaults.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

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
KINDS = {"evt": EVENTS, "cmd": COMMANDS}
Spread = Literal[1, 4, 16]
"""Streams of each kind for messages in great number; 1 means that they are with the others."""
MOST: Spread = 16

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


class Place(NamedTuple):
    """A durable consumer at one stream."""

    stream: str
    durable: str
    template: str


class UnsuitableServerError(Exception):
    """The NATS server lacks something the platform cannot do without."""


def stream_of(kind: str) -> str:
    """The stream of a message kind (`evt` or `cmd`)."""
    return KINDS[kind]


def kind_of(stream: str) -> str | None:
    """The kind of the messages in a stream; None for dead letters."""
    return next((kind for kind, base in KINDS.items() if stream.split("_")[0] == base), None)


def spread_streams(kind: str, spread: Spread) -> tuple[str, ...]:
    """The streams of messages in great number, none where they are with the others."""
    return () if spread == 1 else tuple(f"{KINDS[kind]}_{number:02d}" for number in range(spread))


def placed(subject: str, partition_key: str | None, spread: Spread) -> tuple[str, str]:
    """The stream of a message, and the subject it has there."""
    kind = subject.split(".", 2)[1]
    if partition_key is None or spread == 1:
        return KINDS[kind], subject
    partition = subjects.partition_of(partition_key)
    return spread_streams(kind, spread)[partition % spread], subjects.in_partition(subject, partition)


def stream_configs(
    replicas: int = 1, *, spread: Spread = 1, kinds: Iterable[str] = tuple(KINDS)
) -> tuple[StreamConfig, ...]:
    """The streams of the platform, and of messages in great number those of these kinds."""
    return (
        _stream(EVENTS, [subjects.EVENTS], replicas),
        _stream(COMMANDS, [subjects.COMMANDS], replicas),
        _stream(DEAD_LETTERS, [subjects.DEAD_LETTERS], replicas),
        *(
            _stream(name, _partitions(kind, number, spread), replicas)
            for kind in sorted(kinds)
            for number, name in enumerate(spread_streams(kind, spread))
        ),
    )


def _partitions(kind: str, number: int, spread: Spread) -> list[str]:
    """The subjects of the partitions in a stream: every fourth, or every sixteenth."""
    every = range(number, subjects.PARTITIONS, spread)
    return [subjects.in_partition(f"rehearsal.{kind}.>", partition) for partition in every]


_DAYS = {"evt": 30, "cmd": 0, None: 90}


def _stream(name: str, filters: list[str], replicas: int) -> StreamConfig:
    kind = kind_of(name)
    retention, days = RetentionPolicy.WORK_QUEUE if kind == "cmd" else RetentionPolicy.LIMITS, _DAYS[kind]
    return StreamConfig(
        name=name,
        subjects=filters,
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
    js: "JetStreamContext",
    durables: Iterable[Durable],
    *,
    replicas: int = 1,
    ack_wait: float = 30.0,
    spread: Spread = 1,
    kinds: Iterable[str] = tuple(KINDS),
) -> dict[str, str]:
    """Create or update the streams and these consumers; harmless to repeat, also at the same time elsewhere.

    Returns the identity of each published stream: a stream that was deleted and made again has another one.
    """
    identities = {}
    for config in stream_configs(replicas, spread=spread, kinds=kinds):
        created = await _ensure_stream(js, config)
        if kind_of(str(config.name)) is not None:
            identities[str(config.name)] = created
    for durable in durables:
        await _ensure_consumer(js, durable.stream, consumer_config(durable, ack_wait))
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
