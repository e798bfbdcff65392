"""Each figure: what is measured, its limit, and the measurement. A missed limit is reported, never hidden."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypedDict

import yaml

from bench.platform import Platform
from libs.client import RehearsalClient

STUDY = Path(__file__).parents[1] / "examples" / "email_ab.yaml"
RUNS = 3


class Figure(TypedDict):
    """One line of the report; `samples` are all measurements, `value` their median."""

    name: str
    unit: str
    value: float
    limit: float
    is_met: bool
    samples: list[float]


def figure(name: str, unit: str, samples: list[float], limit: float) -> Figure:
    """A figure whose limit is an upper bound."""
    value = statistics.median(samples)
    rounded = [round(sample, 3) for sample in samples]
    return Figure(name=name, unit=unit, value=round(value, 3), limit=limit, is_met=value <= limit, samples=rounded)


async def measure() -> list[Figure]:
    """All figures, each from platforms of its own."""
    starts, studies, memory, turns_1000, cpu, queries = [], [], [], [], [], []
    for seed in range(1, RUNS + 1):
        with tempfile.TemporaryDirectory() as directory, Platform(Path(directory)) as platform:
            starts.append(platform.start_s)
            async with RehearsalClient(platform.url) as client:
                studies.append(await timed(run_study(client, seed)))
                memory.append(platform.use().rss_bytes / 2**20)
                population = await large_population(client, 1_000, seed)
                before = platform.use().cpu_s
                turns_1000.append(await timed(run_everybody(client, population)))
                cpu.append((platform.use().cpu_s - before) / 1_000 * 1_000)
                queries += await query_while_running(client, await large_population(client, 1_000, seed + 100))
    p95 = statistics.quantiles(queries, n=20)[-1] * 1_000
    return [
        figure("platform start to ready", "s", starts, 4.0),
        figure("200-person e-mail A/B, first POST to verdict", "s", studies, 6.0),
        figure("1,000 agents x 1 turn, execute to completed", "s", turns_1000, 15.0),
        figure("CPU per turn, all services and nats-server", "ms", cpu, 3.0),
        figure("resident memory after the study, with nats-server", "MiB", memory, 450.0),
        figure("queries while 1,000 agents run, 95th percentile", "ms", [p95], 50.0),
    ]


async def timed(work: Awaitable[Any]) -> float:
    """Seconds that some work takes."""
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def run_study(client: RehearsalClient, seed: int) -> None:
    """The example study, from its first request to its verdict."""
    study = yaml.safe_load(STUDY.read_text())
    population = await client.create_population({**study["population"], "seed": seed})
    intervention = await client.create_intervention(study["intervention"])
    execution = await client.execute(intervention["id"], {"population_id": population["id"], "seed": seed})
    await finished(client, execution["simulation_id"])
    await client.aggregate(execution["simulation_id"])


async def large_population(client: RehearsalClient, size: int, seed: int) -> str:
    """A population of this size, drawn completely."""
    body = {"name": "bench", "demographic_base": "usa_demographics", "size": size, "seed": seed}
    population = await client.create_population(body)
    while population["state"] == "generating":
        await asyncio.sleep(0.05)
        population = await client.population(population["id"])
    return str(population["id"])


async def start_everybody(client: RehearsalClient, population_id: str) -> str:
    """Have every agent of a population take one turn."""
    design = yaml.safe_load(STUDY.read_text())["intervention"] | {"target_segments": []}
    intervention = await client.create_intervention(design)
    execution = await client.execute(intervention["id"], {"population_id": population_id, "seed": 1})
    return str(execution["simulation_id"])


async def run_everybody(client: RehearsalClient, population_id: str) -> None:
    """Have every agent of a population take one turn, to the verdict."""
    await finished(client, await start_everybody(client, population_id))


async def query_while_running(client: RehearsalClient, population_id: str) -> list[float]:
    """Seconds of each query made, one after the other, as long as a simulation runs."""
    simulation_id = await start_everybody(client, population_id)
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


async def finished(client: RehearsalClient, simulation_id: str) -> None:
    """Wait for the end, told by the event stream; raises `RuntimeError` when it is not completion."""
    status = await client.wait(simulation_id)
    if status["state"] != "completed":
        raise RuntimeError(f"{simulation_id} {status['state']}: {status['reason']}")
