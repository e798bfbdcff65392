"""Fewer streams for messages in great number than there were.

What lies in a stream that nobody reads any more waits for ever and says nothing. So a service does not start with fewer
streams than there are, and whoever may delete streams deletes those that are too many once nothing waits in them. More
streams need nothing of this: `provision` makes them.
"""

from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING

from nats.js.errors import NotFoundError

from libs.bus.streams import EVENTS, KINDS, MOST, Spread, kind_of, spread_streams

if TYPE_CHECKING:
    from nats.js import JetStreamContext

SETTING = "REHEARSAL_STREAM_SPREAD"


class SpreadError(Exception):
    """There are more streams than the setting says, and what lies there would not be found."""


async def require_spread(js: "JetStreamContext", spread: Spread, kinds: Iterable[str]) -> None:
    """Raise `SpreadError` where there are streams of these kinds that are too many."""
    for name in (surplus[0] for kind in sorted(kinds) if (surplus := _surplus(kind, spread))):
        try:
            await js.stream_info(name)
        except NotFoundError:
            continue
        raise SpreadError(
            f"{SETTING} is {spread}, but there is a stream {name}: what lies there would never be read. Set it as "
            f"before, or stop all services and lower it with `rehearsal nats provision --spread {spread}`"
        )


async def standing(js: "JetStreamContext") -> tuple[int, Spread] | None:
    """Replicas of the platform's streams, and how many there are of each kind; None before there are any."""
    there = {str(info.config.name): info for info in await js.streams_info()}
    if (events := there.get(EVENTS)) is None:
        return None
    return events.config.num_replicas or 1, 16 if _has(there, 16) else 4 if _has(there, 4) else 1


async def lower(js: "JetStreamContext", spread: Spread) -> None:
    """Delete the streams that are too many, the first of each kind last, since a service looks for that.

    Nobody may send meanwhile. Raises `SpreadError` while anything waits in one of them.
    """
    surplus = {name for kind in KINDS for name in _surplus(kind, spread)}
    there = sorted({str(info.config.name) for info in await js.streams_info()} & surplus, reverse=True)
    waiting = {name: count for name in there if (count := await _waiting(js, name))}
    if waiting:
        raise SpreadError(_refusal(spread, there, waiting))
    for name in there:
        await js.delete_stream(name)


def _has(there: Container[str], spread: Spread) -> bool:
    return any(spread_streams(kind, spread)[-1] in there for kind in KINDS)


def _surplus(kind: str, spread: Spread) -> tuple[str, ...]:
    """The streams that there are with the most, and not with this number."""
    return spread_streams(kind, MOST)[0 if spread == 1 else spread :]


async def _waiting(js: "JetStreamContext", name: str) -> int:
    """Messages that somebody still has to handle: commands that are there, events that a durable consumer lacks."""
    if kind_of(name) == "cmd":
        return int((await js.stream_info(name)).state.messages)
    found = [one for one in await js.consumers_info(name) if one.config.durable_name]
    return max(((one.num_pending or 0) + (one.num_ack_pending or 0) for one in found), default=0)


def _refusal(spread: Spread, there: Iterable[str], waiting: Mapping[str, int]) -> str:
    before = MOST if any(int(name[-2:]) >= 4 for name in there) else 4
    counts = ", ".join(f"{name}: {count}" for name, count in sorted(waiting.items()))
    return (
        f"{SETTING} is {spread}, but {sum(waiting.values())} messages wait in streams of {before} ({counts}). "
        f"Start with {SETTING}={before} until they are handled, then lower it"
    )
