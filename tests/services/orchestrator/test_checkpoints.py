"""Checkpoints and restores: what a mark keeps, what a simulation goes on with, and what it leaves behind."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.contracts.communication import DeliverStimulus
from libs.contracts.ids import agent_id
from libs.contracts.orchestrator import (
    ProtocolStateChanged,
    RunProtocol,
    SimulationCreated,
    StepStarted,
    TimelineForked,
)
from libs.contracts.protocol import Audience
from libs.contracts.results import AnalyseSimulation
from libs.contracts.timelines import MAIN
from services.orchestrator.service import Habits
from tests.services.orchestrator import parts
from tests.services.orchestrator.parts import READY, START, STEP, Stage, completed, recorded
from tests.support.apps import eventually


class Panel:
    """An interactive simulation whose steps are answered when a test says so."""

    def __init__(self, around: Stage, simulation_id: str) -> None:
        self.around = around
        self.id = simulation_id
        self.asked = 0
        self.delivered = 0

    async def ask(self, *names: str) -> None:
        """Have steps run, each for the first three people."""
        self.asked += 1
        step = STEP.model_copy(update={"stimuli": {"all": STEP.stimuli["a"]}, "audience_id": f"everybody-{self.asked}"})
        audience = Audience(
            audience_id=f"everybody-{self.asked}", groups={"all": tuple(agent_id(place) for place in (1, 2, 3))}
        )
        steps = tuple(step.model_copy(update={"step_id": name}) for name in names)
        command = RunProtocol(
            simulation_id=self.id, protocol_id=f"brd_{self.asked}", steps=steps, audiences=(audience,)
        )
        await self.around.peer.send("communication", command)

    async def delivery(self) -> DeliverStimulus:
        """The next delivery."""
        self.delivered += 1
        return (await self.around.peer.published(DeliverStimulus, self.delivered))[-1]

    async def answer(self, delivery: DeliverStimulus) -> None:
        """Have a delivery recorded and completed."""
        await self.around.peer.send("communication", recorded(delivery), completed(delivery))

    async def run(self, name: str) -> None:
        """One step from the request to its end."""
        await self.ask(name)
        await self.answer(await self.delivery())
        await self.around.reaches("ready", self.id)

    async def checkpoint(self, **body: str) -> dict[str, Any]:
        answer = await self.around.client.post(f"/simulations/{self.id}/checkpoint", json=body or None)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def restore(self, checkpoint: dict[str, Any]) -> dict[str, Any]:
        answer = await self.around.client.post(f"/simulations/{self.id}/restore/{checkpoint['id']}")
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json()
        return status

    async def answered(self, count: int) -> dict[str, Any]:
        """The status, once so many turns were counted."""

        async def is_counted() -> bool:
            return bool((await self.around.status(self.id))["progress"]["answered"] == count)

        await eventually(is_counted)
        return await self.around.status(self.id)


@pytest.fixture
async def panel(nats_url: str, database_url: str) -> AsyncIterator[Panel]:
    async with parts.stage(nats_url, database_url) as around:
        await around.peer.send("population", READY)
        made = await around.client.post("/simulations/create", json={"name": "Panel", "population_id": "pop_1"})
        await around.reaches("ready", made.json()["id"])
        yield Panel(around, made.json()["id"])


async def test_a_checkpoint_says_where_the_simulation_stands(panel: Panel) -> None:
    empty = await panel.checkpoint()
    assert (empty["place"], empty["name"], empty["timeline_id"]) == (0, None, "main")
    await panel.run("one")
    made = await panel.checkpoint(name="before the price")
    assert made.keys() == {"id", "name", "simulation_id", "timeline_id", "place", "origin", "turns", "created_at"}
    assert (made["place"], made["name"], made["simulation_id"]) == (1, "before the price", panel.id)
    path = f"/simulations/{panel.id}/checkpoints"
    first = (await panel.around.client.get(path, params={"limit": 1})).json()
    assert first["items"] == [made]
    second = (await panel.around.client.get(path, params={"limit": 9, "cursor": first["next_cursor"]})).json()
    assert [one["origin"] for one in second["items"]] == ["step", "hand"]
    assert (second["items"][-1], second["next_cursor"]) == (empty, None)


async def test_a_restored_simulation_goes_on_from_the_mark_on_a_new_timeline(panel: Panel) -> None:
    await panel.run("one")
    mark = await panel.checkpoint()
    await panel.run("two")
    before = await panel.answered(6)
    status = await panel.restore(mark)
    assert (status["state"], status["timeline_id"]) == ("ready", "main.2")
    assert (status["progress"]["planned"], status["progress"]["answered"]) == (3, 3)
    assert status["usage"] == before["usage"], "what was spent stays spent"
    (forked,) = await panel.around.peer.published(TimelineForked)
    assert (forked.parent_id, forked.place, forked.timeline) == ("main", 1, MAIN.fork(2, 1))
    await panel.ask("three")
    delivery = await panel.delivery()
    assert (delivery.timeline_id, delivery.place, delivery.timeline) == ("main.2", 2, forked.timeline)
    started = (await panel.around.peer.published(StepStarted, 3))[-1]
    assert (started.timeline, started.place) == (forked.timeline, 2)
    steps = (await panel.around.client.get(f"/simulations/{panel.id}/steps")).json()["items"]
    assert [step["step_id"] for step in steps] == ["one", "three"]
    await panel.answer(delivery)
    await panel.around.reaches("ready", panel.id)
    await panel.around.client.delete(f"/simulations/{panel.id}/end")
    (command,) = await panel.around.peer.published(AnalyseSimulation)
    assert (command.expected_responses, command.timeline) == (6, forked.timeline)


async def test_forks_of_one_mark_and_of_a_fork_have_names_of_their_own(panel: Panel) -> None:
    await panel.run("one")
    mark = await panel.checkpoint()
    assert [(await panel.restore(mark))["timeline_id"] for _ in range(2)] == ["main.2", "main.3"]
    await panel.run("two")
    later = await panel.checkpoint()
    assert (later["timeline_id"], later["place"]) == ("main.3", 2)
    assert (await panel.restore(later))["timeline_id"] == "main.4"
    forked = await panel.around.peer.published(TimelineForked, 3)
    assert [fork.timeline for fork in forked] == [MAIN.fork(2, 1), MAIN.fork(3, 1), MAIN.fork(3, 1).fork(4, 2)]


async def test_while_a_step_runs_the_mark_is_at_the_last_finished_step_and_what_follows_is_left(panel: Panel) -> None:
    await panel.run("one")
    await panel.ask("two", "three")
    running = await panel.delivery()
    await panel.around.reaches("running", panel.id)
    await panel.around.peer.send("communication", recorded(running))
    await panel.answered(6)
    mark = await panel.checkpoint()
    assert mark["place"] == 1
    status = await panel.restore(mark)
    assert (status["state"], status["progress"]["planned"], status["progress"]["answered"]) == ("ready", 3, 3)
    await panel.around.peer.send("communication", completed(running))
    await panel.run("four")
    steps = (await panel.around.client.get(f"/simulations/{panel.id}/steps")).json()["items"]
    assert [(step["step_id"], step["state"]) for step in steps] == [("one", "finished"), ("four", "finished")]
    assert (await panel.answered(6))["progress"]["planned"] == 6


async def test_the_end_of_a_step_that_was_left_does_not_end_the_one_that_runs(panel: Panel) -> None:
    mark = await panel.checkpoint()
    await panel.ask("one")
    left = await panel.delivery()
    await panel.around.reaches("running", panel.id)
    await panel.restore(mark)
    await panel.ask("two")
    await panel.delivery()
    await panel.around.reaches("running", panel.id)
    await panel.answer(left)
    await panel.ask("three")
    with pytest.raises(AssertionError, match="2 of 3 deliver-stimulus"):
        await panel.around.peer.published(DeliverStimulus, 3, within_s=1)
    assert (await panel.around.status(panel.id))["progress"]["answered"] == 0


async def test_a_request_that_a_restore_leaves_behind_is_dropped_and_one_that_had_run_stays_finished(
    panel: Panel,
) -> None:
    await panel.run("one")
    mark = await panel.checkpoint()
    await panel.run("two")
    await panel.ask("three", "four")
    await panel.delivery()
    await panel.around.reaches("running", panel.id)
    await panel.restore(mark)
    told = await panel.around.peer.published(ProtocolStateChanged, 6)
    assert {one.protocol_id: one.state for one in told} == {
        "brd_1": "finished",
        "brd_2": "finished",
        "brd_3": "dropped",
    }


async def test_what_cannot_be_restored_says_why(panel: Panel) -> None:
    client = panel.around.client
    mark = await panel.checkpoint()
    for path in (f"{panel.id}/restore/chk_9", "sim_9/checkpoint", f"sim_9/restore/{mark['id']}"):
        assert (await client.post(f"/simulations/{path}")).status_code == 404, path
    assert (await client.get("/simulations/sim_9/checkpoints")).status_code == 404
    await client.delete(f"/simulations/{panel.id}/end")
    for path in ("checkpoint", f"restore/{mark['id']}"):
        answer = await client.post(f"/simulations/{panel.id}/{path}")
        assert answer.status_code == 409
        assert (
            "is completed; checkpoints are for simulations that are ready, running or paused" in answer.json()["detail"]
        )


async def test_an_intervention_is_marked_too_but_cannot_be_taken_back(panel: Panel) -> None:
    await panel.around.peer.send("intervention", START)
    await panel.around.reaches("ready")
    made = await panel.around.client.post("/simulations/sim_1/checkpoint")
    assert made.status_code == 201
    answer = await panel.around.client.post(f"/simulations/sim_1/restore/{made.json()['id']}")
    assert answer.status_code == 409
    assert "to go back would be to choose among outcomes" in answer.json()["detail"]


async def listed(panel: Panel) -> list[dict[str, Any]]:
    answer = await panel.around.client.get(f"/simulations/{panel.id}/checkpoints")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_checkpoint_is_made_after_every_step_and_of_those_only_the_newest_are_kept(panel: Panel) -> None:
    named = await panel.checkpoint(name="the beginning")
    unnamed = await panel.checkpoint()
    panel.around.app.state.service.checkpoints._habits = Habits(timedelta(hours=1), kept=2)
    for name in ("one", "two", "three"):
        await panel.run(name)
    assert [(one["origin"], one["place"]) for one in await listed(panel)][:2] == [("step", 3), ("step", 2)]
    assert (await listed(panel))[2:] == [unnamed, named], "what somebody made is never let go"


async def test_a_long_step_is_marked_every_interval_with_the_turns_finished_so_far(panel: Panel) -> None:
    checkpoints = panel.around.app.state.service.checkpoints
    await panel.ask("one")
    first = await panel.delivery()
    await panel.around.reaches("running", panel.id)
    await checkpoints.sweep(datetime.now(UTC) + timedelta(minutes=2))
    assert await listed(panel) == [], "it has not run for an interval"
    await panel.answer(first)
    await panel.around.reaches("ready", panel.id)
    await panel.ask("two")
    running = await panel.delivery()
    await panel.around.reaches("running", panel.id)
    await panel.around.peer.send("communication", recorded(running))
    await panel.answered(6)
    now = datetime.now(UTC)
    await checkpoints.sweep(now + timedelta(minutes=5))
    assert len(await listed(panel)) == 1, "the step before has been marked at its end"
    await checkpoints.sweep(now + timedelta(minutes=11))
    newest = (await listed(panel))[0]
    assert (newest["origin"], newest["place"], newest["turns"]) == ("interval", 1, 6)
    await panel.answer(running)
    await panel.around.reaches("ready", panel.id)
    await checkpoints.sweep(now + timedelta(hours=1))
    assert [one["origin"] for one in await listed(panel)] == ["step", "interval", "step"], "only what runs is marked"


async def test_the_difference_of_two_checkpoints_on_two_timelines(panel: Panel) -> None:
    await panel.run("one")
    fork = await panel.checkpoint()
    await panel.run("two")
    left = await panel.checkpoint()
    await panel.restore(fork)
    await panel.run("three")
    await panel.run("four")
    reached = await panel.checkpoint()
    path = f"/simulations/{panel.id}/checkpoints"
    answer = await panel.around.client.get(f"{path}/{left['id']}/diff/{reached['id']}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["shared_place"] == 1
    assert [step["step_id"] for step in found["gained"]] == ["three", "four"]
    assert [step["step_id"] for step in found["lost"]] == ["two"]
    assert (found["before"]["answered"], found["after"]["answered"]) == (6, 9)
    assert (found["before"]["checkpoint"], found["after"]["checkpoint"]) == (left, reached)
    assert found["links"]["memories"] == (
        f"/communications/{panel.id}/changes?from_timeline_id=main&from_place=2&to_timeline_id=main.2&to_place=3"
    )
    same = (await panel.around.client.get(f"{path}/{left['id']}/diff/{left['id']}")).json()
    assert (same["shared_place"], same["gained"], same["lost"]) == (2, [], [])
    for one, other in ((left["id"], "chk_9"), ("chk_9", left["id"])):
        assert (await panel.around.client.get(f"{path}/{one}/diff/{other}")).status_code == 404


async def test_a_restored_simulation_has_all_of_its_time_again(panel: Panel) -> None:
    mark = await panel.checkpoint()
    await panel.restore(mark)
    await panel.around.app.state.service.time_out(datetime.now(UTC) + timedelta(days=6))
    assert (await panel.around.status(panel.id))["state"] == "ready"


async def test_another_simulation_begins_with_the_past_up_to_a_checkpoint_or_to_now(panel: Panel) -> None:
    await panel.run("one")
    checkpoint = await panel.checkpoint()
    await panel.run("two")
    for given, place in (({"checkpoint_id": checkpoint["id"]}, 1), ({}, 2)):
        spec = {"name": "Later", "start_from": {"simulation_id": panel.id, **given}}
        made = await panel.around.client.post("/simulations/create", json=spec)
        assert made.status_code == 201, made.text
        past = made.json()["start_from"]
        assert (past["simulation_id"], past["place"], past["checkpoint_id"]) == (
            panel.id,
            place,
            given.get("checkpoint_id"),
        )
        assert past["timeline"]["ancestors"] == [{"timeline_id": "main", "through": place}]
        assert made.json()["population_id"] == "pop_1"
    created = await panel.around.peer.published(SimulationCreated, 3)
    assert [None if one.start_from is None else one.start_from.place for one in created] == [None, 1, 2]


@pytest.mark.usefixtures("impatient")
async def test_what_no_simulation_can_start_from_is_refused_by_its_field(panel: Panel) -> None:
    for given, population_id, field in (
        ({"simulation_id": "sim_nowhere"}, None, "start_from.simulation_id"),
        ({"simulation_id": panel.id, "checkpoint_id": "chk_nowhere"}, None, "start_from.checkpoint_id"),
        ({"simulation_id": panel.id}, "pop_other", "population_id"),
        (None, None, "population_id"),
    ):
        spec = {"name": "Later", "start_from": given, "population_id": population_id}
        refused = await panel.around.client.post("/simulations/create", json=spec)
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == [field]
