"""10,000 people waiting for their answers at once, on the embedded platform; and what people cost in memory at rest."""

import asyncio
import tempfile
from pathlib import Path

from bench.figure import Figure, figure
from bench.processes import MODEL, Platform, Stub
from bench.studies import finished, people, start_survey, survey
from libs.client import RehearsalClient

MANY, FEW = 10_000, 1_000
LATENCY_S = 45.0
DELIVERIES_AT_ONCE = 170
"""As many as 10,000 people make: 64 in each, and some fewer at the ends of blocks."""


async def measure() -> list[Figure]:
    """Memory of all processes while everybody waits, and that nobody is lost."""
    settings = {"models_concurrency": 12_000, "models_initial_concurrency": 12_000, "models_timeout_s": 600}
    with (
        tempfile.TemporaryDirectory() as directory,
        Stub(Path(directory), latency_s=LATENCY_S, counts_prefixes=False) as stub,
        Platform(Path(directory), stub, work_at_once=DELIVERIES_AT_ONCE, **settings) as platform,
    ):
        async with RehearsalClient(platform.url) as client:
            simulation_id = await start_survey(client, await people(client, MANY, 1), MODEL)
            ending = asyncio.create_task(finished(client, simulation_id))
            peak = 0
            while not ending.done():
                await asyncio.sleep(0.5)
                peak = max(peak, platform.use().rss_bytes)
            progress = (await ending)["progress"]
            counts = stub.counts()
    return [
        figure("calls in flight at once", "", [counts["most_in_flight"]], MANY, is_least=True),
        figure("resident memory with 10,000 calls in flight, all processes", "MiB", [peak / 2**20], 1_024),
        figure("turns lost of 10,000", "", [MANY - progress["answered"]], 0),
    ]


async def measure_at_rest() -> list[Figure]:
    """Growth of the platform from 1,000 to 10,000 people who were drawn, asked and analysed, per person."""
    with tempfile.TemporaryDirectory() as directory, Platform(Path(directory)) as platform:
        async with RehearsalClient(platform.url) as client:
            resident = []
            for size in (FEW, MANY):
                await survey(client, await people(client, size, size))
                resident.append(platform.use().rss_bytes)
    growth = (resident[1] - resident[0]) / 1_024 / (MANY - FEW)
    return [figure("memory per agent, growth from 1,000 to 10,000", "KiB", [growth], 20.0)]
