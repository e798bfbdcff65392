"""10,000 requests of systems outside at once: is each answered for, how fast, and how much memory does it take?

A tenth is bad, and 500 come twice as other events; the order is shuffled.
"""

import asyncio
import json
import random
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import nats

from bench.figure import Figure, figure
from bench.processes import Platform
from bench.studies import people
from libs.bus.streams import EVENTS
from libs.client import RehearsalClient
from libs.contracts import subjects
from libs.contracts.envelope import seal
from libs.contracts.intervention import InterventionRequested

REQUESTS = 10_000
TWICE = 500
AT_ONCE = 500
MIB = 2**20
CONSUMER = "intervention-intervention-requested"


async def measure() -> list[Figure]:
    """One burst against an embedded platform."""
    with tempfile.TemporaryDirectory() as directory, Platform(Path(directory)) as platform:
        async with RehearsalClient(platform.url) as client:
            asked = _asked(await people(client, 10, seed=1))
        [ports] = (Path(directory) / "nats").glob("*.ports")
        connection = await nats.connect(json.loads(ports.read_text())["nats"][0])
        js = connection.jetstream(timeout=30)
        before, peak = platform.use().rss_bytes, 0
        started = time.perf_counter()
        for start in range(0, len(asked), AT_ONCE):
            await asyncio.gather(*(_publish(js, one) for one in asked[start : start + AT_ONCE]))
        published = time.perf_counter() - started
        while True:
            peak = max(peak, platform.use().rss_bytes)
            info = await js.consumer_info(EVENTS, CONSUMER)
            if not info.num_pending and not info.num_ack_pending:
                break
            await asyncio.sleep(0.1)
        taken = time.perf_counter() - started
        await connection.close()
        outcomes = _outcomes(Path(directory) / "intervention.db")
    return [
        figure("burst, requests without an outcome", "requests", [REQUESTS - sum(outcomes.values())], 0),
        figure("burst, outcomes that are wrong", "requests", [abs(REQUESTS // 10 - outcomes["rejected"])], 0),
        figure("burst, published", "s", [published], 60),
        figure("burst, first published to last answered for", "s", [taken], 300),
        figure("burst, memory above that before it", "MiB", [(peak - before) / MIB], 150),
    ]


def _asked(population_id: str) -> list[InterventionRequested]:
    variants = [{"name": name, "content": f"An offer, {name}"} for name in ("short", "long")]
    body = {"name": "burst", "type": "marketing_intervention", "variants": variants, "success_metrics": ["open_rate"]}
    asked = [
        InterventionRequested(
            request_id=f"burst-{number}",
            action="create",
            intervention_id=None,
            intervention=body | {"population_id": population_id, "target_segments": [] if number % 10 else ["nobody"]},
            execution=None,
        )
        for number in range(REQUESTS)
    ]
    return random.Random(6).sample([*asked, *asked[:TWICE]], REQUESTS + TWICE)


async def _publish(js: nats.js.JetStreamContext, one: InterventionRequested) -> None:
    subject = subjects.concrete(one.contract, "default", one.key)
    await js.publish(subject, one.model_dump_json().encode(), headers=seal(one, source="bench").headers())


def _outcomes(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT errors FROM requests").fetchall()
    rejected = sum(json.loads(errors) != [] for (errors,) in rows)
    return {"accepted": len(rows) - rejected, "rejected": rejected}
