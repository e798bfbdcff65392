"""Deliveries answered by the real models service and its offline model."""

from collections import Counter
from pathlib import Path

from libs.contracts.communication import DeliveryHeld, Response
from libs.contracts.turns import Budget
from services.models.app import create_app
from services.models.settings import Settings
from tests.services.communication.parts import EMAIL, Stage, delivery, stage
from tests.support.apps import eventually, running
from tests.support.migrated import sqlite_database

AGENTS = 20


async def run(service: Stage, simulation_id: str, expected: int) -> list[Response]:
    """Two rounds of a simulation; `expected` deliveries are complete afterwards."""
    for number in (1, 2):
        command = delivery(
            AGENTS,
            simulation_id=simulation_id,
            step_id=f"step_{number}",
            round=number,
            delivery_id=f"{simulation_id}_{number}",
            stimulus=EMAIL if number == 1 else None,
        )
        await service.send("orchestrator", command)
        await service.completed(expected - 2 + number)
    return await service.responses()


async def test_everybody_answers_validly_and_a_second_run_costs_no_call(nats_url: str, tmp_path: Path) -> None:
    models = create_app(Settings(database_url=sqlite_database("models", tmp_path / "models.db"), nats_url=nats_url))
    async with (
        stage(nats_url, sqlite_database("communication", tmp_path / "communication.db")) as service,
        running("models", models),
    ):
        await service.population(AGENTS)
        first = await run(service, "sim_a", expected=2)
        both = await run(service, "sim_b", expected=4)
        completed = await service.completed(4)
    assert [(event.requested, event.answered, event.failed) for event in completed] == [(AGENTS, AGENTS, 0)] * 4
    assert Counter(response.agent_id for response in first) == {f"agent_{i:04d}": 2 for i in range(1, AGENTS + 1)}
    for response in first:
        assert response.answers["open_rate"] in (True, False)
        assert response.answers["open_rate"] is True or response.answers["click_through"] is None
        assert response.answers["purchase_intent"] in range(1, 11)
        assert response.reasoning
    assert [event.usage.calls for event in completed] == [AGENTS, AGENTS, 0, 0]
    assert [event.usage.cached_calls for event in completed] == [0, 0, AGENTS, AGENTS]
    said = {"answers", "reasoning", "response", "confidence", "sentiment", "agent_id"}
    earlier, later = ([response.model_dump(include=said) for response in part] for part in (first, both[2 * AGENTS :]))
    assert sorted(map(str, earlier)) == sorted(map(str, later))


async def test_a_model_that_is_not_there_fails_every_turn_and_names_those_that_are(
    nats_url: str, tmp_path: Path
) -> None:
    models = create_app(Settings(database_url=sqlite_database("models", tmp_path / "models.db"), nats_url=nats_url))
    async with (
        stage(nats_url, sqlite_database("communication", tmp_path / "communication.db")) as service,
        running("models", models),
    ):
        await service.population(2)
        await service.send("orchestrator", delivery(2, model="gpt-nobody"))
        (completed,) = await service.completed()
        responses = await service.responses()
    assert completed.failed == 2
    assert all("gpt-nobody" in str(response.failure) and "offline" in str(response.failure) for response in responses)


async def test_at_the_cap_of_a_budget_no_turn_fails_and_all_are_answered_when_the_delivery_is_sent_again(
    nats_url: str, tmp_path: Path
) -> None:
    models = create_app(Settings(database_url=sqlite_database("models", tmp_path / "models.db"), nats_url=nats_url))
    async with (
        stage(nats_url, sqlite_database("communication", tmp_path / "communication.db")) as service,
        running("models", models) as client,
    ):
        await service.population(AGENTS)
        await service.send("orchestrator", delivery(AGENTS, budget=Budget(calls=7)))

        async def is_held() -> bool:
            return bool(await service.events(DeliveryHeld))

        await eventually(is_held)
        at_the_cap = await service.responses()
        held = await service.events(DeliveryHeld)
        await client.put("/v1/budgets/sim_1", json={"calls": None})
        await service.send("orchestrator", delivery(AGENTS, budget=Budget(calls=7), pauses=1))
        (completed,) = await service.completed()
        responses = await service.responses()
        spent = (await client.get("/v1/budgets/sim_1")).json()["spent"]
    assert [response.status for response in at_the_cap] == ["answered"] * 7
    assert [(one.delivery_id, one.pauses) for one in held] == [(completed.delivery_id, 0)]
    assert "'sim_1' is 7 call(s): 7 call(s) are spent" in held[0].reason
    assert (completed.answered, completed.failed, completed.usage.calls) == (AGENTS, 0, AGENTS)
    assert len({response.turn_id for response in responses}) == len(responses) == AGENTS
    assert spent["calls"] == AGENTS
