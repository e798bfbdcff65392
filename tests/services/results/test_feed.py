"""The feed: every response once, in the order in which it was recorded, whatever comes again or late."""

import random
from typing import Any

from tests.services.results import build
from tests.services.results.scene import Scene, campaign, created, frozen, story


async def read(scene: Scene, after: str | None = None, limit: int = 40) -> tuple[list[dict[str, Any]], str]:
    """Everything after a cursor, and the cursor to go on with."""
    found: list[dict[str, Any]] = []
    while True:
        query = {"limit": limit, **({} if after is None else {"after": after})}
        answer = await scene.client.get("/results/sim_1/feed", params=query)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += body["items"]
        after = str(body["cursor"])
        if not body["has_more"]:
            return found, after


async def test_a_reader_that_goes_on_gets_every_response_once_in_the_order_it_was_recorded(scene: Scene) -> None:
    plan, turns = campaign()
    first, second = turns[:60], turns[60:]
    await scene.publish(created(plan), frozen(plan), *build.recorded(first))
    await scene.counted(60)
    seen, cursor = await read(scene)
    assert len(seen) == 60
    assert await read(scene, cursor) == ([], cursor)
    await scene.publish(*build.recorded(first), *build.recorded(second))
    await scene.counted(125)
    later, _ = await read(scene, cursor)
    assert {one["agent_id"] for one in later} == {turn.agent_id for turn in second}
    assert len({one["turn_id"] for one in seen + later}) == len(seen + later) == 125
    again, _ = await read(scene, limit=7)
    assert again == seen + later


async def test_counts_and_evidence_stand_beside_what_came(quick_scene: Scene) -> None:
    plan, turns = campaign(failures=3)
    await quick_scene.publish(*story(turns, plan))
    await quick_scene.completed()
    body = (await quick_scene.client.get("/results/sim_1/feed")).json()
    assert body["state"] == "completed"
    assert sum(body["answered"].values()) + sum(body["failed"].values()) == 125
    assert body["evidence"]["grade"] == "C"


async def test_what_was_no_cursor_is_refused(quick_scene: Scene) -> None:
    plan, _ = campaign()
    await quick_scene.publish(created(plan))
    await quick_scene.counted(0)
    refused = await quick_scene.client.get("/results/sim_1/feed", params={"after": "nonsense"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "after")
    assert (await quick_scene.client.get("/results/sim_9/feed")).status_code == 404


async def test_the_order_and_repetition_of_messages_change_no_byte_of_what_is_exported(quick_scene: Scene) -> None:
    plan, turns = campaign(failures=2)
    exports = []
    for number in range(3):
        simulation_id = f"sim_{number}"
        messages = story(turns, plan, simulation_id)
        messages += messages[2:5]
        random.Random(number).shuffle(messages)
        await quick_scene.publish(*messages)
        await quick_scene.completed(number + 1)
        exports.append((await quick_scene.export("json", simulation_id)).json()["content_sha256"])
    assert len(set(exports)) == 1
