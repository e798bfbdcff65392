"""`rehearsal run`: a study from its file to its verdict, over the public HTTP API."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from libs.client import ProblemError, RehearsalClient
from libs.contracts.base import JsonObject
from libs.contracts.experiments import StudySpec
from libs.contracts.turns import Budget
from libs.studies import resolved
from services.cli.exits import Exit, StopError, refusal, say
from services.cli.output import print_json
from services.cli.own import Source
from services.cli.progress import display
from services.cli.results import Run, results_of, write_folder
from services.cli.study import InvalidStudyError, Study, load

APPEARS_S = 15.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line says about a run."""

    seed: int | None
    model: str | None
    engine: Literal["native", "tinytroupe"] | None
    out: Path
    as_json: bool
    has_report: bool
    budget: JsonObject
    """What it may spend, where that is said: it takes the place of the study's own."""


async def run_study(path: Path, source: Source, options: RunOptions) -> Exit:
    """Run a study, print its verdict and write its folder."""
    try:
        study = load(path)
    except InvalidStudyError as error:
        raise StopError(Exit.INVALID, str(error)) from error
    spec = resolved(study.spec, options.seed, options.model, options.engine)
    if options.budget:
        spec = spec.model_copy(update={"budget": Budget.model_validate(options.budget)})
    for warning in study.odd:
        say(warning)
    async with source.connect() as client:
        started = await _start(client, study, spec)
        simulation_id = started["simulation_id"]
        say(f"{spec.name}: simulation {simulation_id}, seed {spec.seed}, model {spec.model}, engine {spec.engine}")
        _say_power(started["estimate"])
        try:
            status = await follow(client, simulation_id)
        except asyncio.CancelledError:
            say(f"{simulation_id} is not lost: {source.way_back()}, then `rehearsal watch {simulation_id}`.")
            raise
        if status["state"] != "completed":
            return ended_badly(status)
        run = Run(path, spec, status, await results_of(client, status), started["estimate"])
        folder = await write_folder(client, run, options.out, has_report=options.has_report)
    _print(run, folder, options)
    return Exit.COMPLETED


async def _start(client: RehearsalClient, study: Study, spec: StudySpec) -> JsonObject:
    """Run it on the platform; a refusal names the line of the study it is about."""
    try:
        started = await client.run_study(spec)
        _say_what_was_not_understood(await client.population(started["population_id"]))
    except ProblemError as error:
        raise StopError(Exit.REFUSED, "\n".join([refusal(error), *study.lines(error.errors)])) from error
    return started


def _say_power(estimate: JsonObject | None) -> None:
    from services.cli.estimate import said_of_power

    for line in said_of_power(estimate):
        say(line)


def _say_what_was_not_understood(population: JsonObject) -> None:
    """Words of a segment that drew nobody: shown, because the people are not as they say."""
    for segment in population["segments"]:
        for one in segment["understood"]:
            if one["by"] == "model":
                meant = ", ".join(one["allowed"]) or f"from {one['minimum']} to {one['maximum']}"
                say(f"Understood by the model in segment {segment['name']}: {one['text']} is {one['about']} {meant}")
        for words in segment["not_understood"]:
            say(f"Not understood, and so without effect, in segment {segment['name']}: {words}")


async def follow(client: RehearsalClient, simulation_id: str) -> JsonObject:
    """Show a simulation on stderr until it has ended; answers its last status."""
    with display() as shown:
        return await client.wait(simulation_id, shown.show, expect_within=APPEARS_S)


def ended_badly(status: JsonObject) -> Exit:
    """Say how a simulation that brought no verdict ended."""
    reason = f": {status['reason']}" if status.get("reason") else ""
    say(f"The simulation {status['simulation_id']} is {status['state']}{reason}")
    return Exit.FAILED


def _print(run: Run, folder: Path, options: RunOptions) -> None:
    if options.as_json:
        answer = {
            "simulation_id": run.status["simulation_id"],
            "intervention_id": run.status["intervention_id"],
            "population_id": run.status["population_id"],
            "state": run.status["state"],
            "seed": run.study.seed,
            "model": run.status["model"],
            "verdict": run.analysis["verdict"],
            "analysis": run.analysis,
            "usage": run.status["usage"],
            "estimate": run.estimate,
            "directory": str(folder),
        }
        print_json(answer)
        return
    from services.cli.estimate import held_against, too_little_power
    from services.cli.verdict import console, simulated, usage_line, verdict

    output = console()
    output.print(verdict(run.analysis, run.results["better"], output.width))
    for warning in too_little_power(run.estimate):
        output.print(warning, style="yellow", markup=False, highlight=False)
    output.print(simulated(run.results.get("population")))
    output.print(usage_line(run.status["usage"]), style="dim")
    if run.estimate is not None:
        output.print(held_against(run.estimate, run.status["usage"]), style="dim", highlight=False)
    names = ", ".join(sorted(path.name for path in folder.iterdir()))
    output.print(f"{folder}/: {names}", markup=False, soft_wrap=True)
