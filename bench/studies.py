"""What is done to a platform from outside: people drawn, studies run, everybody asked."""

import asyncio
from pathlib import Path
from typing import Any

import yaml

from libs.client import RehearsalClient

STUDY = Path(__file__).parents[1] / "examples" / "email_ab.yaml"
OFFLINE = "offline"


async def run_study(client: RehearsalClient, seed: int) -> None:
    """The example study, from its first request to its verdict."""
    study = yaml.safe_load(STUDY.read_text())
    population = await client.create_population({**study["population"], "seed": seed})
    intervention = await client.create_intervention(study["intervention"])
    execution = await client.execute(intervention["id"], {"population_id": population["id"], "seed": seed})
    await finished(client, execution["simulation_id"])
    await client.aggregate(execution["simulation_id"])


async def people(client: RehearsalClient, size: int, seed: int) -> str:
    """A population of this size, drawn completely."""
    body = {"name": "bench", "demographic_base": "usa_demographics", "size": size, "seed": seed}
    population = await client.create_population(body)
    while population["state"] == "generating":
        await asyncio.sleep(0.05)
        population = await client.population(population["id"])
    return str(population["id"])


async def design(client: RehearsalClient, *, arms: int = 1) -> str:
    """Show everybody an e-mail and ask three questions; with two arms, one of two e-mails."""
    wanted = yaml.safe_load(STUDY.read_text())["intervention"]
    wanted |= {"target_segments": [], "variants": wanted["variants"][:arms]}
    return str((await client.create_intervention(wanted))["id"])


async def execute(client: RehearsalClient, intervention_id: str, population_id: str, model: str = OFFLINE) -> str:
    """Start it; gives the simulation."""
    body = {"population_id": population_id, "seed": 1, "model": model}
    return str((await client.execute(intervention_id, body))["simulation_id"])


async def start_survey(client: RehearsalClient, population_id: str, model: str = OFFLINE, *, arms: int = 1) -> str:
    """Design and start it."""
    return await execute(client, await design(client, arms=arms), population_id, model)


async def survey(client: RehearsalClient, population_id: str, model: str = OFFLINE, *, arms: int = 1) -> str:
    """The same, to the end; gives the simulation."""
    simulation_id = await start_survey(client, population_id, model, arms=arms)
    await finished(client, simulation_id)
    return simulation_id


async def finished(client: RehearsalClient, simulation_id: str) -> dict[str, Any]:
    """Wait for the end, told by the event stream; raises `RuntimeError` when it is not completion."""
    status = await client.wait(simulation_id)
    if status["state"] != "completed":
        raise RuntimeError(f"{simulation_id} {status['state']}: {status['reason']}")
    return status
