"""The results of a finished simulation, and the folder a run leaves behind.

`study.lock.yaml` holds what is needed to run the study again and to recognise the same answers: the study with every
seed resolved, ids, model, versions, the hash of the frozen plan and of the answers.
"""

import asyncio
import hashlib
import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml

from libs.client import RehearsalClient
from libs.contracts.base import JsonObject
from libs.contracts.experiments import StudySpec
from services.cli.exits import Exit, StopError

ANALYSIS_S = 10.0

FIGURES = ("calls", "prompt_tokens", "completion_tokens", "cost_usd", "seconds")
"""What is estimated before a run, and kept with what it took."""


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run of a study."""

    source: Path
    study: StudySpec
    status: JsonObject
    results: JsonObject
    estimate: JsonObject | None = None
    """What it was said to take; None where that could not be said."""

    @property
    def analysis(self) -> JsonObject:
        """What came of it."""
        analysis: JsonObject = self.results["analysis"]
        return analysis


async def results_of(client: RehearsalClient, status: JsonObject) -> JsonObject:
    """The analysed results of a completed simulation; waits a moment for a service that has not heard of it yet."""
    deadline = asyncio.get_running_loop().time() + ANALYSIS_S
    while True:
        answer = await client.aggregate(status["simulation_id"])
        if answer.get("analysis"):
            return answer
        if asyncio.get_running_loop().time() >= deadline:
            state = status["state"]
            raise StopError(Exit.FAILED, f"There is no analysis of {status['simulation_id']}: it is {state}.")
        await asyncio.sleep(0.1)


async def write_folder(client: RehearsalClient, run: Run, out: Path, *, has_report: bool) -> Path:
    """Write `<out>/<simulation id>/` and answer its path."""
    simulation_id = str(run.status["simulation_id"])
    folder = out / simulation_id
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "results.json": await client.export(simulation_id, "json"),
        "results.csv": await client.export(simulation_id, "csv"),
    }
    if has_report:
        files["report.html"] = await client.export(simulation_id, "html")
    files["study.lock.yaml"] = _lock(run, files["results.csv"])
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def _lock(run: Run, csv: bytes) -> bytes:
    study = run.study.model_dump(mode="json", exclude_none=True)
    lock = {
        "study": study,
        "study_sha256": sha256(json.dumps(study, sort_keys=True, separators=(",", ":")).encode()),
        "source": str(run.source),
        "seed": run.study.seed,
        "model": run.status["model"],
        "engine": run.status["engine"],
        "simulation_id": run.status["simulation_id"],
        "intervention_id": run.status["intervention_id"],
        "population_id": run.status["population_id"],
        "plan_hash": run.analysis["plan_hash"],
        "plan_frozen_at": run.analysis["plan_frozen_at"],
        "results_csv_sha256": sha256(csv),
        "usage": run.status["usage"],
        "estimate": run.estimate and {name: run.estimate[name] for name in FIGURES},
        "started_at": run.status["created_at"],
        "versions": {"rehearsal": version("rehearsal"), "python": platform.python_version()},
    }
    head = "# What this run was made of. `rehearsal replay` of its simulation_id gives the same answers.\n"
    return (head + yaml.safe_dump(lock, sort_keys=False, allow_unicode=True, width=100)).encode()


def sha256(content: bytes) -> str:
    """The hash as hex digits."""
    return hashlib.sha256(content).hexdigest()
