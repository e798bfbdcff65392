"""The embedded platform with the offline model."""

import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.figure import Figure, figure, timed
from bench.processes import Platform
from bench.studies import people, run_study, start_survey, survey
from libs.client import RehearsalClient

RUNS = 3


async def measure() -> list[Figure]:
    """Each figure from platforms of its own."""
    starts, studies, memory, turns_1000, cpu, queries = [], [], [], [], [], []
    for seed in range(1, RUNS + 1):
        with tempfile.TemporaryDirectory() as directory, Platform(Path(directory)) as platform:
            starts.append(platform.start_s)
            async with RehearsalClient(platform.url) as client:
                studies.append(await timed(run_study(client, seed)))
                memory.append(platform.use().rss_bytes / 2**20)
                population = await people(client, 1_000, seed)
                before = platform.use().cpu_s
                turns_1000.append(await timed(survey(client, population, arms=2)))
                cpu.append((platform.use().cpu_s - before) / 1_000 * 1_000)
                queries += await _query_while_running(client, await people(client, 1_000, seed + 100))
    p95 = statistics.quantiles(queries, n=20)[-1] * 1_000
    return [
        figure("platform start to ready", "s", starts, 4.0),
        figure("200-person e-mail A/B, first POST to verdict", "s", studies, 6.0),
        figure("1,000 agents x 1 turn, execute to completed", "s", turns_1000, 15.0),
        figure("CPU per turn, all services and nats-server", "ms", cpu, 3.0),
        figure("resident memory after the study, with nats-server", "MiB", memory, 450.0),
        figure("queries while 1,000 agents run, 95th percentile", "ms", [p95], 50.0),
    ]


async def _query_while_running(client: RehearsalClient, population_id: str) -> list[float]:
    """Seconds of each query made, one after the other, as long as a simulation runs."""
    simulation_id = await start_survey(client, population_id, arms=2)
    queries: list[Callable[[], Awaitable[Any]]] = [
        lambda: client.status(simulation_id),
        lambda: client.simulations(limit=20),
        lambda: client.history(simulation_id, limit=50),
        lambda: client.individuals(population_id, limit=20),
    ]
    samples = []
    while True:
        for query in queries:
            samples.append(await timed(query()))
            await asyncio.sleep(0.005)
        if (await client.status(simulation_id))["state"] == "completed":
            return samples
