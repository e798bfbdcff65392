"""What each service may do at the NATS server, made from the registry: what is not declared there is denied.

A service publishes what it sends and the dead letters of what it hears, makes and asks its own durable consumers, and
reads its own inbox. It may make a stream that is gone, so that a lost store heals, but neither change nor empty nor
delete one. NATS knows no part of a token, so every durable is named.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from libs.bus.router import Mode, Source
from libs.bus.streams import COMMANDS, DEAD_LETTERS, EVENTS, KINDS, MOST, Place, spread_streams
from libs.contracts import subjects
from libs.contracts.base import Contract
from libs.contracts.registry import MESSAGES, MISSED_BY, consumed_by, sent_by

GATEWAY = "gateway"
ERASER = "eraser"
STREAMS = (EVENTS, COMMANDS, DEAD_LETTERS)
_API = "$JS.API"


class Rights(NamedTuple):
    """The subjects a user may publish on and subscribe to; what it must never publish on goes before what it may."""

    publishes: tuple[str, ...]
    hears: tuple[str, ...]
    never: tuple[str, ...] = ()


def services() -> tuple[str, ...]:
    """Every service that takes part in the bus; the gateway is the last."""
    named = {name for kind in MESSAGES for name in (*kind.contract.consumers, kind.contract.service)}
    return (*sorted(named - {GATEWAY}), GATEWAY)


def inbox_prefix(user: str) -> str:
    """What the reply subjects of a user begin with."""
    return f"_INBOX_{user}"


def sources_of(service: str) -> tuple[Source, ...]:
    """The durable consumers of a service. The gateway has none: each open page has a consumer while it reads."""
    if service == GATEWAY:
        return ()
    heard = [Source(service, Mode.ON, kind) for kind in consumed_by(service)]
    return (*heard, *(Source(service, Mode.DEAD, kind) for kind in MISSED_BY.get(service, ())))


def spread_kinds(service: str, sources: Iterable[Source]) -> set[str]:
    """The kinds of messages in great number that a service sends or hears."""
    contracts = [kind.contract for kind in sent_by(service)] + [source.data.contract for source in sources]
    return {contract.kind for contract in contracts if contract.spread is not None}


def rights_of(service: str) -> Rights:
    """What a service may do, over however many streams messages are spread."""
    sent = [subject for kind in sent_by(service) for subject in _sending(kind.contract)]
    inbox = (f"{inbox_prefix(service)}.>",)
    if service == GATEWAY:
        return Rights((*sent, *_reading()), inbox, tuple(_durables_of_others()))
    sources = sources_of(service)
    dead = [subjects.dead_letter(source.template) for source in sources if source.mode is not Mode.DEAD]
    spread = [stream for kind in sorted(spread_kinds(service, sources)) for stream in spread_streams(kind, MOST)]
    streams = [f"{_API}.STREAM.{verb}.{stream}" for stream in (*STREAMS, *spread) for verb in ("CREATE", "INFO")]
    consuming = [subject for source in sources for place in source.places(MOST) for subject in _consuming(place)]
    return Rights((*sent, *dead, *streams, *consuming), inbox)


def eraser_rights() -> Rights:
    """What the erasure of a tenant needs; no service has it, the gateway is given it by a URL of its own."""
    verbs = ("INFO", "PURGE")
    return Rights(
        tuple(f"{_API}.STREAM.{verb}.{stream}" for stream in every_stream() for verb in verbs),
        (f"{inbox_prefix(ERASER)}.>",),
    )


def every_stream() -> tuple[str, ...]:
    """Every stream that there may be."""
    return (*STREAMS, *(stream for kind in KINDS for stream in spread_streams(kind, MOST)))


def _sending(contract: Contract) -> Iterator[str]:
    template = subjects.template(contract)
    yield template
    if contract.spread is not None:
        yield from (subjects.in_partition(template, number) for number in range(subjects.PARTITIONS))


def _consuming(place: Place) -> Iterator[str]:
    """Making, asking and acknowledging one durable consumer, with its own filter alone."""
    where = f"{place.stream}.{place.durable}"
    yield f"{_API}.CONSUMER.CREATE.{where}.{place.template}"
    yield from (f"{_API}.CONSUMER.{verb}.{where}" for verb in ("INFO", "DELETE", "MSG.NEXT"))
    yield f"$JS.ACK.{where}.>"


_READING = ("CREATE", "INFO", "DELETE", "MSG.NEXT")
_EVENT_STREAMS = (EVENTS, *spread_streams("evt", MOST))


def _reading() -> Iterator[str]:
    """Reading the event log through consumers that nobody named before, and what could not be handled."""
    yield f"{_API}.STREAM.MSG.GET.{EVENTS}"
    for stream in _EVENT_STREAMS:
        yield f"{_API}.STREAM.INFO.{stream}"
        yield from (f"{_API}.CONSUMER.{verb}.{stream}.*" for verb in _READING)
    yield f"{_API}.DIRECT.GET.{DEAD_LETTERS}"


def _durables_of_others() -> Iterator[str]:
    for service in services():
        for place in (place for source in sources_of(service) for place in source.places(MOST)):
            if place.stream in _EVENT_STREAMS:
                yield from (f"{_API}.CONSUMER.{verb}.{place.stream}.{place.durable}" for verb in _READING)
