"""A run of 200 people and its replay: the same bytes, no call, and much quicker."""

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench.figure import Figure, figure
from bench.processes import MODEL, Platform, Stub
from bench.studies import design, execute, finished, people
from libs.client import RehearsalClient

SIZE, RUNS, LATENCY_S = 200, 3, 2.0


class Run(NamedTuple):
    """What came of one run."""

    seconds: float
    calls: int
    results: bytes


async def measure() -> list[Figure]:
    """Runs, each with its replay: the same intervention on the same people with the same seed."""
    firsts, replays = [], []
    with (
        tempfile.TemporaryDirectory() as directory,
        Stub(Path(directory), latency_s=LATENCY_S) as stub,
        Platform(Path(directory), stub) as platform,
    ):
        async with RehearsalClient(platform.url, timeout=60) as client:
            for seed in range(1, RUNS + 1):
                population, intervention = await people(client, SIZE, seed), await design(client, arms=2)
                firsts.append(await _run(client, stub, intervention, population))
                replays.append(await _run(client, stub, intervention, population))
    both = list(zip(firsts, replays, strict=True))
    return [
        figure("calls of a replay", "", [replay.calls for replay in replays], 0),
        figure("replays whose results differ", "", [sum(first.results != again.results for first, again in both)], 0),
        figure(
            "a replay is quicker than its run, at 2 s",
            "times",
            [first.seconds / again.seconds for first, again in both],
            5.0,
            is_least=True,
        ),
    ]


async def _run(client: RehearsalClient, stub: Stub, intervention_id: str, population_id: str) -> Run:
    stub.control()
    started = time.perf_counter()
    simulation_id = await execute(client, intervention_id, population_id, MODEL)
    await finished(client, simulation_id)
    seconds = time.perf_counter() - started
    return Run(seconds, stub.counts()["calls"], await client.export(simulation_id, "csv"))
