"""How far it scales: everybody of one simulation is asked once, on a process per service, PostgreSQL and nats-server.

`python -m bench.scale [SIZE…] [lost] [pool]` (`make bench-scale`) prints turns per second, and of every process CPU per
turn and resident memory while people are asked, at each size against the first; kills a worker in the middle; compares
two workers with one while the endpoint is the limit. A population has at most 100,000 people: a larger size is several
simulations of 100,000 in a row. Everything shares the machine with the stub that stands in for the model.
"""

import asyncio
import json
import platform
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import yaml

from bench.figure import Figure, figure
from bench.processes import MODEL, Stub
from bench.studies import STUDY, finished, people
from libs.client import RehearsalClient
from libs.contracts.specs import MAX_POPULATION
from libs.runtime.nats_server import NatsServer
from tests.support.platforms import DistributedPlatform
from tests.support.postgres import running_postgres

SIZES = (10_000, 100_000)
WARM_UP = 500
LOOK_S = 0.2
LOST_SIZE, LOST_AT = 5_000, 0.4
POOL_SIZE, POOL_LATENCY_S = 1_920, 2.0
WORKER = "communication"
MIB = 2**20


@dataclass(slots=True)
class Asking:
    """What one size took while people were asked."""

    turns: int = 0
    seconds: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    memory: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Most resident bytes, by process."""
    later: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """The same when everybody has been asked, to the end of the analysis."""


class Site:
    """A whole platform and its servers, each process of which can be looked at."""

    def __init__(self, directory: Path, cluster: DistributedPlatform, nats: NatsServer, database: str) -> None:
        self.directory = directory
        self.cluster = cluster
        self._nats = nats
        self._postgres = _postmaster(Path(parse_qs(urlsplit(database).query)["host"][0]))

    def looked_at(self) -> dict[str, tuple[float, int]]:
        """CPU seconds so far and resident bytes, by process; those of PostgreSQL share memory that counts once."""
        found: dict[str, tuple[float, int]] = {}
        pids = {name: process.pid for name, process in self.cluster.processes.items()} | {"nats-server": self._nats.pid}
        for name, pid in pids.items():
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                found[name] = sum(process.cpu_times()[:2]), process.memory_info().rss
        cpu, rss = 0.0, 0
        for process in (self._postgres, *self._postgres.children()):
            with suppress(psutil.NoSuchProcess):
                cpu += sum(process.cpu_times()[:2])
                rss += process.memory_info().rss - process.memory_info().shared
        return found | {"postgresql": (cpu, rss)}


def _postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))


@contextmanager
def site(stub: Stub, **settings: str) -> Iterator[Site]:
    """A platform that runs, on files that are gone afterwards."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-scale-")))
        (own := directory / "postgres").mkdir()
        databases = stack.enter_context(running_postgres(own, is_durable=True))
        nats = NatsServer(directory / "nats")
        nats.start()
        stack.callback(nats.stop)
        upstream = {
            "REHEARSAL_MODELS_UPSTREAM_URL": stub.url,
            "REHEARSAL_MODELS_UPSTREAM_MODELS": MODEL,
            "REHEARSAL_MODELS_INITIAL_CONCURRENCY": "1000",
            "REHEARSAL_ACK_WAIT_S": "30",
            "REHEARSAL_LOG_LEVEL": "WARNING",
        }
        cluster = stack.enter_context(DistributedPlatform(directory, databases, nats, **upstream | settings))
        yield Site(directory, cluster, nats, databases.create_database())


async def start(client: RehearsalClient, population_id: str, number: int) -> str:
    """Ask everybody something that nobody was asked before: the ledger would answer it."""
    wanted = yaml.safe_load(STUDY.read_text())["intervention"]
    wanted |= {"target_segments": [], "variants": wanted["variants"][:1]}
    wanted["variants"][0]["content"] += f" (No. {number})"
    intervention = (await client.create_intervention(wanted))["id"]
    body = {"population_id": population_id, "seed": 1, "model": MODEL}
    return str((await client.execute(intervention, body))["simulation_id"])


