"""The models service, as a process of its own, in front of an endpoint with a capacity that it is not told.

Callers want more than the endpoint gives, all the time. Answers take 2 s; above its capacity the endpoint answers 429.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

from bench.figure import Figure, figure
from bench.processes import MODEL, ModelsService, Stub
from bench.prompts import batch
from libs.models import ModelsClient

LATENCY_S = 2.0
CAPACITY, STEPS = 500.0, (250.0, 600.0)
BATCHES_AT_ONCE = 40
RAMP_S, STEADY_S, STEP_S, LONGEST_S = 25, 20, 15, 30.0
FOLLOWED, CALM = 0.95, 0.05


class Second(NamedTuple):
    """What the endpoint saw in about a second, at the end of which `at` seconds had passed."""

    at: float
    lasted: float
    accepted: int
    refused: int


async def measure() -> list[Figure]:
    """Use of a steady capacity, refusals, and how long it takes to follow a step."""
    with (
        tempfile.TemporaryDirectory() as directory,
        Stub(Path(directory), **_behaviour(CAPACITY)) as stub,
        ModelsService(Path(directory), stub) as models,
    ):
        async with _calling(models.url):
            await _watch(stub, RAMP_S)
            steady = await _watch(stub, STEADY_S)
            followed, everything = [], list(steady)
            for capacity in STEPS:
                stub.control(**_behaviour(capacity))
                seconds = await _watch(stub, STEP_S)
                followed.append(_followed_after(seconds, capacity))
                everything += seconds
    used = 100 * sum(second.accepted for second in steady) / (CAPACITY * sum(second.lasted for second in steady))
    return [
        figure("capacity used of 500 calls/s at 2 s", "%", [used], 95.0, is_least=True),
        figure("calls refused (429), steady capacity", "%", [_refused(steady)], 2.0),
        figure("calls refused (429), steps 500 to 250 to 600 included", "%", [_refused(everything)], 2.0),
        figure("a step of capacity is followed after, the slower of two", "s", [max(followed)], 10.0),
    ]


@asynccontextmanager
async def _calling(url: str) -> AsyncIterator[None]:
    """Callers that always want more."""
    async with asyncio.TaskGroup() as group:
        callers = [group.create_task(_call(url, place)) for place in range(BATCHES_AT_ONCE)]
        yield
        for caller in callers:
            caller.cancel()


def _behaviour(capacity: float) -> dict[str, object]:
    return {"latency_s": LATENCY_S, "capacity": capacity, "counts_prefixes": False}


async def _call(url: str, place: int) -> None:
    """Ask for one batch after the other, each new."""
    client = ModelsClient(url, silence_s=60)
    await client.start()
    try:
        for number in count():
            async with aclosing(client.turns(batch(MODEL, f"{place}-{number}"))) as replies:
                async for _reply in replies:
                    pass
    finally:
        await client.stop()


async def _watch(stub: Stub, seconds: int) -> list[Second]:
    """What the endpoint sees for a while."""
    loop = asyncio.get_running_loop()
    began, found = loop.time(), []
    before, then = stub.counts(), loop.time()
    for _ in range(seconds):
        await asyncio.sleep(1.0)
        counts, now = stub.counts(), loop.time()
        refused = counts["refused"] - before["refused"]
        found.append(Second(now - began, now - then, counts["calls"] - before["calls"] - refused, refused))
        before, then = counts, now
    return found


def _followed_after(seconds: list[Second], capacity: float) -> float:
    """Seconds until two in a row bring nearly all of the capacity and few refusals."""
    for one, two in pairwise(seconds):
        accepted, refused = one.accepted + two.accepted, one.refused + two.refused
        is_used = accepted >= FOLLOWED * capacity * (one.lasted + two.lasted)
        if is_used and refused <= CALM * (accepted + refused):
            return one.at
    return LONGEST_S


def _refused(seconds: list[Second]) -> float:
    refused = sum(second.refused for second in seconds)
    return 100 * refused / max(1, refused + sum(second.accepted for second in seconds))
