"""Pause, resume, cancel and budgets over HTTP: what others are sent, and what survives."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from libs.contracts.communication import DeliverStimulus, DeliveryHeld
from libs.contracts.orchestrator import SimulationStateChanged
from services.models.app import create_app as create_models
from services.models.settings import Settings as ModelsSettings
from tests.services.orchestrator import parts
from tests.services.orchestrator.parts import READY, START, STEP, Stage, assigned, completed, recorded
from tests.support.apps import eventually, running

SECOND = STEP.model_copy(update={"step_id": "touch-2", "round": 2})


@pytest.fixture
async def stage(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with parts.stage(nats_url, database_url) as around:
        yield around


async def begun(stage: Stage) -> list[DeliverStimulus]:
    """The two deliveries of the first of two steps."""
    await stage.peer.send("population", READY)
    await stage.peer.send("intervention", START.model_copy(update={"steps": (STEP, SECOND)}))
    await stage.reaches("ready")
    await stage.peer.send("intervention", assigned())
    return await stage.peer.published(DeliverStimulus, 2)


async def ask(stage: Stage, what: str, expected: int = 200) -> dict[str, Any]:
    answer = await stage.client.post(f"/simulations/sim_1/{what}")
    assert answer.status_code == expected, answer.text
    body: dict[str, Any] = answer.json()
    return body


def held(delivery: DeliverStimulus) -> DeliveryHeld:
    return DeliveryHeld(
        simulation_id="sim_1", delivery_id=delivery.delivery_id, reason="3 calls are spent", pauses=delivery.pauses or 0
    )


async def test_a_pause_holds_the_next_step_and_a_resume_sends_only_what_is_open(stage: Stage) -> None:
    first, second = await begun(stage)
    status = await ask(stage, "pause")
    assert (status["state"], status["paused_for"], status["reason"]) == ("paused", "request", "paused on request")
    await stage.peer.send("communication", recorded(first), completed(first))

    async def is_taken() -> bool:
        return await stage.open_deliveries() == {second.delivery_id}

    await eventually(is_taken)
    assert (await ask(stage, "resume"))["state"] == "running"
    again = (await stage.peer.published(DeliverStimulus, 3))[-1]
    assert again == second.model_copy(update={"pauses": 1})
    await stage.peer.send("communication", completed(again), completed(second))
    deliveries = await stage.peer.published(DeliverStimulus, 5)
    assert [(one.step_id, one.pauses) for one in deliveries[3:]] == [("touch-2", 1)] * 2
    changes = await stage.peer.published(SimulationStateChanged, 5)
    assert [(change.state, change.pauses) for change in changes[3:]] == [("paused", 1), ("running", 1)]


async def test_what_ends_while_it_is_paused_is_not_sent_again(stage: Stage) -> None:
    deliveries = await begun(stage)
    await ask(stage, "pause")
    await stage.peer.send("communication", *map(completed, deliveries))

    async def are_taken() -> bool:
        return not await stage.open_deliveries()

    await eventually(are_taken)
    assert (await ask(stage, "resume"))["state"] == "running"
    assert [one.step_id for one in (await stage.peer.published(DeliverStimulus, 4))[2:]] == ["touch-2"] * 2


async def test_a_cancelled_simulation_has_nothing_open_and_counts_what_comes_late(stage: Stage) -> None:
    deliveries = await begun(stage)
    assert (await ask(stage, "cancel"))["reason"] == "cancelled on request"
    assert await stage.open_deliveries() == set()
    (envelope,) = await stage.peer.send("communication", completed(deliveries[0]))
    await stage.peer.send_again(completed(deliveries[0]), envelope)
    await stage.peer.send("communication", completed(deliveries[1]), completed(deliveries[1]))

    async def are_counted() -> bool:
        return bool((await stage.status())["late_messages"] == 2)

    await eventually(are_counted)
    assert (await ask(stage, "cancel"))["state"] == "cancelled"
    for what in ("pause", "resume"):
        assert "is cancelled; this is for simulations that are" in (await ask(stage, what, 409))["detail"]
    for what in ("pause", "resume", "cancel"):
        assert (await stage.client.post(f"/simulations/sim_9/{what}")).status_code == 404


async def test_a_spent_budget_pauses_and_a_higher_one_goes_on(stage: Stage, nats_url: str, tmp_path: Path) -> None:
    models = create_models(ModelsSettings(database_url=f"sqlite:///{tmp_path}/models.db", nats_url=nats_url))
    async with running("models", models):
        first, second = await begun(stage)
        await stage.peer.send("communication", held(first), held(second))
        status = await stage.reaches("paused")
        assert (status["paused_for"], status["reason"]) == ("budget", "3 calls are spent")
        as_before = (await stage.client.patch("/simulations/sim_1/budget", json={"calls": 0})).json()
        assert (as_before["state"], as_before["paused_for"]) == ("paused", "budget"), (
            "nothing can be spent, so it waits"
        )
        changed = await stage.client.patch("/simulations/sim_1/budget", json={"calls": 500})
        assert changed.status_code == 200, changed.text
        assert changed.json()["cap"] == {"cost_usd": None, "tokens": None, "calls": 500}
        assert (changed.json()["state"], changed.json()["paused_for"]) == ("running", None)
        again = (await stage.peer.published(DeliverStimulus, 4))[2:]
        assert [one.delivery_id for one in again] == [first.delivery_id, second.delivery_id]
        assert {one.pauses for one in again} == {1}
        await stage.peer.send("communication", held(first))
        await stage.client.patch("/simulations/sim_1/budget", json={"cost_usd": 2.5})
        shown = (await stage.client.get("/simulations/sim_1/budget")).json()
        assert (shown["cap"]["calls"], shown["cap"]["cost_usd"], shown["spent"]["calls"]) == (500, 2.5, 0)
        assert shown["state"] == "running", "what comes from before the pause does not pause it again"


async def test_the_budget_a_simulation_is_made_with_goes_with_its_deliveries_and_is_shown_at_once(
    stage: Stage, nats_url: str, tmp_path: Path
) -> None:
    models = create_models(ModelsSettings(database_url=f"sqlite:///{tmp_path}/models.db", nats_url=nats_url))
    async with running("models", models):
        await stage.peer.send("population", READY)
        body = {"name": "Panel", "population_id": "pop_1", "budget": {"cost_usd": 1.5}}
        made = (await stage.client.post("/simulations/create", json=body)).json()
        path = f"/simulations/{made['id']}/budget"
        assert (await stage.client.get(path)).json()["cap"]["cost_usd"] == 1.5
        raised = (await stage.client.patch(path, json={"calls": 10})).json()["cap"]
        assert raised == {"cost_usd": 1.5, "tokens": None, "calls": 10}
        refused = await stage.client.patch(path, json={"calls": -1, "dollars": 3})
        assert [error["field"] for error in refused.json()["errors"]] == ["calls", "dollars"]
        for field, number in (("calls", "5"), ("tokens", True), ("cost_usd", "5"), ("cost_usd", True)):
            odd = await stage.client.patch(path, json={field: number})
            assert (odd.status_code, odd.json()["errors"][0]["field"]) == (422, field)
        odd = await stage.client.post("/simulations/create", json={**body, "budget": {"cost_usd": "5"}})
        assert (odd.status_code, odd.json()["errors"][0]["field"]) == (422, "budget.cost_usd")
        assert (await stage.client.get(path)).json()["cap"] == raised
        assert (await stage.client.patch("/simulations/sim_9/budget", json={"calls": 1})).status_code == 404


async def test_a_budget_cannot_be_shown_while_the_models_service_is_away(stage: Stage) -> None:
    await stage.peer.send("population", READY)
    made = (await stage.client.post("/simulations/create", json={"name": "P", "population_id": "pop_1"})).json()
    answer = await stage.client.get(f"/simulations/{made['id']}/budget")
    assert (answer.status_code, answer.json()["title"]) == (502, "The model did not answer")
