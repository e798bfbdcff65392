"""What communication knows of people: as they were drawn, then as they were changed."""

import itertools
from collections.abc import AsyncIterator

import pytest

from libs.contracts.people import Agent
from libs.contracts.population import PersonasChanged
from tests.services.communication.parts import POPULATION, Stage, delivery, person, stage
from tests.support.apps import eventually


@pytest.fixture
async def service(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, database_url) as around:
        yield around


def changed(index: int, version: int) -> Agent:
    before = person(index)
    return before.model_copy(update={"persona": before.persona | {"health": f"v{version}"}, "version": version})


async def send(service: Stage, *agents: Agent) -> None:
    version = max(agent.version or 0 for agent in agents)
    await service.send("population", PersonasChanged(population_id=POPULATION, version=version, agents=agents))


async def become(service: Stage, index: int, version: int) -> None:
    """Wait until the person in a prompt is of this version."""
    turns = itertools.count()

    async def is_known() -> bool:
        turn = f"{index}_{version}_{next(turns)}"
        agents = (person(index).agent_id,)
        await service.send("orchestrator", delivery(1, agent_ids=agents, delivery_id=turn, step_id=turn))
        await eventually(lambda: answered(turn))
        return bool(service.models.blocks()["persona"].get("health") == f"v{version}")

    async def answered(turn: str) -> bool:
        return any(batch.step_id == turn for batch in service.models.batches)

    await eventually(is_known)


async def test_agents_are_asked_as_the_persons_they_have_become(service: Stage) -> None:
    await service.population(1)
    await send(service, changed(1, 1))
    await become(service, 1, 1)
    await send(service, changed(1, 2))
    await become(service, 1, 2)


async def test_a_change_that_comes_too_early_or_too_late_counts_as_it_should(service: Stage) -> None:
    await send(service, changed(1, 2))  # before anybody knows this person
    await service.population(2)
    await become(service, 1, 2)
    await send(service, changed(1, 1), changed(2, 1))  # late for the first, news about the second
    await become(service, 2, 1)
    await become(service, 1, 2)