async def progress(client: RehearsalClient, simulation_id: str) -> tuple[str, int]:
    """The state, and how many have answered."""
    status = await client.status(simulation_id)
    return str(status["state"]), int(status["progress"]["answered"])


async def ask(client: RehearsalClient, on: Site, population_id: str, size: int, number: int, into: Asking) -> None:
    """One simulation to its end, watched."""
    simulation_id = await start(client, population_id, number)
    begun: tuple[float, dict[str, tuple[float, int]]] | None = None
    is_asking = True
    while True:
        state, answered = await progress(client, simulation_id)
        seen = on.looked_at()
        if begun is None and state == "running":
            begun = time.perf_counter(), seen
        for name, (_, rss) in seen.items():
            kept = into.memory if is_asking else into.later
            kept[name] = max(kept[name], rss)
        if begun is not None and is_asking and (answered == size or state in {"analysing", "completed"}):
            is_asking = False
            into.turns += size
            into.seconds += time.perf_counter() - begun[0]
            for name, (cpu, _) in seen.items():
                into.cpu_s[name] += cpu - begun[1].get(name, (0.0, 0))[0]
        if state in {"completed", "failed", "cancelled"}:
            assert (state, answered) == ("completed", size), (state, answered)
            return
        await asyncio.sleep(LOOK_S)


