"""Populations: how fast people are drawn as a job, and whether memory stays flat while they are.

The embedded platform does all of it: the people are drawn, stored, published, and taken in by the services that keep
them. Memory is that of the whole platform and its nats-server, the most of many looks at it in each tenth of the job.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from bench.figure import Figure, figure
from bench.processes import Platform

SIZE = 100_000
LOOK_S = 0.25
TENTHS = 10
SPEC = {
    "name": "Bench",
    "demographic_base": "usa_demographics",
    "size": SIZE,
    "seed": 1,
    "segments": [
        {
            "name": "young_professionals",
            "size": SIZE // 4,
            "particularities": "25-35 years old, high income, tech-savvy",
            "fragments": ["health_conscious", "time_constrained"],
        }
    ],
}


async def measure() -> list[Figure]:
    """One population of 100,000 people."""
    with tempfile.TemporaryDirectory() as directory, Platform(Path(directory)) as platform:
        async with httpx.AsyncClient(base_url=platform.url, timeout=60, verify=False) as client:
            started = time.perf_counter()
            job = (await client.post("/agent-populations/bulk-generate", json=SPEC)).raise_for_status().json()
            memory = await _memory(client, job, platform)
            drawn_s = time.perf_counter() - started
            await _until_usable(client, job["population_id"])
            usable_s = time.perf_counter() - started
        disk = _bytes_in(Path(directory))
    return [
        figure("people drawn per second, 100,000 as a job", "people/s", [SIZE / drawn_s], 1_000, is_least=True),
        figure("until a simulation can use all of them", "s", [usable_s], 110),
        figure("resident memory, first 10,000 people", "MiB", [memory[0] / 2**20], 450),
        figure("resident memory, last 10,000 people", "MiB", [memory[-1] / 2**20], 450),
        figure("memory that 10,000 people more add, from the second tenth on", "MiB", [_slope(memory) / 2**20], 3),
        figure("kept on disk per person, all services and the event log", "KB", [disk / SIZE / 1000], 12),
    ]


async def _memory(client: httpx.AsyncClient, job: dict[str, Any], platform: Platform) -> list[int]:
    """Most bytes in use while each tenth of the people was drawn."""
    most = [0] * TENTHS
    while True:
        found = (await client.get(job["links"]["self"])).json()
        tenth = min(found["generated"] * TENTHS // SIZE, TENTHS - 1)
        most[tenth] = max(most[tenth], platform.use().rss_bytes)
        if found["state"] not in {"queued", "running"}:
            assert found["state"] == "completed", found
            return most
        await asyncio.sleep(LOOK_S)


def _slope(memory: list[int]) -> float:
    """Bytes from one tenth to the next, without the first, in which everything is used for the first time."""
    return (memory[-1] - memory[1]) / (len(memory) - 2)


async def _until_usable(client: httpx.AsyncClient, population_id: str) -> None:
    """Start an interactive simulation of it, and wait until its last person can be spoken to."""
    body = {"name": "Bench", "population_id": population_id}
    simulation = (await client.post("/simulations/create", json=body)).raise_for_status().json()
    spec = {"simulation_id": simulation["id"], "to_agent_id": f"agent_{SIZE:04d}", "content": "Good morning."}

    async def is_ready() -> bool:
        return bool((await client.get(f"/simulations/{simulation['id']}/status")).json()["state"] == "ready")

    async def is_known() -> bool:
        return (await client.post("/communications/direct-message", json=spec)).is_success

    for holds in (is_ready, is_known):
        while True:
            if await holds():
                break
            await asyncio.sleep(LOOK_S)


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
