"""A broadcast asks the orchestrator for a step, or is refused with a reason."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Literal

import httpx
import pytest

from libs.contracts.orchestrator import ProtocolStateChanged, SimulationState
from tests.services.communication.parts import SIMULATION, Stage, stage
from tests.support.apps import eventually

SEGMENTS = {"families": 3, "students": 2}


@pytest.fixture
async def service(nats_url: str, sqlite_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, sqlite_url) as around:
        await around.population(6, SEGMENTS)
        yield around


async def post(service: Stage, **changes: Any) -> httpx.Response:
    body = {"simulation_id": SIMULATION, "content": "Would you try a new cereal?"}
    return await service.client.post("/communications/broadcast", json=body | changes)


async def test_a_broadcast_reaches_everybody_of_a_ready_simulation(service: Stage) -> None:
    await service.simulation()
    answer = await post(service, metrics=["click_through"], channel="sms")
    assert answer.status_code == 202
    accepted = answer.json()
    assert accepted["recipients"] == 6
    assert accepted["state"] == "accepted"
    assert accepted["simulation_id"] == SIMULATION
    assert accepted["links"]["history"] == f"/communications/{SIMULATION}/history?request_id={accepted['id']}"
    asked = await service.asked_of_orchestrator()
    assert asked is not None
    assert (asked.steps[0].step_id, asked.steps[0].round, asked.steps[0].kind) == ("step-1-1", 1, "deliver")
    assert asked.steps[0].stimuli["all"].content == "Would you try a new cereal?"
    assert [metric.name for metric in asked.steps[0].instruments] == ["open_rate", "click_through"]
    assert asked.audiences[0].groups["all"] == tuple(f"agent_{index:04d}" for index in range(1, 7))


async def test_a_broadcast_reaches_only_its_segments_and_rounds_count_up(service: Stage) -> None:
    await service.simulation(SimulationState.RUNNING)
    assert (await post(service)).json()["recipients"] == 6
    answer = await post(service, target_segments=["students"])
    assert answer.json()["recipients"] == 2
    asked = await service.asked_of_orchestrator()
    for _ in range(50):
        if asked is not None and asked.protocol_id == answer.json()["id"]:
            break
        await asyncio.sleep(0.02)
        asked = await service.asked_of_orchestrator()
    assert asked is not None
    assert asked.steps[0].round == 2
    assert asked.steps[0].instruments == ()
    assert asked.audiences[0].groups["all"] == ("agent_0004", "agent_0005")


async def test_a_broadcast_to_a_simulation_created_a_moment_ago_waits_for_its_news(service: Stage) -> None:
    posting = asyncio.create_task(post(service))
    await asyncio.sleep(0.2)
    await service.simulation()
    assert (await posting).status_code == 202


@pytest.mark.parametrize(
    ("state", "is_ending", "name"),
    [
        (SimulationState.RUNNING, True, "ending"),
        (SimulationState.ANALYSING, None, "analysing"),
        (SimulationState.COMPLETED, None, "completed"),
        (SimulationState.FAILED, None, "failed"),
    ],
)
async def test_a_simulation_that_ends_or_has_ended_takes_no_more_requests(
    service: Stage, state: SimulationState, is_ending: bool | None, name: str
) -> None:
    await service.simulation(state)
    await service.state(state, is_ending=is_ending)

    async def is_refused() -> bool:
        answer = await post(service)
        return answer.status_code == 409 and f"is {name};" in answer.json()["detail"]

    await eventually(is_refused)


async def test_a_list_of_requests_says_what_became_of_each(nats_url: str, database_url: str) -> None:
    async with stage(nats_url, database_url) as around:
        await around.population(3)
        await around.simulation()
        ids = [(await post(around)).json()["id"] for _ in range(4)]
        news: list[tuple[str, Literal["running", "finished", "dropped"]]] = [
            (ids[0], "finished"),
            (ids[0], "running"),  # news may come in any order
            (ids[1], "running"),
            (ids[2], "dropped"),
        ]
        for protocol_id, state in news:
            told = ProtocolStateChanged(
                simulation_id=SIMULATION, protocol_id=protocol_id, state=state, changed_at=datetime.now(UTC)
            )
            await around.send("orchestrator", told)

        async def states() -> list[str]:
            listed = (await around.client.get(f"/communications/{SIMULATION}/requests")).json()["items"]
            return [one["state"] for one in listed]

        async def are_there() -> bool:
            return await states() == ["finished", "running", "dropped", "accepted"]

        await eventually(are_there)


@pytest.mark.usefixtures("impatient")
async def test_an_unknown_simulation_is_not_found(service: Stage) -> None:
    answer = await post(service, simulation_id="sim_nowhere")
    assert answer.status_code == 404
    assert "sim_nowhere" in answer.json()["detail"]


async def test_a_simulation_of_an_intervention_takes_no_broadcasts(service: Stage) -> None:
    await service.simulation(intervention_id="int_1")
    answer = await post(service)
    assert answer.status_code == 409
    assert "int_1" in answer.json()["detail"]


async def test_only_a_ready_or_running_simulation_takes_broadcasts(service: Stage) -> None:
    await service.simulation(SimulationState.COMPLETED)
    answer = await post(service)
    assert answer.status_code == 409
    assert "is completed" in answer.json()["detail"]


async def test_an_unknown_segment_or_metric_is_refused_with_those_there_are(service: Stage) -> None:
    await service.simulation()
    answer = await post(service, target_segments=["families", "pensioners"])
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["field"], error["allowed"]) == ("target_segments.1", ["families", "students"])
    answer = await post(service, metrics=["open_rat"])
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"] == "metrics.0"
    assert "open_rate" in error["allowed"]


async def test_nothing_is_asked_of_the_orchestrator_when_a_broadcast_is_refused(service: Stage) -> None:
    await service.simulation()
    for wrong in ({"content": " "}, {"chanel": "sms"}, {"metrics": ["?"]}, {"target_segments": ["x"]}):
        assert (await post(service, **wrong)).status_code == 422
    accepted = (await post(service)).json()
    asked = await service.asked_of_orchestrator()
    assert asked is not None
    assert (asked.protocol_id, asked.steps[0].round) == (accepted["id"], 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tools": ["calendar", "calendar"]}, "tools"),
        ({"correction": {"checks": ["fluency", "fluency"]}}, "correction.checks"),
    ],
)
async def test_what_is_listed_twice_is_refused(service: Stage, changes: dict[str, Any], field: str) -> None:
    answer = await post(service, **changes)
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert problem["field"] == field
    assert "more than once" in problem["message"]


@pytest.mark.parametrize("path", ["broadcast", "sequence/execute"])
async def test_what_the_model_of_the_simulation_cannot_answer_is_refused_with_the_models_that_can(
    service: Stage, path: str
) -> None:
    await service.simulation()
    rated = {
        "name": "intent",
        "type": "ordinal",
        "question": "Would you?",
        "scale": [1, 2],
        "elicitation": "ssr",
        "anchors": [["I would not.", "I would."]],
    }
    asking = {"content": "Would you try a new cereal?", "metrics": [rated]}
    body = asking if path == "broadcast" else {"touchpoints": [{"name": "first", **asking}]}

    async def ask() -> httpx.Response:
        return await service.client.post(f"/communications/{path}", json={"simulation_id": SIMULATION, **body})

    refused = await ask()
    assert refused.status_code == 422, refused.text
    assert [error["field"] for error in refused.json()["errors"]] == ["model"]
    assert "has no embeddings, by which intent is rated" in refused.json()["detail"]
    service.models.embedder = "vectors"
    assert (await ask()).status_code == 202
