"""The orchestrator between a real bus and a real store: what it sends for what it receives."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from libs.contracts.communication import DeliverStimulus
from libs.contracts.ids import agent_id
from libs.contracts.intervention import ArmsAssigned, AssignArms, AssignmentFailed
from libs.contracts.orchestrator import RunProtocol, SimulationCreated, SimulationStateChanged, StepStarted
from libs.contracts.population import PopulationDeleted, PopulationFailed
from libs.contracts.protocol import Audience
from libs.contracts.results import AnalyseSimulation, AnalysisCompleted
from libs.contracts.specs import PastSpec
from services.models.app import create_app as create_models
from services.models.settings import Settings as ModelsSettings
from services.orchestrator.domain.deliveries import LARGEST_DELIVERY
from services.orchestrator.store.simulations import AGENTS
from tests.services.orchestrator import parts
from tests.services.orchestrator.parts import (
    ANALYSIS,
    ASSIGN,
    CREATED,
    NOW,
    READY,
    START,
    STEP,
    Stage,
    assigned,
    completed,
    recorded,
)
from tests.support.apps import eventually, running


@pytest.fixture
async def stage(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with parts.stage(nats_url, database_url) as around:
        yield around


async def test_the_main_job_from_command_to_completion(stage: Stage) -> None:
    await stage.peer.send("intervention", START)
    assert (await stage.peer.published(SimulationCreated))[0].seed == 7
    assert (await stage.reaches("provisioning"))["progress"]["fraction"] == 0

    await stage.peer.send("population", CREATED, READY)
    assert len(await stage.peer.published(AssignArms)) == 1

    await stage.peer.send("intervention", assigned(1, 2, 1, 60), assigned(2, 2, 61, 125))
    deliveries = await stage.peer.published(DeliverStimulus, 2)
    assert sorted((delivery.arm, len(delivery.agent_ids)) for delivery in deliveries) == [("a", 62), ("b", 63)]
    everybody = [agent for delivery in deliveries for agent in delivery.agent_ids]
    assert sorted(everybody) == [agent_id(index) for index in range(1, 126)]
    assert {delivery.arm: delivery.stimulus for delivery in deliveries} == STEP.stimuli
    assert (await stage.peer.published(StepStarted))[0].planned == {"a": 62, "b": 63}

    await stage.peer.send("communication", *(completed(delivery, failed=1) for delivery in deliveries))
    assert (await stage.peer.published(AnalyseSimulation))[0].expected_responses == 125

    await stage.peer.send(
        "results", AnalysisCompleted(simulation_id="sim_1", intervention_id="int_1", analysis=ANALYSIS, analysed_at=NOW)
    )
    await stage.reaches("analysing")
    await stage.peer.send("communication", *(recorded(delivery, failed=1) for delivery in deliveries))
    status = await stage.reaches("completed")
    assert status["progress"]["by_arm"]["a"] == {"planned": 62, "answered": 61, "failed": 1}
    changes = [change.state for change in await stage.peer.published(SimulationStateChanged, 5)]
    assert changes == ["provisioning", "ready", "running", "analysing", "completed"]


async def test_a_step_for_more_agents_than_are_read_at_once_reaches_everybody_once(
    nats_url: str, sqlite_url: str
) -> None:
    half, everybody = AGENTS + 1, 2 * (AGENTS + 1)
    async with parts.stage(nats_url, sqlite_url) as stage:
        await stage.peer.send("intervention", START)
        await stage.peer.send("population", CREATED, READY)
        await stage.peer.published(AssignArms)
        await stage.peer.send("intervention", assigned(1, 2, 1, half), assigned(2, 2, half + 1, everybody))
        deliveries = await stage.peer.published(DeliverStimulus, 2 * (AGENTS // LARGEST_DELIVERY + 1))
        assert len({delivery.delivery_id for delivery in deliveries}) == len(deliveries)
        assert [delivery.arm for delivery in deliveries] == ["a", "b"] * (len(deliveries) // 2)
        assert sorted(len(delivery.agent_ids) for delivery in deliveries)[:3] == [1, 1, LARGEST_DELIVERY]
        reached = [agent for delivery in deliveries for agent in delivery.agent_ids]
        assert sorted(reached) == sorted(agent_id(index) for index in range(1, everybody + 1))


async def test_the_engine_of_a_simulation_is_that_of_its_deliveries(stage: Stage) -> None:
    await stage.peer.send("intervention", START.model_copy(update={"engine": "tinytroupe"}))
    assert (await stage.reaches("provisioning"))["engine"] == "tinytroupe"
    await stage.peer.send("population", CREATED, READY)
    await stage.peer.send("intervention", assigned(1, 1, 1, 5))
    deliveries = await stage.peer.published(DeliverStimulus, 2)
    assert {delivery.engine for delivery in deliveries} == {"tinytroupe"}
    assert (await stage.peer.published(SimulationCreated))[0].engine == "tinytroupe"


async def test_an_intervention_starts_from_the_past_of_another_simulation(stage: Stage) -> None:
    earlier = START.model_copy(update={"simulation_id": "sim_0"})
    past = PastSpec(simulation_id="sim_0")
    await stage.peer.send("intervention", earlier)
    await stage.peer.published(SimulationCreated)
    await stage.peer.send("intervention", START.model_copy(update={"past": past}))
    await stage.reaches("provisioning")
    found = {one.simulation_id: one.start_from for one in await stage.peer.published(SimulationCreated, 2)}
    assert found["sim_0"] is None
    assert found["sim_1"] is not None
    assert (found["sim_1"].simulation_id, found["sim_1"].place) == ("sim_0", 0)


async def test_an_intervention_whose_past_is_not_there_fails_and_says_so(stage: Stage) -> None:
    await stage.peer.send("intervention", START.model_copy(update={"past": PastSpec(simulation_id="sim_nowhere")}))
    failed = await stage.reaches("failed")
    assert failed["reason"] == (
        "it cannot start from another simulation: start_from.simulation_id: there is no simulation 'sim_nowhere'"
    )


async def test_repeated_messages_change_nothing(stage: Stage) -> None:
    for source, data in (("intervention", START), ("population", READY), ("intervention", assigned())):
        for envelope in await stage.peer.send(source, data):
            await stage.peer.send_again(data, envelope)
    await stage.peer.send("intervention", START, assigned())
    deliveries = await stage.peer.published(DeliverStimulus, 2)
    finished = completed(deliveries[0])
    await stage.peer.send("communication", finished, finished, completed(deliveries[1]))
    await stage.reaches("analysing")
    assert len(await stage.peer.published(DeliverStimulus, 2)) == 2
    assert [command.expected_responses for command in await stage.peer.published(AnalyseSimulation)] == [125]


async def test_progress_counts_responses_while_the_simulation_runs(stage: Stage) -> None:
    await stage.peer.send("population", READY)
    await stage.peer.send("intervention", START)
    await stage.peer.published(AssignArms)
    await stage.peer.send("intervention", assigned())
    delivery = (await stage.peer.published(DeliverStimulus, 2))[0]
    two = delivery.model_copy(update={"agent_ids": delivery.agent_ids[:2]})
    batch = recorded(two, failed=1)
    (envelope,) = await stage.peer.send("communication", batch)
    await stage.peer.send_again(batch, envelope)

    async def is_counted() -> bool:
        return (await stage.status())["progress"]["answered"] == 1

    await eventually(is_counted)
    status = await stage.status()
    assert status["progress"]["by_arm"]["a"] == {"planned": 62, "answered": 1, "failed": 1}
    assert status["progress"]["fraction"] == pytest.approx(2 / 125)
    assert (status["usage"]["calls"], status["usage"]["prompt_tokens"]) == (2, 1800)


@pytest.mark.parametrize(
    ("source", "message", "reason"),
    [
        ("population", PopulationFailed(population_id="pop_1", reason="no such base"), "no such base"),
        ("intervention", AssignmentFailed(simulation_id="sim_1", intervention_id="int_1", reason="empty"), "empty"),
    ],
)
async def test_a_simulation_that_cannot_run_says_why(
    stage: Stage, source: str, message: PopulationFailed | AssignmentFailed, reason: str
) -> None:
    await stage.peer.send("intervention", START)
    await stage.reaches("provisioning")
    await stage.peer.send(source, message)
    assert reason in (await stage.reaches("failed"))["reason"]


async def test_nothing_starts_with_a_population_that_was_deleted_not_even_when_it_is_called_ready_later(
    stage: Stage,
) -> None:
    await stage.peer.send("population", CREATED, PopulationDeleted(population_id="pop_1", deleted_at=NOW))
    await stage.peer.send("intervention", START)
    assert "was deleted" in (await stage.reaches("failed"))["reason"]
    await stage.peer.send("population", READY)
    await stage.peer.send("intervention", START.model_copy(update={"simulation_id": "sim_2"}))
    assert "was deleted" in (await stage.reaches("failed", "sim_2"))["reason"]
    refused = await stage.client.post("/simulations/create", json={"name": "Panel", "population_id": "pop_1"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "population_id")


async def test_an_interactive_simulation_runs_broadcasts_until_it_is_ended(stage: Stage) -> None:
    await stage.peer.send("population", CREATED)
    created = await stage.client.post("/simulations/create", json={"name": "Panel", "population_id": "pop_1"})
    assert created.status_code == 201
    simulation_id = created.json()["id"]
    assert created.json()["state"] == "provisioning"
    await stage.peer.send("population", READY)
    await stage.reaches("ready", simulation_id)
    step = STEP.model_copy(update={"stimuli": {"all": STEP.stimuli["a"]}})
    agents = tuple(agent_id(index) for index in range(1, 71))
    command = RunProtocol(
        simulation_id=simulation_id,
        protocol_id="brd_1",
        steps=(step.model_copy(update={"audience_id": "brd_1"}),),
        audiences=(Audience(audience_id="brd_1", groups={"all": agents}),),
    )
    await stage.peer.send("communication", command)
    deliveries = await stage.peer.published(DeliverStimulus, 2)
    assert sorted(len(delivery.agent_ids) for delivery in deliveries) == [6, 64]
    await stage.reaches("running", simulation_id)
    await stage.peer.send("communication", *(completed(delivery) for delivery in deliveries))
    await stage.reaches("ready", simulation_id)
    ended = await stage.client.delete(f"/simulations/{simulation_id}/end")
    assert ended.json()["state"] == "analysing"
    assert (await stage.peer.published(AnalyseSimulation))[0].intervention_id is None


async def test_a_population_that_is_announced_a_moment_later_is_waited_for(stage: Stage) -> None:
    body = {"name": "Panel", "population_id": "pop_1"}
    creating = asyncio.create_task(stage.client.post("/simulations/create", json=body))
    await asyncio.sleep(0.2)
    await stage.peer.send("population", CREATED)
    assert (await creating).status_code == 201


@pytest.mark.usefixtures("impatient")
async def test_an_unknown_population_is_refused_by_name(stage: Stage) -> None:
    answer = await stage.client.post("/simulations/create", json={"name": "Panel", "population_id": "pop_9"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "population_id"
    assert (await stage.client.get("/simulations/list")).json()["items"] == []


async def test_the_list_is_paged_newest_first_and_filtered_by_state(stage: Stage) -> None:
    await stage.peer.send("population", READY)
    for number in range(3):
        body = {"name": f"Panel {number}", "population_id": "pop_1"}
        assert (await stage.client.post("/simulations/create", json=body)).status_code == 201
    first = (await stage.client.get("/simulations/list", params={"limit": 2})).json()
    assert [item["name"] for item in first["items"]] == ["Panel 2", "Panel 1"]
    second = (await stage.client.get("/simulations/list", params={"cursor": first["next_cursor"]})).json()
    assert [item["name"] for item in second["items"]] == ["Panel 0"]
    assert second["next_cursor"] is None
    assert (await stage.client.get("/simulations/list", params={"state": "running"})).json()["items"] == []
    refused = await stage.client.get("/simulations/list", params={"state": "sleeping"})
    assert "running" in refused.json()["errors"][0]["allowed"]


async def test_a_state_that_lasts_too_long_is_ended_with_its_reason(stage: Stage) -> None:
    await stage.peer.send("intervention", START)
    await stage.reaches("provisioning")
    await stage.app.state.service.time_out(datetime.now(UTC) + timedelta(minutes=59))
    assert (await stage.status())["state"] == "provisioning"
    await stage.app.state.service.time_out(datetime.now(UTC) + timedelta(hours=2))
    assert (await stage.status())["reason"] == "nothing happened for too long while provisioning"


async def test_an_unknown_simulation_is_not_found(stage: Stage) -> None:
    for method, path in (("GET", "status"), ("DELETE", "end")):
        answer = await stage.client.request(method, f"/simulations/sim_9/{path}")
        assert answer.status_code == 404


async def test_a_delivery_that_was_given_up_fails_its_simulation_and_says_why(stage: Stage) -> None:
    await stage.peer.send("intervention", START)
    await stage.peer.send("population", READY)
    await stage.peer.published(AssignArms)
    await stage.peer.send("intervention", assigned())
    first, second = await stage.peer.published(DeliverStimulus, 2)
    await stage.peer.send("communication", completed(first))

    async def is_taken() -> bool:
        return first.delivery_id not in await stage.open_deliveries()

    await eventually(is_taken)
    await stage.peer.give_up("communication", first, "a delivery that is complete is not waited for")
    await stage.peer.give_up("communication", second, "ModelsError: turns without a reply")
    status = await stage.reaches("failed")
    assert status["reason"] == "deliver-stimulus was given up: ModelsError: turns without a reply"
    changes = [change.state for change in await stage.peer.published(SimulationStateChanged, 4)]
    assert changes[-2:] == ["running", "failed"]


@pytest.mark.parametrize(
    ("service", "message"),
    [
        ("intervention", AssignArms(**ASSIGN, seed=7)),
        ("orchestrator", assigned()),
    ],
)
async def test_whatever_a_simulation_waits_for_in_vain_fails_it(
    stage: Stage, service: str, message: AssignArms | ArmsAssigned
) -> None:
    await stage.peer.send("intervention", START)
    await stage.reaches("provisioning")
    await stage.peer.give_up(service, message, "RuntimeError: broken")
    assert message.contract.name in (await stage.reaches("failed"))["reason"]


async def test_a_model_that_is_not_there_is_refused_with_those_that_are(
    nats_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    models = create_models(ModelsSettings(database_url=f"sqlite:///{tmp_path}/models.db"))
    async with running("models", models), parts.stage(nats_url, sqlite_url) as around:
        await around.peer.send("population", READY)
        body = {"name": "Panel", "population_id": "pop_1", "model": "gpt-nobody"}
        refused = await around.client.post("/simulations/create", json=body)
        assert refused.status_code == 422
        [problem] = refused.json()["errors"]
        assert (problem["field"], problem["allowed"]) == ("model", ["offline"])
        made = await around.client.post("/simulations/create", json=body | {"model": "offline"})
        assert made.status_code == 201
