"""Checkpoints of simulations of several sizes: how long one takes, and what it writes."""

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from bench.figure import Figure, figure, timed
from bench.processes import Platform
from bench.studies import people
from libs.client import RehearsalClient

SIZES = (10, 1_000, 5_000)
ROUNDS = 2
CHECKPOINTS = 50
RESTORES = 10


async def measure() -> list[Figure]:
    """All sizes in turn on one platform that has come to rest, after everybody has taken two turns."""
    seconds: dict[int, list[float]] = {size: [] for size in SIZES}
    restores: dict[int, list[float]] = {size: [] for size in SIZES}
    with tempfile.TemporaryDirectory() as directory, Platform(Path(directory)) as platform:
        async with RehearsalClient(platform.url) as client:
            ids = {size: await _asked(client, size) for size in SIZES}
            await _at_rest(platform)
            for _ in range(CHECKPOINTS):
                for size, simulation_id in ids.items():
                    seconds[size].append(await timed(client.checkpoint(simulation_id)) * 1_000)
            for size, simulation_id in ids.items():
                for item in (await client.checkpoints(simulation_id, limit=RESTORES))["items"]:
                    restores[size].append(await timed(client.restore(simulation_id, item["id"])) * 1_000)
            written = {size: _written(Path(directory), simulation_id) for size, simulation_id in ids.items()}
    return [
        *(figure(f"checkpoint, {size:,} agents", "ms", seconds[size], 50.0) for size in SIZES),
        *(figure(f"checkpoint, {size:,} agents, what it writes", "KB", written[size], 16.0) for size in SIZES),
        *(figure(f"restore, {size:,} agents", "ms", restores[size], 50.0) for size in SIZES),
    ]


async def _at_rest(platform: Platform) -> None:
    """Return once the platform has next to nothing to do."""
    before = platform.use().cpu_s
    while True:
        await asyncio.sleep(1)
        if (now := platform.use().cpu_s) - before < 0.1:
            return
        before = now


async def _asked(client: RehearsalClient, size: int) -> str:
    """An interactive simulation in which everybody has been asked twice."""
    population_id = await people(client, size, seed=size)
    made = await client.create_simulation({"name": "bench", "population_id": population_id, "seed": 1})
    for number in range(1, ROUNDS + 1):
        await _answered(client, made["id"], size * (number - 1))
        await client.broadcast({"simulation_id": made["id"], "content": f"News {number}", "metrics": ["open_rate"]})
    await _answered(client, made["id"], size * ROUNDS)
    return str(made["id"])


async def _answered(client: RehearsalClient, simulation_id: str, turns: int) -> None:
    while True:
        status = await client.status(simulation_id)
        if status["state"] == "ready" and status["progress"]["planned"] == turns:
            return
        await asyncio.sleep(0.05)


def _written(directory: Path, simulation_id: str) -> list[float]:
    """Kilobytes of each checkpoint's row."""
    query = "SELECT length(CAST(document AS BLOB)) FROM checkpoints WHERE simulation_id = ?"
    with closing(sqlite3.connect(directory / "orchestrator.db")) as database:
        return [bytes_ / 1_000 for (bytes_,) in database.execute(query, [simulation_id])]
