"""Server-sent events of simulations: complete, resumable, small, and ended when the simulation is."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest

from libs.bus.dead_letters import CONSUMER, DELIVERIES, ERROR, SUBJECT
from libs.client.sse import Decoder, ServerEvent
from libs.contracts import subjects
from libs.contracts.communication import Response, ResponsesRecorded
from libs.contracts.ids import new_id
from libs.contracts.orchestrator import SimulationCreated, StartSimulation
from libs.contracts.protocol import NO_USAGE
from libs.contracts.results import AggregatesChanged
from libs.runtime.nats_server import NatsServer
from services.gateway.app import create_app
from services.gateway.domain.position import Position
from services.gateway.service.owners import APPEARS_S
from services.gateway.settings import Settings
from services.population.app import create_app as create_population
from services.population.settings import Settings as PopulationSettings
from tests.services.gateway.conftest import LOCAL, Stage
from tests.support.apps import eventually, running
from tests.support.peer import peer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "reasoning nobody should see on a page"


def response(number: int, status: str = "answered") -> Response:
    return Response(
        turn_id=f"turn-{number}",
        agent_id=f"agent_{number:04d}",
        name=f"Person {number}",
        segment="families",
        demographic_profile={"income": "secret income"},
        status="answered" if status == "answered" else "failed",
        failure=None if status == "answered" else "the model refused",
        response="I would open it.",
        reasoning=SECRET,
        confidence=0.5,
        sentiment=0.25,
        answers={"open_rate": True},
        usage=NO_USAGE,
        model="offline",
        responded_at=NOW,
    )


def recorded(simulation_id: str, *numbers: int, status: str = "answered") -> ResponsesRecorded:
    return ResponsesRecorded(
        simulation_id=simulation_id,
        delivery_id=f"delivery-{numbers[0]}",
        timeline_id="main",
        step_id="touch-1",
        round=1,
        arm="plain",
        responses=tuple(response(number, status) for number in numbers),
    )


async def begin(stage: Stage, simulation_id: str) -> None:
    """A simulation that waits for its population."""
    start = StartSimulation(
        simulation_id=simulation_id,
        name="E-mail",
        population_id="pop_1",
        intervention_id="int_1",
        steps=(),
        seed=1,
        model="offline",
    )
    await stage.peer.send("intervention", start)

    async def is_known() -> bool:
        return (await stage.client.get(f"/simulations/{simulation_id}/status")).status_code == 200

    await eventually(is_known)


async def end(stage: Stage, simulation_id: str) -> None:
    assert (await stage.client.delete(f"/simulations/{simulation_id}/end")).status_code == 200


@asynccontextmanager
async def reading(
    stage: Stage, path: str, last_event_id: str | None = None
) -> AsyncIterator[tuple[httpx.Response, AsyncIterator[ServerEvent]]]:
    headers = {"last-event-id": last_event_id} if last_event_id else {}
    async with stage.client.stream("GET", path, headers=headers) as answer:

        async def events() -> AsyncIterator[ServerEvent]:
            decoder = Decoder()
            async for chunk in answer.aiter_bytes():
                for event in decoder.feed(chunk):
                    yield event

        yield answer, events()


async def read_all(stage: Stage, path: str, last_event_id: str | None = None) -> list[ServerEvent]:
    async with reading(stage, path, last_event_id) as (answer, events):
        assert answer.status_code == 200, (await answer.aread()).decode()
        return [event async for event in events]


def names(events: list[ServerEvent]) -> list[str]:
    return [event.name for event in events]


def agents(events: list[ServerEvent]) -> list[str]:
    found = (event.data.get("responses", []) for event in events if event.name == "responses-recorded")
    return [one["agent_id"] for responses in found for one in responses]


async def test_a_stream_tells_the_whole_story_and_closes_at_its_end(stage: Stage) -> None:
    await begin(stage, "sim_1")
    await stage.peer.send("communication", recorded("sim_1", 1), recorded("sim_other", 9))
    async with reading(stage, "/simulations/sim_1/stream") as (answer, events):
        assert answer.headers["content-type"].startswith("text/event-stream")
        first = await anext(events)
        assert first.name == "simulation-created"
        await end(stage, "sim_1")
        rest = [event async for event in events]
    assert agents(rest) == ["agent_0001"]
    assert rest[-1].name == "simulation-state-changed"
    assert rest[-1].data["state"] == "cancelled"


async def test_of_aggregates_that_came_together_the_last_ones_are_shown(stage: Stage) -> None:
    await begin(stage, "sim_1")
    example = json.loads(Path("schemas/examples/aggregates-changed.v1.json").read_text())
    changed = AggregatesChanged.model_validate(example | {"simulation_id": "sim_1"})
    told = [changed.model_copy(update={"place": place}) for place in (5, 9, 7)]
    await stage.peer.send("results", *told)
    await end(stage, "sim_1")
    events = await read_all(stage, "/simulations/sim_1/stream")
    shown = [event.data for event in events if event.name == "aggregates-changed"]
    assert [one["place"] for one in shown] == [9]
    assert shown[0]["evidence"]["grade"] == "C"


async def test_a_response_is_reduced_to_what_a_page_shows(stage: Stage) -> None:
    await begin(stage, "sim_1")
    await stage.peer.send("communication", recorded("sim_1", 1), recorded("sim_1", 2, status="failed"))
    await end(stage, "sim_1")
    events = await read_all(stage, "/simulations/sim_1/stream")
    responses = [one for event in events for one in event.data.get("responses", [])]
    shown = {"agent_id", "name", "segment", "arm", "status", "answers", "response", "sentiment", "responded_at"}
    assert set(responses[0]) == shown
    assert responses[1]["failure"] == "the model refused"
    text = json.dumps([event.data for event in events])
    assert SECRET not in text
    assert "secret income" not in text


async def test_a_burst_becomes_few_events_and_loses_nothing(stage: Stage) -> None:
    await begin(stage, "sim_1")
    await stage.peer.send("communication", *(recorded("sim_1", 2 * n, 2 * n + 1) for n in range(40)))
    await end(stage, "sim_1")
    events = await read_all(stage, "/simulations/sim_1/stream")
    assert agents(events) == [f"agent_{n:04d}" for n in range(80)]
    assert names(events).count("responses-recorded") < 5


async def test_a_stream_resumes_after_the_last_event_id(stage: Stage) -> None:
    await begin(stage, "sim_1")
    await stage.peer.send("communication", recorded("sim_1", 1))
    async with reading(stage, "/simulations/sim_1/stream") as (_, events):
        seen: list[ServerEvent] = []
        async for event in events:
            seen.append(event)
            if agents(seen) and event.id:
                break
    await stage.peer.send("communication", recorded("sim_1", 2))
    await end(stage, "sim_1")
    rest = await read_all(stage, "/simulations/sim_1/stream", seen[-1].id)
    assert agents(seen) == ["agent_0001"]
    assert agents(rest) == ["agent_0002"]
    assert "simulation-created" not in names(rest)


async def test_an_id_of_a_log_that_is_gone_starts_over(stage: Stage) -> None:
    await begin(stage, "sim_1")
    await end(stage, "sim_1")
    whole = await read_all(stage, "/simulations/sim_1/stream")
    position = Position.parse(whole[-1].id)
    assert position is not None
    other = str(position._replace(epoch=position.epoch - 1))
    assert await read_all(stage, "/simulations/sim_1/stream", other) == whole
    assert await read_all(stage, "/simulations/sim_1/stream", "nonsense") == whole


async def test_after_the_end_there_is_nothing_more_and_a_browser_stops_asking(stage: Stage) -> None:
    await begin(stage, "sim_1")
    await end(stage, "sim_1")
    last = (await read_all(stage, "/simulations/sim_1/stream"))[-1].id
    answer = await stage.client.get("/simulations/sim_1/stream", headers={"last-event-id": str(last)})
    assert answer.status_code == 204


async def test_an_end_that_is_still_on_its_way_to_the_log_is_waited_for(stage: Stage) -> None:
    await begin(stage, "sim_1")
    stage.nats.kill()
    await end(stage, "sim_1")
    await asyncio.to_thread(stage.nats.start)
    events = await read_all(stage, "/simulations/sim_1/stream")
    assert events[-1].data["state"] == "cancelled"


async def test_follow_goes_on_after_the_end(stage: Stage) -> None:
    await begin(stage, "sim_1")
    await end(stage, "sim_1")
    async with reading(stage, "/simulations/sim_1/stream?follow=true") as (_, events):
        async for event in events:
            if event.data.get("state") == "cancelled":
                break
        await stage.peer.send("communication", recorded("sim_1", 5))
        assert agents([await anext(events)]) == ["agent_0005"]


async def test_a_stream_waits_a_moment_for_a_simulation_that_was_just_asked_for(stage: Stage) -> None:
    soon = new_id("sim")
    reading_early = asyncio.create_task(read_all(stage, f"/simulations/{soon}/stream"))
    await asyncio.sleep(0.3)
    await begin(stage, soon)
    await end(stage, soon)
    assert names(await reading_early)[0] == "simulation-created"


LONG_AGO = "sim_01880000000070008000000000000000"  # of May 2023


@pytest.mark.parametrize("simulation_id", ["sim_unknown", "%3E", "a.b", "*", LONG_AGO])
async def test_what_cannot_be_on_its_way_has_no_stream_at_once(stage: Stage, simulation_id: str) -> None:
    async with asyncio.timeout(APPEARS_S / 2):
        answer = await stage.client.get(f"/simulations/{simulation_id}/stream")
    assert answer.status_code == 404


@pytest.mark.usefixtures("impatient")
async def test_an_unknown_simulation_has_no_stream(stage: Stage) -> None:
    answer = await stage.client.get(f"/simulations/{new_id('sim')}/stream")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_developers_see_events_whole_and_only_those_of_the_kinds_they_name(stage: Stage) -> None:
    await begin(stage, "sim_1")
    async with reading(stage, "/events/stream?message=responses-recorded") as (_, events):
        await stage.peer.send("communication", recorded("sim_1", 1))
        event = await anext(events)
    assert (event.name, event.data["message"], event.data["key"]) == ("event", "responses-recorded", "sim_1")
    assert event.data["data"] == recorded("sim_1", 1).model_dump(mode="json")
    types = {one["message"]: one for one in (await stage.client.get("/events/types")).json()["items"]}
    assert types["responses-recorded"]["subject"] == "rehearsal.evt.default.communication.responses-recorded.v1.*"
    assert "responses" in types["responses-recorded"]["data_schema"]["properties"]
    refused = await stage.client.get("/events/stream?message=nonsense")
    assert refused.status_code == 422
    assert "responses-recorded" in refused.json()["errors"][0]["allowed"]


async def test_dead_letters_are_shown_to_their_tenant_alone(stage: Stage) -> None:
    client = await nats.connect(stage.nats.url)
    for tenant in ("default", "other"):
        subject = f"rehearsal.evt.{tenant}.orchestrator.step-started.v1.sim_1"
        headers = {SUBJECT: subject, CONSUMER: "results", ERROR: "ValueError: odd", DELIVERIES: "5"}
        await client.jetstream().publish(subjects.dead_letter(subject), b"{}", headers=headers)
    await client.close()
    for key, expected in {"sim_1": 1, "sim_2": 0}.items():
        found = (await stage.client.get(f"/events/dead-letters?key={key}")).json()
        assert found["is_readable"]
        assert [one["error"] for one in found["items"]] == ["ValueError: odd"] * expected


async def test_without_a_bus_the_stream_says_so(gateway: httpx.AsyncClient) -> None:
    answer = await gateway.get("/stream")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"


async def test_the_list_stream_tells_states_and_counts_but_no_responses(stage: Stage) -> None:
    async with reading(stage, "/stream") as (_, events):
        await begin(stage, "sim_1")
        await stage.peer.published(SimulationCreated)  # it is known a moment before it is told
        await stage.peer.send("communication", recorded("sim_1", 1, 2), recorded("sim_1", 3, status="failed"))
        counted: dict[str, Any] = {"answered": 0, "failed": 0}
        seen = []
        async for event in events:
            seen.append(event.name)
            assert event.data["simulation_id"] == "sim_1"
            assert "responses" not in event.data
            for name in counted:
                counted[name] += event.data.get(name, 0) if event.name == "responses-recorded" else 0
            if counted == {"answered": 2, "failed": 1}:
                break
    assert seen[0] == "simulation-created"


async def test_a_stream_survives_a_restart_of_the_server_that_holds_the_log(stage: Stage) -> None:
    await begin(stage, "sim_1")
    async with reading(stage, "/simulations/sim_1/stream") as (_, events):
        assert (await anext(events)).name == "simulation-created"
        stage.nats.kill()
        await asyncio.to_thread(stage.nats.start)
        await asyncio.sleep(0.5)
        await end(stage, "sim_1")
        states = [event.data.get("state") async for event in events]
    assert states[-1] == "cancelled"


async def test_how_far_drawing_is_can_be_followed_to_its_end(
    nats_server: NatsServer, sqlite_url: str, tmp_path: Path
) -> None:
    owned = f"sqlite:///{tmp_path}/population.db"
    population = create_population(PopulationSettings(database_url=owned, nats_url=nats_server.url))
    app = create_app(Settings(database_url=sqlite_url, nats_url=nats_server.url, **LOCAL))
    spec = {"name": "Adults", "demographic_base": "uk_demographics", "size": 1_200, "seed": 1}
    async with running("population", population), running("gateway", app) as client, peer(nats_server.url) as rest:
        stage = Stage(client, rest, nats_server)
        job = (await client.post("/agent-populations/bulk-generate", json=spec)).json()
        told = await read_all(stage, job["links"]["stream"])
        assert names(told) == [
            "population-created", "population-progressed", "population-progressed", "population-ready",
        ]  # fmt: skip
        assert [event.data["generated"] for event in told[1:3]] == [500, 1_000]
        assert all("agents" not in event.data for event in told)
        again = await read_all(stage, job["links"]["stream"])
        assert names(again) == names(told), "also afterwards"
        assert again[-1].id is not None
        async with reading(stage, job["links"]["stream"], again[-1].id) as (answer, _):
            assert answer.status_code == 204
        assert (await client.get("/agent-populations/pop_nobody/stream")).status_code == 404