async def asked(stub: Stub, size: int) -> Asking:
    """A platform of its own for a size, so that nothing of another one is in it."""
    found = Asking()
    with site(stub) as on:
        async with RehearsalClient(on.cluster.url) as client:
            await ask(client, on, await people(client, WARM_UP, 2), WARM_UP, 0, Asking())
            population_id = await people(client, min(size, MAX_POPULATION), 1)
            for number in range(1, -(-size // MAX_POPULATION) + 1):
                left = size - (number - 1) * MAX_POPULATION
                await ask(client, on, population_id, min(left, MAX_POPULATION), number, found)
                _note(f"{found.turns:,} of {size:,} asked, {found.turns / found.seconds:.0f} turns/s")
                _note(json.dumps(_detail(found)))
    return found


def figures_of(size: int, found: Asking, first: tuple[int, Asking]) -> list[Figure]:
    """Throughput of a size, and its cost and memory against the first size."""
    cpu = {name: 1_000 * seconds / found.turns for name, seconds in found.cpu_s.items()}
    figures = [
        figure(f"{size:,} people asked once", "turns/s", [found.turns / found.seconds], 1_000, is_least=True),
        figure(f"CPU per turn of {size:,}, everything but the stub", "ms", [sum(cpu.values())], 2.5),
    ]
    if first[0] == size:
        return figures
    base = 1_000 * sum(first[1].cpu_s.values()) / first[1].turns
    figures.append(figure(f"CPU per turn, {size:,} against {first[0]:,}", "x", [sum(cpu.values()) / base], 1.2))
    for phase, kept, before in (
        ("while asking", found.memory, first[1].memory),
        ("while analysing", found.later, first[1].later),
    ):
        for name, most in kept.items():
            what = f"memory of {name} {phase}, {size:,} against {first[0]:,}"
            figures.append(figure(what, "x", [most / before[name]], 1.3))
    return figures


async def lost(stub: Stub) -> list[Figure]:
    """A worker that is killed in the middle, and comes back."""
    with site(stub, REHEARSAL_ACK_WAIT_S="5") as on:
        async with RehearsalClient(on.cluster.url) as client:
            simulation_id = await start(client, await people(client, LOST_SIZE, 1), 0)
            before = 0
            while before < LOST_SIZE * LOST_AT:
                await asyncio.sleep(0.05)
                _, before = await progress(client, simulation_id)
            on.cluster.processes[WORKER].kill()
            on.cluster.restart(WORKER)
            answered = (await finished(client, simulation_id))["progress"]["answered"]
            kept = await _responses(client, simulation_id)
    wrong = LOST_SIZE - sum(count == 1 for count in kept.values())
    _note(f"killed after {before:,} of {LOST_SIZE:,} turns: {answered:,} answered, {wrong} not kept exactly once")
    return [
        figure("turns lost, a worker killed in the middle", "turns", [LOST_SIZE - answered], 0),
        figure("responses that are there twice or not at all", "turns", [wrong], 0),
    ]


async def _responses(client: RehearsalClient, simulation_id: str) -> Counter[str]:
    """How many responses results keeps of each agent."""
    found: Counter[str] = Counter()
    after, has_more = None, True
    while has_more:
        page = await client.feed(simulation_id, after=after, limit=100)
        found.update(row["agent_id"] for row in page["items"])
        after, has_more = page["cursor"], page["has_more"]
    return found


@asynccontextmanager
async def _pool(stub: Stub, workers: int) -> AsyncIterator[tuple[Site, RehearsalClient]]:
    with site(stub, REHEARSAL_WORK_AT_ONCE="1") as on:
        for _ in range(workers - 1):
            on.cluster.add(WORKER, on.directory)
        async with RehearsalClient(on.cluster.url) as client:
            yield on, client


async def pool(stub: Stub) -> list[Figure]:
    """The same people asked by one worker and by two, each with one delivery in hand, of an endpoint that takes two
    seconds for each answer: the processors of one machine are not what they wait for."""
    rates = {}
    for workers in (1, 2):
        stub.control(latency_s=0.0, counts_prefixes=False)
        async with _pool(stub, workers) as (on, client):
            await ask(client, on, await people(client, WARM_UP, 2), WARM_UP, 0, Asking())
            population_id = await people(client, POOL_SIZE, 1)
            stub.control(latency_s=POOL_LATENCY_S, counts_prefixes=False)
            found = Asking()
            await ask(client, on, population_id, POOL_SIZE, 1, found)
            rates[workers] = found.turns / found.seconds
    _note(f"one worker {rates[1]:.0f} turns/s, two {rates[2]:.0f}")
    return [figure("two workers against one, the endpoint the limit", "x", [rates[2] / rates[1]], 1.7, is_least=True)]


def _note(text: str) -> None:
    sys.stderr.write(f"{text} (load {psutil.getloadavg()[0]:.1f})\n")


def _detail(found: Asking) -> dict[str, Any]:
    return {
        "turns": found.turns,
        "seconds": round(found.seconds, 1),
        "cpu_ms_per_turn": {name: round(1_000 * cpu / found.turns, 3) for name, cpu in found.cpu_s.items()},
        "mib_while_asking": {name: round(most / MIB, 1) for name, most in found.memory.items()},
        "mib_afterwards": {name: round(most / MIB, 1) for name, most in found.later.items()},
    }


async def main(wanted: list[str]) -> None:
    """Measure what is wanted and print; everything when nothing is named."""
    sizes = [int(name) for name in wanted if name not in OTHERS] or ([] if wanted else list(SIZES))
    figures: list[Figure] = []
    measured: list[tuple[int, Asking]] = []
    with tempfile.TemporaryDirectory() as directory, Stub(Path(directory), counts_prefixes=False) as stub:
        for size in sizes:
            measured.append((size, await asked(stub, size)))
            figures += figures_of(*measured[-1], measured[0])
        for name, measure in OTHERS.items():
            figures += await measure(stub) if name in wanted or not wanted else []
    report = {
        "machine": {"cpus": psutil.cpu_count(), "load": psutil.getloadavg()[0]},
        "python": platform.python_version(),
        "command": " ".join(["python -m bench.scale", *wanted]),
        "detail": {f"{size:,}": _detail(found) for size, found in measured},
        "figures": figures,
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


OTHERS = {"lost": lost, "pool": pool}

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends what it started
    asyncio.run(main(sys.argv[1:]))
