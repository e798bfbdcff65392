"""A survey of many people on a language model's endpoint, here the stub, through the whole embedded platform."""

import tempfile
from pathlib import Path

from bench.figure import Figure, figure, timed
from bench.processes import MODEL, Platform, Stub
from bench.studies import people, survey
from libs.client import RehearsalClient

RUNS = 3
LATENCY_S = 0.2


async def measure() -> list[Figure]:
    """1,000 and 100 people asked by a platform that has answered before."""
    slowed, seconds, cpu, calls, tokens, shared, hundred = [], [], [], [], [], [], []
    with tempfile.TemporaryDirectory() as directory, Stub(Path(directory)) as stub:
        for seed in range(1, RUNS + 1):
            data = Path(directory) / str(seed)
            data.mkdir()
            with Platform(data, stub) as platform:
                async with RehearsalClient(platform.url) as client:
                    stub.control(latency_s=0.0)
                    await survey(client, await people(client, 50, seed + 200), MODEL)
                    population = await people(client, 1_000, seed + 100)
                    stub.control(latency_s=LATENCY_S)
                    slowed.append(await timed(survey(client, population, MODEL)))
                    population = await people(client, 1_000, seed)
                    stub.control()
                    before = platform.use().cpu_s
                    seconds.append(await timed(survey(client, population, MODEL)))
                    cpu.append((platform.use().cpu_s - before) / 1_000 * 1_000)
                    counts = stub.control()
                    calls.append(counts["calls"] / 1_000)
                    tokens.append(counts["prompt_tokens"] / counts["answered"])
                    shared.append(100 * counts["shared_tokens"] / counts["prompt_tokens"])
                    hundred.append(await timed(_from_nothing(client, 100, seed + 300)))
    return [
        figure("1,000-agent survey, the first after latency rose from 0 to 200 ms", "s", slowed, 5.0),
        figure("1,000-agent survey at 200 ms, execute to completed", "s", seconds, 5.0),
        figure("CPU per turn, all services and nats-server, language model", "ms", cpu, 2.5),
        figure("calls per answer", "", calls, 1.0),
        figure("prompt tokens per turn", "", tokens, 2_200),
        figure("shared prefix of a survey prompt, in blocks of 16 tokens", "%", shared, 80.0, is_least=True),
        figure("100 people generated, asked and extracted", "s", hundred, 5.0),
    ]


async def _from_nothing(client: RehearsalClient, size: int, seed: int) -> None:
    """People who were not there before, to their results."""
    simulation_id = await survey(client, await people(client, size, seed), MODEL)
    await client.aggregate(simulation_id)
