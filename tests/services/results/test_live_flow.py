"""Live aggregates as they are published: after every change, seldom enough, the same whatever comes again or late."""

import random
from typing import Any

import pytest

from libs.contracts.orchestrator import SimulationState
from libs.contracts.results import AggregatesChanged
from services.results.app import create_app
from services.results.service import live as live_service
from services.results.settings import Settings
from tests.services.results import build
from tests.services.results.scene import SIMULATION, Scene, analyse, campaign, created, ended, frozen
from tests.services.results.test_timelines import BEFORE, LEFT, forked, responses, step
from tests.support.apps import eventually, running
from tests.support.peer import peer


async def published(scene: Scene, answered: int) -> list[AggregatesChanged]:
    """What was published, once it speaks of so many agents."""
    found: list[AggregatesChanged] = []

    async def there() -> bool:
        found[:] = await scene.others.published(AggregatesChanged, 0)
        return bool(found) and sum(found[-1].answered.values()) + sum(found[-1].failed.values()) == answered

    await eventually(there)
    return found


async def live(scene: Scene, simulation_id: str = SIMULATION) -> dict[str, Any]:
    answer = await scene.client.get(f"/results/{simulation_id}/live")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def planned(scene: Scene, simulation_id: str) -> dict[str, Any]:
    """The aggregates once the plan has arrived, which may be after every response."""
    found: dict[str, Any] = {}

    async def there() -> bool:
        found.update(await live(scene, simulation_id))
        return bool(found["estimates"])

    await eventually(there)
    return found


async def test_they_follow_the_responses_at_most_four_times_a_second_and_end_with_all_of_them(scene: Scene) -> None:
    plan, turns = campaign(failures=2)
    await scene.publish(created(plan), frozen(plan))
    for start in range(0, 125, 5):
        await scene.publish(*build.recorded(turns[start : start + 5]))
    found = await published(scene, 125)
    assert [one.place for one in found] == sorted({one.place for one in found})
    assert len(found) <= 25, "25 messages are not 25 publications"
    await scene.publish(analyse(125))
    (made,) = await scene.completed()
    batch = {(e.metric, e.arm): e.value for e in made.analysis.estimates}
    assert {(e.metric, e.arm): e.value for e in found[-1].estimates} == batch
    assert found[-1].evidence.grade == "C"
    served = await live(scene)
    assert served["estimates"] == [one.model_dump(mode="json") for one in found[-1].estimates]
    assert served["evidence"]["caveat"] == found[-1].evidence.caveat


async def test_the_order_and_repetition_of_messages_change_no_byte(quick_scene: Scene) -> None:
    plan, turns = campaign(failures=2)
    seen = []
    for number in range(3):
        name = f"sim_{number}"
        messages = [created(plan, name), frozen(plan, name), *build.recorded(turns, name)]
        messages += messages[2:4]
        random.Random(number).shuffle(messages)
        await quick_scene.publish(*messages)
        await quick_scene.counted(125, name)
        found = await planned(quick_scene, name)
        seen.append([found[part] for part in ("estimates", "answered", "evidence")])
    assert seen[0] == seen[1] == seen[2]


async def test_after_a_fork_they_are_of_the_timeline_that_goes_on(quick_scene: Scene) -> None:
    await quick_scene.publish(created(None), step(BEFORE), responses(BEFORE), step(LEFT), responses(LEFT))
    assert (await published(quick_scene, 30))[-1].timeline_id == "main"
    await quick_scene.publish(forked())
    newest = (await published(quick_scene, 4))[-1]
    assert newest.timeline_id == "main.2"
    assert [(one.n, one.value) for one in newest.estimates] == [(4, 0.5)]


async def test_of_more_responses_than_are_followed_they_stay_those_of_the_first(
    quick_scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_service, "MOST_TURNS", 50)
    plan, turns = campaign()
    await quick_scene.publish(created(plan), frozen(plan), *build.recorded(turns[:40]))
    await published(quick_scene, 40)
    await quick_scene.publish(*build.recorded(turns[40:]))
    await quick_scene.counted(125)
    assert [(one.place, one.only_first) for one in await published(quick_scene, 50)][-1] == (50, 50)
    found = await live(quick_scene)
    assert (sum(found["answered"].values()), found["only_first"]) == (50, 50)
    await quick_scene.publish(analyse(125))
    (made,) = await quick_scene.completed()
    assert sum(made.analysis.answered.values()) == 125


async def test_a_simulation_that_nobody_knows_has_none(quick_scene: Scene) -> None:
    assert (await quick_scene.client.get("/results/sim_9/live")).status_code == 404


async def test_of_a_simulation_that_is_over_nothing_is_kept(nats_url: str, sqlite_url: str) -> None:
    app = create_app(Settings(database_url=sqlite_url, nats_url=nats_url))
    async with running("results", app) as client, peer(nats_url) as others:
        scene = Scene(client, others)
        plan, turns = campaign()
        await scene.publish(created(plan), frozen(plan), *build.recorded(turns))
        await published(scene, 125)
        assert app.state.service.live.followed == 1
        await scene.publish(analyse(125))
        await scene.completed()
        await scene.publish(ended(SimulationState.COMPLETED))

        async def is_let_go() -> bool:
            return app.state.service.live.followed == 0

        await eventually(is_let_go)
        assert (await live(scene))["answered"], "who asks is still told"
