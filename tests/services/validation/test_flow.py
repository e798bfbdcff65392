"""The service behind a real bus, on both stores: events in, quality card out."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from libs.contracts.catalogue import resolve
from libs.contracts.intervention import ArmsAssigned, PlanFrozen
from libs.contracts.orchestrator import SimulationState, TimelineForked
from libs.contracts.protocol import NO_USAGE, Arm, Assignment, Plan, Stimulus
from libs.contracts.timelines import MAIN
from services.validation.app import create_app
from services.validation.settings import Settings
from tests.services.intervention import build
from tests.support.apps import eventually, running
from tests.support.peer import peer

SIMULATION = "sim_1"


def assigned() -> ArmsAssigned:
    people = [
        Assignment(agent_id=f"agent_{index:04d}", arm=("a", "b")[index % 2], segment=None) for index in range(1, 126)
    ]
    return ArmsAssigned(
        simulation_id=SIMULATION,
        intervention_id="int_1",
        population_id="pop_1",
        part=1,
        parts=1,
        assignments=tuple(people),
    )


def frozen() -> PlanFrozen:
    shown = Stimulus(content="x", channel="email", timing="morning")
    plan = Plan(
        intervention_id="int_1",
        name="Test",
        type="marketing_intervention",
        arms=(Arm(name="a", is_baseline=True, stimulus=shown), Arm(name="b", is_baseline=False, stimulus=shown)),
        instruments=resolve(["open_rate", "click_through", "purchase_intent"]),
        target_segments=(),
        planned_n={"a": 62, "b": 63},
        alpha=0.05,
        correction="Holm",
        stopping_rule="once",
        design="between",
        seed=1,
        frozen_at=build.NOW,
    )
    return PlanFrozen(
        simulation_id=SIMULATION, intervention_id="int_1", population_id="pop_1", plan=plan, plan_hash="cafe"
    )


@pytest.fixture
async def client(database_url: str, nats_url: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(database_url=database_url, nats_url=nats_url))
    async with running("validation", app) as made:
        yield made


async def test_a_card_is_made_of_events_whatever_their_order(client: httpx.AsyncClient, nats_url: str) -> None:
    responses = list(build.responses_recorded(assigned(), failing=1, at=build.NOW + timedelta(seconds=5)))
    events = [
        *reversed(responses),
        responses[0],
        build.state_changed(SIMULATION, SimulationState.COMPLETED, at=9),
        build.state_changed(SIMULATION, SimulationState.RUNNING, at=3),
        assigned(),
        assigned(),
        frozen(),
        build.simulation_created(SIMULATION, "int_1"),
    ]
    async with peer(nats_url) as others:
        for event in events:
            await others.send(event.contract.service, event)

    async def is_complete() -> bool:
        card = (await client.get(f"/validation/{SIMULATION}/metrics")).json()
        parts = card.get("name"), card.get("plan_hash"), card.get("state"), card.get("answered")
        return parts == ("Email Campaign A/B Test", "cafe", "completed", 124)

    await eventually(is_complete)
    card = (await client.get(f"/validation/{SIMULATION}/metrics")).json()
    assert (card["assigned"], card["failed"], card["pending"]) == (125, 1, 0)
    assert card["failure_reasons"] == {"the model gave no valid answer": 1}
    assert {name: arm["assigned"] for name, arm in card["arms"].items()} == {"a": 62, "b": 63}
    assert [(each["name"], each["reached"]) for each in card["metrics"]] == [
        ("open_rate", 124),
        ("click_through", 62),
        ("purchase_intent", 124),
    ]
    checks = {each["name"]: each["status"] for each in card["checks"]}
    assert checks["each_agent_once"] == checks["funnel"] == checks["plan_before_exposure"] == "pass"
    assert set(card["checks"][0]) >= {"name", "status", "value", "threshold", "meaning"}
    assert "does not say how far they match people" in card["caveat"]


async def test_what_is_not_there(client: httpx.AsyncClient, store: str) -> None:
    missing = await client.get("/validation/sim_none/metrics")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    for path in ("empirical-compare", "historical-baseline"):
        assert (await client.post(f"/validation/{path}", json={})).status_code == 422


async def test_people_are_compared_with_an_arm_of_a_simulation_that_there_is(
    client: httpx.AsyncClient, nats_url: str
) -> None:
    async with peer(nats_url) as others:
        for event in (frozen(), *build.responses_recorded(assigned())):
            await others.send(event.contract.service, event)
    body: dict[str, Any] = {
        "metric": {"name": "open_rate", "type": "binary"},
        "empirical": {"values": [True, False] * 30},
        "simulated": {"simulation_id": SIMULATION, "arm": "a"},
    }

    async def is_recorded() -> bool:
        answer = await client.post("/validation/empirical-compare", json=body)
        return answer.status_code == 200 and answer.json()["simulated"]["n"] == 62

    await eventually(is_recorded)
    wrong = {**body, "simulated": {"simulation_id": SIMULATION, "arm": "c"}}
    refused = (await client.post("/validation/empirical-compare", json=wrong)).json()
    assert [(one["field"], one["allowed"]) for one in refused["errors"]] == [("simulated.arm", ["a", "b"])]


async def test_turns_of_a_timeline_that_was_left_are_not_judged(client: httpx.AsyncClient, nats_url: str) -> None:
    fork = MAIN.fork(2, 1)
    news = TimelineForked(
        simulation_id=SIMULATION,
        timeline_id=fork.timeline_id,
        parent_id="main",
        place=1,
        timeline=fork,
        forked_at=build.NOW,
    )
    places = [("main", 1, 4), ("main", 2, 9), ("main.2", 2, 3)]
    turns = []
    for timeline, place, count in places:
        given = [build.response(f"{timeline}/{place}", f"agent_{number:04d}", None) for number in range(1, count + 1)]
        paid = [one.model_copy(update={"usage": NO_USAGE.model_copy(update={"calls": 1})}) for one in given]
        step = {"timeline_id": timeline, "place": place, "step_id": f"step-{timeline}-{place}"}
        turns.append(build.recorded(SIMULATION, "all", paid).model_copy(update=step))
    async with peer(nats_url) as others:
        await others.send("orchestrator", build.simulation_created(SIMULATION, "int_1"))
        await others.send("communication", *turns)
        for event in (news, news):
            await others.send("orchestrator", event)

    async def is_counted() -> bool:
        card = (await client.get(f"/validation/{SIMULATION}/metrics")).json()
        return (card.get("assigned"), card.get("usage", {}).get("calls")) == (4, 7)

    await eventually(is_counted)
