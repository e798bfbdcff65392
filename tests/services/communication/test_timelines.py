"""Forks of a timeline: agents have in mind what was before the mark, and nothing of what came after it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from libs.contracts.base import JsonObject
from libs.contracts.dialogue import ConditionSpec
from libs.contracts.timelines import MAIN, Past
from libs.minds.memory import FIRST_EPISODES, LAST_EPISODES
from tests.services.communication.parts import ANSWERS, SIMULATION, Stage, answered, delivery, reply, stage

FOUR = [f"agent_{index:04d}" for index in range(1, 5)]


@pytest.fixture
async def service(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, database_url) as around:
        await around.population(6)
        await around.simulation()
        yield around


async def ask(service: Stage, content: str, *agent_ids: str, **changes: Any) -> str:
    body = {"content": content, "agent_ids": list(agent_ids) or [FOUR[0]]} | changes
    accepted = await service.accepted("broadcast", body)
    await service.run(accepted["id"])
    return str(accepted["id"])


async def talk(service: Stage, *agent_ids: str) -> None:
    body = {"topic": "Breakfast.", "agent_ids": list(agent_ids), "rounds": 1}
    accepted = await service.accepted("conversation/start", body)
    await service.run(accepted["id"])


def last(service: Stage, agent_id: str = FOUR[0]) -> JsonObject:
    """What an agent was shown last."""
    return service.models.shown(agent_id)[-1]


async def test_after_a_fork_agents_remember_what_was_before_the_mark_and_nothing_after_it(service: Stage) -> None:
    await ask(service, "The shop opens.")
    await ask(service, "The shop closes.")
    await service.fork(1)
    await ask(service, "And the shop?")
    assert "The shop opens." in str(last(service)["memory"])
    assert "The shop closes." not in str(last(service)["memory"])
    await ask(service, "Now?")
    assert "And the shop?" in str(last(service)["memory"])
    await service.fork(2, number=3)
    await ask(service, "On the first timeline, further on?")
    assert "The shop closes." in str(last(service)["memory"])
    assert "And the shop?" not in str(last(service)["memory"])


async def test_what_was_heard_before_the_mark_is_heard_on_the_new_timeline_too_and_what_came_later_is_not(
    service: Stage,
) -> None:
    await talk(service, *FOUR)
    service.models.script = lambda turn: reply(turn, {"actions": [{"type": "TALK", "content": "Later."}]})
    await talk(service, *FOUR)
    await service.fork(1)
    await ask(service, "What did they say?")
    assert [item["text"] for item in last(service)["heard"]] == ["Hm.", "Hm.", "Hm."]


async def test_another_simulation_begins_with_what_was_lived_through_up_to_a_place_and_leaves_it_alone(
    service: Stage,
) -> None:
    await ask(service, "The shop opens.")
    await talk(service, *FOUR)
    await ask(service, "The shop closes.")
    await service.start_from(2)
    await ask(service, "And the shop?")
    assert "The shop opens." in str(last(service)["memory"])
    assert "The shop closes." not in str(last(service)["memory"])
    assert [item["text"] for item in last(service)["heard"]] == ["Hm.", "Hm.", "Hm."]
    (shown, *_) = await service.history()
    assert shown["cluster_id"] == "~group-2-1"
    await service.fork(1)
    await ask(service, "Still?")
    assert "The shop opens." in str(last(service)["memory"])
    service.simulation_id = SIMULATION
    assert len({item["step_id"] for item in await service.history()}) == 3


async def test_the_past_of_a_past_is_brought_along_with_what_lasts_and_who_knows_whom(service: Stage) -> None:
    reaching = [{"type": "REACH_OUT", "content": "", "target": "Person 2"}]
    service.models.script = lambda turn: reply(turn, {"actions": reaching})
    await talk(service, *FOUR[:2])
    await service.start_from(1)
    await ask(service, "It rains.")
    await service.start_from(1)
    path = f"/communications/{service.simulation_id}/relations"
    await ask(service, "And?")
    assert "It rains." in str(last(service)["memory"])
    assert "Breakfast." in str(last(service)["memory"])
    assert len((await service.client.get(path)).json()["items"]) == 1


async def test_who_meets_something_is_chosen_by_what_they_answered_in_the_simulation_before(service: Stage) -> None:
    opened = {FOUR[0]: True, FOUR[1]: False}
    service.models.script = lambda turn: answered(turn, {"open_rate": opened.get(turn.agent_id, True)})
    await ask(service, "Half price?", *opened, metrics=["open_rate"])
    service.models.script = lambda turn: answered(turn, ANSWERS)
    past = await service.start_from(1)
    condition = ConditionSpec(metric="open_rate", value=True, before=True).compiled(None)
    shared: dict[str, Any] = {"simulation_id": service.simulation_id, "condition": condition, "place": 1}
    await service.send("orchestrator", delivery(3, **shared, past=past, delivery_id="dlv_past", step_id="step_past"))
    await service.send("orchestrator", delivery(3, **shared, delivery_id="dlv_no_past", step_id="step_no_past"))
    done = {found.delivery_id: (found.answered, found.skipped) for found in await service.completed(3)}
    assert (done["dlv_past"], done["dlv_no_past"]) == ((1, 2), (0, 3))
    assert service.models.batches[-1].turns[0].agent_id == FOUR[0]


async def test_no_turn_is_taken_before_what_its_people_lived_through_has_arrived(service: Stage) -> None:
    await ask(service, "The shop opens.")
    past = Past(simulation_id=SIMULATION, checkpoint_id=None, timeline=MAIN.fork(0, 1), place=1)
    service.simulation_id = "sim_early"
    await service.send("orchestrator", delivery(1, simulation_id="sim_early", past=past, place=1))
    await asyncio.sleep(0.3)
    assert len(service.models.batches) == 1
    await service.simulation(start_from=past)
    await service.completed(2)
    assert "The shop opens." in str(last(service)["memory"])


async def test_two_forks_of_one_mark_know_nothing_of_each_other(service: Stage) -> None:
    await ask(service, "The shop opens.")
    minds = []
    for number, news in ((2, "It rains."), (3, "It snows.")):
        await service.fork(1, number=number)
        await ask(service, news)
        await ask(service, "And?")
        minds.append(str(last(service)["memory"]))
    assert ["It rains." in mind for mind in minds] == [True, False]
    assert ["It snows." in mind for mind in minds] == [False, True]
    assert len({response.turn_id for response in await service.responses()}) == 5


async def test_what_lasts_of_old_turns_is_that_of_the_mark(service: Stage) -> None:
    window = FIRST_EPISODES + LAST_EPISODES
    service.models.script = lambda turn: reply(
        turn, {"actions": [{"type": "TALK", "content": f"I like number {len(service.models.batches)}."}]}
    )
    for number in range(1, window + 4):
        await ask(service, f"Number {number}?")
    await ask(service, "Which do you like?")
    first = last(service)["memory"]
    assert "number 3" in str(first["known"])
    for number in range(1, 4):
        await ask(service, f"Letter {number}?")
    await service.fork(window + 3)
    await ask(service, "Which do you like?")
    assert last(service)["memory"] == first
    await ask(service, "And now?")
    assert "Letter" not in str(last(service)["memory"])
    assert "number 4" in str(last(service)["memory"]["known"])


async def test_a_condition_looks_at_answers_of_its_own_past_only(service: Stage) -> None:
    await ask(service, "Hello")
    await ask(service, "Buy?", metrics=["open_rate"])
    await service.fork(1)
    only = {"metric": "open_rate", "operator": "is", "value": True}
    body = {"agent_ids": FOUR[:1], "touchpoints": [{"name": "next", "content": "Thanks!", "condition": only}]}
    accepted = await service.accepted("sequence/execute", body)
    await service.run(accepted["id"])
    assert (await service.completed(3))[-1].skipped == 1


async def test_groups_that_met_after_the_mark_are_no_cluster_on_the_new_timeline(service: Stage) -> None:
    await talk(service, *FOUR[:2])
    await talk(service, *FOUR[2:])
    await talk(service, *FOUR[1:3])
    await service.fork(2)
    request = await ask(service, "And now?", *FOUR)
    clusters = {item["agent_id"]: item["cluster_id"] for item in await service.history(request_id=request)}
    assert [clusters[agent_id] for agent_id in FOUR] == ["group-1-1", "group-1-1", "group-2-1", "group-2-1"]


async def test_relations_made_after_the_mark_are_left_and_stated_ones_stay(service: Stage) -> None:
    reaching = [{"type": "REACH_OUT", "content": "", "target": "Person 2"}]
    service.models.script = lambda turn: reply(turn, {"actions": reaching})
    await talk(service, *FOUR[:2])
    path = f"/communications/{SIMULATION}/relations"
    stated = {"relations": [{"agent_ids": FOUR[2:], "kind": "friends"}]}
    assert (await service.client.post(path, json=stated)).status_code == 201
    assert len((await service.client.get(path)).json()["items"]) == 2
    await service.fork(0)
    await service.knows("main.2")
    (kept,) = (await service.client.get(path)).json()["items"]
    assert kept["kind"] == "friends"


async def test_the_history_is_that_of_the_present_timeline_another_one_or_a_request(service: Stage) -> None:
    await ask(service, "One")
    left = await ask(service, "Two")
    await service.fork(1)
    await ask(service, "Three")
    await service.knows("main.2")

    async def shown(**filters: str) -> list[tuple[str, str]]:
        items = await service.history(kind="stimulus", **filters)
        return [(item["content"], item["timeline_id"]) for item in items]

    assert await shown() == [("One", "main"), ("Three", "main.2")]
    assert await shown(timeline_id="main") == [("One", "main"), ("Two", "main")]
    assert await shown(request_id=left) == [("Two", "main")]
    assert await shown(request_id=left, timeline_id="main.2") == []
    unknown = await service.client.get(f"/communications/{SIMULATION}/history", params={"timeline_id": "main.9"})
    assert unknown.status_code == 404
    talked = await service.client.get(f"/communications/{SIMULATION}/interactions", params={"timeline_id": "main"})
    assert [speaker["said"] for speaker in talked.json()["speakers"]] == [2]


async def test_news_of_a_fork_that_comes_twice_or_late_changes_nothing(service: Stage) -> None:
    await ask(service, "One")
    first = await service.fork(1)
    await service.fork(1, number=3)
    await ask(service, "Three")
    await service.knows("main.3")
    for _ in range(2):
        await service.send("orchestrator", first)
    await ask(service, "Four")
    assert [item["timeline_id"] for item in await service.history(kind="stimulus")] == ["main", "main.3", "main.3"]


async def test_turns_of_a_timeline_that_was_left_are_not_taken_any_more(service: Stage) -> None:
    await ask(service, "One")
    await service.fork(0)
    await service.knows("main.2")
    service.models.script = lambda turn: answered(turn, {})
    await service.send("orchestrator", delivery(delivery_id="left", place=2, step_id="step-9-1"))
    await ask(service, "Two")
    assert [done.delivery_id for done in await service.completed(2)] == ["dlv_1", "dlv_2"]
    assert len(service.models.batches) == 2


async def changes(service: Stage, before: tuple[str, int], after: tuple[str, int], **page: object) -> JsonObject:
    query = {"from_timeline_id": before[0], "from_place": before[1], "to_timeline_id": after[0], "to_place": after[1]}
    answer = await service.client.get(f"/communications/{SIMULATION}/changes", params=query | page)
    assert answer.status_code == 200, answer.text
    found: JsonObject = answer.json()
    return found


async def test_what_agents_remember_more_and_no_more_between_two_places_of_two_timelines(service: Stage) -> None:
    await ask(service, "The shop opens.", *FOUR)
    await ask(service, "The shop closes.", *FOUR)
    await service.fork(1)
    await ask(service, "And the shop?", *FOUR)
    found = await changes(service, ("main", 2), ("main.2", 2))
    assert [one["agent_id"] for one in found["items"]] == list(FOUR)
    (gained,), (lost,) = found["items"][0]["gained"], found["items"][0]["lost"]
    assert ((gained["timeline_id"], gained["place"]), (lost["timeline_id"], lost["place"])) == (
        ("main.2", 2),
        ("main", 2),
    )
    assert gained["memory"]["said"] == "Hm."
    assert "stimulus" not in gained["memory"]
    first = await changes(service, ("main", 0), ("main", 1), limit=3)
    assert [len(one["gained"]) for one in first["items"]] == [1, 1, 1]
    rest = await changes(service, ("main", 0), ("main", 1), limit=3, cursor=first["next_cursor"])
    assert [one["agent_id"] for one in rest["items"]] == [FOUR[3]]
    assert (await changes(service, ("main.2", 1), ("main", 1)))["items"] == [], "until there it is one past"
    missing = await service.client.get(
        f"/communications/{SIMULATION}/changes",
        params={"from_timeline_id": "main.9", "from_place": 1, "to_timeline_id": "main", "to_place": 1},
    )
    assert missing.status_code == 404
