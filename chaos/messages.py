"""The scenario `messages`: what no service can read is sent to all of them while a study runs.

Each consumer puts it among the dead letters with its reason, nothing else waits for it, and what is sent again from
there comes back with the same reason. What is too large the server refuses.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

import nats
from nats.errors import MaxPayloadError

from chaos.course import Course, judged, told
from chaos.disturbances import Disturbance
from chaos.scenario import Check, Outcome, Scenario
from chaos.stage import Stage, plain
from libs.bus.dead_letters import DeadLetter, dead_letters, replay
from libs.contracts.envelope import seal
from libs.contracts.orchestrator import SimulationStateChanged
from libs.contracts.population import PopulationFailed
from libs.contracts.subjects import concrete

EACH = 5
SIMULATION = "sim_of_nobody"
CONSUMERS = tuple(name for name in SimulationStateChanged.contract.consumers if name != "gateway")
SUBJECT = concrete(SimulationStateChanged.contract, "default", SIMULATION)
SETTLED_WITHIN_S = 60.0
Headers = dict[str, str]


def _sealed(**changes: str) -> Headers:
    """Headers of a message of this type with an id of its own."""
    envelope = seal(PopulationFailed(population_id=SIMULATION, reason="made up"), source="orchestrator")
    return envelope.headers() | {"ce-type": SimulationStateChanged.contract.type} | changes


UNREADABLE: dict[str, Callable[[], tuple[bytes, Headers]]] = {
    "no JSON": lambda: (b"\xff\x00 this is no JSON", _sealed()),
    "JSON of another shape": lambda: (b'{"colour": "red"}', _sealed()),
    "nested 100,000 deep": lambda: (b"[" * 100_000 + b"]" * 100_000, _sealed()),
    "2 MB of nothing": lambda: (b" " * 2_000_000, _sealed()),
    "another version": lambda: (b"{}", _sealed(**{"ce-type": "rehearsal.orchestrator.simulation-state-changed.v9"})),
    "no headers": lambda: (b"{}", {"Nats-Msg-Id": str(uuid4())}),
    "a time that is none": lambda: (b"{}", _sealed(**{"ce-time": "yesterday"})),
}


async def send(url: str) -> str:
    """Publish all of it, several times; what the server said of a message that is too large."""
    connection = await nats.connect(url.split(","))
    try:
        js = connection.jetstream(timeout=10)
        for make in UNREADABLE.values():
            for _ in range(EACH):
                body, headers = make()
                await js.publish(SUBJECT, body, headers=headers)
        refused = ""
        try:
            await js.publish(SUBJECT, b" " * 5_000_000, headers=_sealed())
        except MaxPayloadError as error:
            refused = str(error)
        return refused
    finally:
        await connection.close()


async def letters(url: str, expected: int) -> list[DeadLetter]:
    """The dead letters, once they are so many, or after a while."""
    connection = await nats.connect(url.split(","))
    try:
        js, deadline = connection.jetstream(timeout=10), time.monotonic() + SETTLED_WITHIN_S
        while True:
            found = await dead_letters(js, limit=10_000)
            if len(found) >= expected or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.2)
    finally:
        await connection.close()


async def send_again(url: str, found: list[DeadLetter]) -> None:
    """Replay dead letters, as an operator would."""
    connection = await nats.connect(url.split(","))
    with suppress(OSError):
        await replay(connection.jetstream(timeout=10), found)
    await connection.close()


def poison(on: Stage, chance: random.Random) -> str:
    """Send what nobody can read."""
    refused = asyncio.run(send(on.bus.server.url))
    return f"{EACH * len(UNREADABLE)} messages for {len(CONSUMERS)} consumers; 5 MB: {refused or 'TAKEN'}"


async def poisoning(seeds: int) -> Outcome:
    """Studies, each poisoned; then all that was given up is sent again."""
    failures = list[str]()
    expected = EACH * len(UNREADABLE) * len(CONSUMERS)
    with plain() as on:
        course = Course(on)
        for seed in range(1, seeds + 1):
            run = await asyncio.to_thread(course.run, Disturbance(poison), random.Random(f"messages {seed}"))
            found = await letters(on.bus.server.url, expected * seed)
            checks = [check for check in judged(run, course.oracle) if "dead letters" not in check.words]
            failures += told(f"unreadable messages, seed {seed}", run, [*checks, *_buried(found, expected * seed)])
        once = [letter for letter in found if letter.consumer == found[0].consumer]
        await send_again(on.bus.server.url, once)
        again = await letters(on.bus.server.url, expected * seeds - len(once) + len(once) * len(CONSUMERS))
        back = len(again) == expected * seeds - len(once) + len(once) * len(CONSUMERS)
        if not back:
            failures.append(f"of {len(once)} sent again, {len(again) - expected * seeds + len(once)} came back")
    return Outcome(f"{expected * seeds} dead letters, {len(once)} of them sent again", tuple(failures))


def _buried(found: list[DeadLetter], expected: int) -> list[Check]:
    by_consumer = Counter(letter.consumer for letter in found)
    most = max((letter.deliveries for letter in found), default=0)
    return [
        Check(f"{len(found)} dead letters of {expected}, of {len(by_consumer)} consumers", len(found) == expected),
        Check("each with its reason", all("UndecodableError" in letter.error for letter in found)),
        Check(f"after at most {most} deliveries", most <= 5),
    ]


SCENARIO = Scenario(
    "messages",
    "what cannot be read becomes a dead letter of each consumer with its reason after at most 5 deliveries, what is "
    "too large is refused, the study beside it ends as undisturbed, and what is sent again comes back the same way",
    1,
    poisoning,
)
