"""Filters: what cannot be there is refused with what can; what may still come, or meets nobody, gives nothing."""

from typing import Any

import httpx
import pytest

from tests.services.results.scene import SIMULATION, Scene, campaign, created, frozen, story


def problem(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 422, answer.text
    (found,) = answer.json()["errors"]
    return dict(found)


async def individuals(scene: Scene, **filters: str) -> httpx.Response:
    return await scene.client.get(f"/results/{SIMULATION}/individuals", params=filters)


@pytest.fixture
async def finished(quick_scene: Scene) -> Scene:
    plan, turns = campaign()
    await quick_scene.publish(*story(turns, plan))
    await quick_scene.completed()
    return quick_scene


async def test_an_arm_or_a_segment_of_nobody_is_refused_with_those_there_are(finished: Scene) -> None:
    arm = problem(await individuals(finished, arm="humorous_appeal"))
    assert (arm["field"], arm["allowed"]) == ("arm", ["emotional_appeal", "rational_appeal"])
    segment = problem(await individuals(finished, segment="retired"))
    assert (segment["field"], segment["allowed"]) == ("segment", ["families", "young_professionals"])
    asked: dict[str, dict[str, Any]] = {
        "extract": {"fields": ["response"]},
        "reduce": {"rules": [{"kind": "talk", "columns": {"agent": "agent_id"}}]},
    }
    for path, body in asked.items():
        scope = {"simulation_id": SIMULATION, "segment": "retired"}
        answer = await finished.client.post(f"/results/{path}", json=scope | body)
        assert problem(answer)["allowed"] == segment["allowed"], path


async def test_agents_without_a_response_are_refused(finished: Scene) -> None:
    answer = await finished.client.post(
        "/results/extract", json={"simulation_id": SIMULATION, "fields": ["response"], "agent_ids": ["agent_9999"]}
    )
    assert problem(answer)["field"] == "agent_ids"


async def test_while_it_runs_arms_are_known_from_the_plan_and_nobody_in_them_is_no_mistake(quick_scene: Scene) -> None:
    plan, _ = campaign()
    await quick_scene.publish(created(plan), frozen(plan))
    await quick_scene.counted(0)
    assert (await individuals(quick_scene, arm="rational_appeal")).json()["items"] == []
    assert problem(await individuals(quick_scene, arm="humorous_appeal"))["field"] == "arm"


async def test_a_segment_that_may_still_come_is_no_mistake(quick_scene: Scene) -> None:
    await quick_scene.publish(created(None))
    await quick_scene.counted(0)
    assert (await individuals(quick_scene, segment="families")).json()["items"] == []
    assert problem(await individuals(quick_scene, arm="b"))["allowed"] == ["all"]
