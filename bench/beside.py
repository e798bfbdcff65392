"""`python -m bench.beside`: Rehearsal and TinyTroupe on the same stub endpoint, one after the other, in one run.

TinyTroupe is asked in the Python that REHEARSAL_TINYTROUPE_PYTHON names. Without one, or without the library in it, its
column is empty and `skipped` says why. Both get the same people, the same questions and the same endpoint.
"""

import asyncio
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from bench.processes import MODEL, Platform, Stub
from libs.client import RehearsalClient
from services.communication.adapters.tinytroupe.installation import examine
from services.communication.settings import Settings

SIDE = Path(__file__).parent / "tinytroupe_side.py"
PEOPLE, FEW, SOME, MANY = 1_000, 20, 100, 4_000
IN_CHECKPOINT = 50
LATENCY_S = 0.2
QUESTIONS = [
    f"How likely are you to buy {thing} this month?" for thing in ("bread", "shoes", "a bike", "tea", "a lamp")
]
DEMOGRAPHY = {
    "country": "USA",
    "age": {"18-34": 0.3, "35-54": 0.33, "55+": 0.37},
    "gender": {"female": 0.5, "male": 0.5},
}
# (name, unit, limit for Rehearsal, measurement)
FIGURES = (
    ("model calls per answer", "calls", 1.0, "calls_per_answer"),
    ("prompt tokens per answer, all calls", "tokens", 2_200.0, "prompt_tokens_per_answer"),
    ("CPU per turn at zero latency, all processes", "ms", 2.5, "cpu_ms_per_turn"),
    ("resident memory that an agent adds, after one turn", "KB", 20.0, "kb_per_agent"),
    ("1,000 agents asked once, 200 ms latency", "s", 5.0, "survey_s"),
    ("100 people generated, asked, answers extracted, 200 ms latency", "s", 5.0, "people_s"),
    ("kept on disk to resume, per agent and turn", "KB", 20.0, "kept_kb_per_turn"),
)
# What the stub says to TinyTroupe's requests without a schema: a text of the request, and the answer.
PLAN = [{"id": n, "sampled_values": {"age": [18, 80], "gender": "female"}, "quantity": 5} for n in range(SOME // 5)]
MADE = {
    "name": "Person {n}",
    "age": 40,
    "nationality": "American",
    "residence": "Ohio",
    "occupation": {"title": "Nurse"},
}
MEMORY = {"content": "I was asked about shopping.", "type": "episodic_consolidation", "simulation_timestamp": None}
SAYS = [
    ("which and how many people to sample", json.dumps({"sample_plan": PLAN})),
    ("dimensions of the sampling space", json.dumps({"dimensions": [{"name": "age", "range": [18, 80]}]})),
    ("Generates a single full name", "Person Number {n}"),
    ("specifications for realistic simulations of people", json.dumps(MADE)),
    ("Extraction objective", json.dumps({"answer": 7})),
    ("consolidat", json.dumps({"consolidation": [MEMORY]})),
]
Measured = dict[str, float]


async def rehearsal() -> tuple[Measured, list[dict[str, Any]]]:
    """Our side, and the people it was asked of."""
    with tempfile.TemporaryDirectory() as directory:
        data = Path(directory)
        stub = Stub(data, latency_s=0.0, counts_prefixes=False, says=SAYS)
        with stub, Platform(data, stub, models_concurrency=PEOPLE, work_at_once=8) as own:
            async with RehearsalClient(own.url) as client:
                crowd = await population(client, PEOPLE, seed=1)
                await ask(client, crowd, QUESTIONS[3])  # what is made at first use is no agent's
                found = await survey(client, own, stub, data, crowd)
                found["kb_per_agent"] = await memory(client, own)
                stub.control(latency_s=LATENCY_S)
                # Three, since the platform learns how many calls this endpoint takes at once; the median counts.
                surveys = [await timed(ask(client, crowd, QUESTIONS[place])) for place in (1, 2, 4)]
                found["survey_s"] = statistics.median(surveys)
                found["people_s"] = await timed(generated_and_asked(client))
                return found, await personas(client, crowd)


async def survey(client: RehearsalClient, own: Platform, stub: Stub, data: Path, crowd: str) -> Measured:
    """Everybody asked once at zero latency."""
    stub.control()
    kept, used = bytes_below(data), own.use().cpu_s
    await ask(client, crowd, QUESTIONS[0])
    used, counts = own.use().cpu_s - used, stub.counts()
    return {
        "calls_per_answer": counts["calls"] / PEOPLE,
        "prompt_tokens_per_answer": counts["prompt_tokens"] / PEOPLE,
        "cpu_ms_per_turn": used * 1_000 / PEOPLE,
        "kept_kb_per_turn": (bytes_below(data) - kept) / 1_024 / PEOPLE,
    }


async def memory(client: RehearsalClient, own: Platform) -> float:
    """KB by which all processes grow for each of many new agents that are asked once."""
    before = own.use().rss_bytes
    await ask(client, await population(client, MANY, seed=2), QUESTIONS[0])
    return (own.use().rss_bytes - before) / 1_024 / MANY


async def population(client: RehearsalClient, size: int, seed: int) -> str:
    """The id of a new population, once all of it is drawn."""
    spec = {"name": "Bench", "demographic_base": "usa_demographics", "size": size, "seed": seed}
    made = await client.create_population(spec)
    while made["state"] != "ready":
        await asyncio.sleep(0.02)
        made = await client.population(made["id"])
    return str(made["id"])


async def ask(client: RehearsalClient, population_id: str, question: str) -> str:
    """The id of a completed simulation in which everybody was asked."""
    metric = {"name": "likely", "type": "ordinal", "scale": [1, 10], "question": question}
    spec = {
        "name": "Survey",
        "type": "product_feature",
        "variants": [{"name": "all", "content": question}],
        "success_metrics": [metric],
    }
    intervention = await client.create_intervention(spec)
    execution = {"population_id": population_id, "seed": 1, "model": MODEL}
    simulation_id = str((await client.execute(intervention["id"], execution))["simulation_id"])
    status = await client.wait(simulation_id, expect_within=30.0)
    answered = status["progress"]["answered"]
    assert status["state"] == "completed", status
    assert answered == status["progress"]["planned"], status
    return simulation_id


async def generated_and_asked(client: RehearsalClient) -> None:
    """The same from nothing: people, a question, the answers."""
    simulation_id = await ask(client, await population(client, SOME, seed=3), QUESTIONS[2])
    await client.aggregate(simulation_id)


async def personas(client: RehearsalClient, population_id: str) -> list[dict[str, Any]]:
    """Everybody of a population, in TinyTroupe's shape."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = await client.individuals(population_id, limit=200, cursor=cursor)
        found += [one["persona"] for one in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            return found


def tinytroupe(python: str, people: list[dict[str, Any]]) -> Measured:
    """The other side: each scenario a process of its own."""
    with tempfile.TemporaryDirectory() as directory, Stub(Path(directory), counts_prefixes=False, says=SAYS) as stub:

        def measure(scenario: str, size: int, latency_s: float) -> Measured:
            stub.control(latency_s=latency_s)
            work = {
                "endpoint": stub.url,
                "personas": people[:size],
                "questions": QUESTIONS,
                "people": SOME,
                "demography": DEMOGRAPHY,
            }
            command = [python, "-I", "-W", "ignore", str(SIDE), scenario]
            done = subprocess.run(command, input=json.dumps(work), capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise RuntimeError(done.stderr[-2_000:])
            found: Measured = json.loads(done.stdout)
            return found

        answers = measure("answers", FEW, 0.0)
        at_once = measure("survey", SOME, 0.0)
        large = measure("survey", PEOPLE, LATENCY_S)
        kept = measure("checkpoint", IN_CHECKPOINT, 0.0)
        return {
            "calls_per_answer": answers["calls_per_answer"],
            "prompt_tokens_per_answer": answers["prompt_tokens_per_answer"],
            "cpu_ms_per_turn": at_once["cpu_ms_per_turn"],
            "kb_per_agent": large["kb_per_agent"],
            "survey_s": large["wall_s"],
            "people_s": measure("people", SOME, LATENCY_S)["wall_s"],
            "kept_kb_per_turn": kept["bytes"] / 1_024 / kept["people"],
        }


def bytes_below(folder: Path) -> int:
    """Size of all files in a folder; some may go away meanwhile."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


async def timed(work: Any) -> float:
    """Seconds that some work takes."""
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def main() -> None:
    """Measure both and print them side by side."""
    python = Settings().tinytroupe_python or sys.executable
    problem = (await examine(python)).problem
    ours, people = await rehearsal()
    theirs = {} if problem is not None else await asyncio.to_thread(tinytroupe, python, people)
    figures = [
        {
            "name": name,
            "unit": unit,
            "rehearsal": round(ours[key], 2),
            "tinytroupe": round(theirs[key], 2) if key in theirs else None,
            "times": round(theirs[key] / ours[key], 1) if key in theirs else None,
            "limit": limit,
            "is_met": ours[key] <= limit,
        }
        for name, unit, limit, key in FIGURES
    ]
    machine = {"cpus": psutil.cpu_count(), "memory_gib": round(psutil.virtual_memory().total / 2**30)}
    report = {
        "machine": machine | {"load": psutil.getloadavg()[0]},
        "python": platform.python_version(),
        "command": "python -m bench.beside",
        "skipped": problem,
        "figures": figures,
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
