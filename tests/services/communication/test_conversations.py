"""Agents that hear each other: who hears whom, in which order, and what it makes of them in the statistics."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from libs.contracts.base import JsonObject
from libs.contracts.turns import TurnReply, TurnRequest
from tests.services.communication.parts import SIMULATION, Stage, answered, reply, stage

FOUR = [f"agent_{index:04d}" for index in range(1, 5)]


@pytest.fixture
async def service(nats_url: str, sqlite_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, sqlite_url) as around:
        await around.population(6, {"families": 3})
        await around.simulation()
        around.models.script = saying(lambda agent_id: (f"{agent_id} speaks.", ""))
        yield around


@pytest.fixture
async def stored(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, database_url) as around:
        await around.population(6)
        await around.simulation()
        around.models.script = saying(lambda agent_id: (f"{agent_id} speaks.", ""))
        yield around


def saying(said: Callable[[str], tuple[str, str]]) -> Callable[[TurnRequest], TurnReply]:
    """A model with which each agent says a text to a target."""

    def script(turn: TurnRequest) -> TurnReply:
        text, target = said(turn.agent_id)
        actions = [{"type": "TALK", "content": text, "target": target}, {"type": "DONE", "content": "", "target": ""}]
        return reply(turn, {"actions": actions, "mental_state": {}, "answers": {"open_rate": True}, "confidence": 1})

    return script


def heard(blocks: JsonObject) -> list[str]:
    return [item["text"] for item in blocks.get("heard", [])]


async def talk(service: Stage, **changes: Any) -> JsonObject:
    body = {"topic": "Breakfast.", "agent_ids": FOUR, "rounds": 2} | changes
    accepted = await service.accepted("conversation/start", body)
    await service.run(accepted["id"])
    return accepted


async def test_in_sequence_each_hears_those_before_and_later_those_after(stored: Stage) -> None:
    await talk(stored)
    first, second = stored.models.shown("agent_0002")
    assert heard(first) == ["agent_0001 speaks."]
    assert heard(second) == ["agent_0003 speaks.", "agent_0004 speaks.", "agent_0001 speaks."]
    assert first["present"] == ["Person 1", "Person 3", "Person 4"]
    assert first["stimulus"]["source"] == "Moderator"
    assert heard(stored.models.shown("agent_0001")[0]) == []


async def test_at_once_all_hear_each_other_in_the_next_round_only(service: Stage) -> None:
    await talk(service, turn_taking="simultaneous")
    first, second = service.models.shown("agent_0003")
    assert heard(first) == []
    assert heard(second) == ["agent_0001 speaks.", "agent_0002 speaks.", "agent_0004 speaks."]


async def test_what_is_said_to_somebody_is_heard_by_that_one_alone(service: Stage) -> None:
    service.models.script = saying(lambda agent_id: (f"{agent_id} whispers.", "person 2"))
    await talk(service)
    assert heard(service.models.shown("agent_0002")[1]) == [
        "agent_0003 whispers.",
        "agent_0004 whispers.",
        "agent_0001 whispers.",
    ]
    assert heard(service.models.shown("agent_0004")[1]) == []
    spoken = await service.history(kind="talk", agent_id="agent_0001", round=1)
    assert (spoken[0]["target"], spoken[0]["heard_by"]) == ("person 2", ["agent_0002"])
    own = await service.history(kind="talk", agent_id="agent_0002", round=1)
    assert own[0]["heard_by"] is None, "nobody hears what one says to oneself"


@pytest.mark.parametrize(("broadcasts", "hears"), [(True, True), (False, False)])
async def test_talk_to_nobody_known_is_for_all_or_for_nobody_as_told(
    service: Stage, broadcasts: bool, hears: bool
) -> None:
    service.models.script = saying(lambda agent_id: ("Anybody?", "the Queen"))
    await talk(service, broadcast_if_no_target=broadcasts)
    assert bool(heard(service.models.shown("agent_0001")[1])) is hears


async def test_groups_do_not_hear_each_other(service: Stage) -> None:
    accepted = await talk(service, groups=2, turn_taking="simultaneous")
    assert accepted["groups"] == {"group-1-1": ["agent_0001", "agent_0003"], "group-1-2": ["agent_0002", "agent_0004"]}
    assert heard(service.models.shown("agent_0001")[1]) == ["agent_0003 speaks."]


async def test_those_of_a_group_are_one_cluster_in_responses_and_history_and_groups_that_meet_become_one(
    service: Stage,
) -> None:
    await talk(service, groups=2, rounds=1, metrics=["open_rate"])
    clusters = {response.agent_id: response.cluster_id for response in await service.responses()}
    assert clusters["agent_0001"] == clusters["agent_0003"] == "group-1-1"
    assert clusters["agent_0002"] == clusters["agent_0004"] == "group-1-2"
    await talk(service, agent_ids=["agent_0003", "agent_0004"], rounds=1)
    later = await service.history(round=3, kind="talk")
    assert {item["cluster_id"] for item in later} == {"group-1-1"}
    alone = await service.accepted("broadcast", {"content": "Hello", "agent_ids": ["agent_0002", "agent_0006"]})
    await service.run(alone["id"])
    items = {item["agent_id"]: item["cluster_id"] for item in await service.history(request_id=alone["id"])}
    assert items == {"agent_0002": "group-1-1", "agent_0006": "agent_0006"}


async def test_metrics_are_asked_after_the_talk_of_everybody_apart(service: Stage) -> None:
    accepted = await talk(service, metrics=["open_rate"])
    assert accepted["step_ids"] == ["step-1-1", "step-1-2", "step-1-3"]
    last = service.models.shown("agent_0002")[-1]
    assert [question["name"] for question in last["questions"]] == ["open_rate"]
    assert last["stimulus"] is None
    assert heard(last) == ["agent_0003 speaks.", "agent_0004 speaks."]


async def test_an_announcement_is_remembered_and_costs_no_call(service: Stage) -> None:
    accepted = await service.accepted("broadcast", {"content": "The office is closed.", "responds": False})
    await service.run(accepted["id"])
    assert service.models.batches == []
    (done,) = await service.completed()
    assert (done.requested, done.answered, done.skipped) == (6, 0, 6)
    later = await service.accepted("broadcast", {"content": "What did you hear?", "agent_ids": ["agent_0001"]})
    await service.run(later["id"])
    (shown,) = service.models.shown("agent_0001")
    assert "The office is closed." in str(shown["memory"])


async def test_a_message_of_one_agent_is_heard_answered_and_remembered_by_both(service: Stage) -> None:
    service.models.script = saying(lambda agent_id: ("Yes, at noon.", "Person 1"))
    body = {"from_agent_id": "agent_0001", "to_agent_id": "agent_0002", "content": "Lunch?"}
    accepted = await service.accepted("direct-message", body)
    await service.run(accepted["id"])
    (shown,) = service.models.shown("agent_0002")
    assert (shown["stimulus"]["content"], shown["stimulus"]["source"]) == ("Lunch?", "Person 1")
    assert service.models.shown("agent_0001") == []
    later = await service.accepted("broadcast", {"content": "And?", "agent_ids": ["agent_0001"]})
    await service.run(later["id"])
    (sender,) = service.models.shown("agent_0001")
    assert heard(sender) == ["Lunch?", "Yes, at noon."]
    clusters = {item["cluster_id"] for item in await service.history(kind="talk", request_id=accepted["id"])}
    assert clusters == {"group-1-1"}


async def test_an_interviewer_asks_and_the_other_answers_in_turns_one_person_after_the_other(service: Stage) -> None:
    service.models.script = saying(lambda agent_id: (f"{agent_id} here.", ""))
    body = {"kind": "interview", "interviewer_id": "agent_0006", "agent_ids": FOUR[:2], "prompts": ["Why?", ""]}
    await talk(service, topic="Money", **body)
    asked = service.models.shown("agent_0006")
    assert [(blocks["stimulus"]["kind"], blocks["stimulus"]["content"]) for blocks in asked] == [
        ("goal", "Money\n\nWhy?"),
        ("goal", "Money"),
        ("goal", "Money\n\nWhy?"),
        ("goal", "Money"),
    ]
    first, second = service.models.shown("agent_0001")
    assert first["stimulus"] is None, "who is asked does not see the interviewer's guide"
    assert heard(first) == heard(second) == ["agent_0006 here."]
    assert heard(asked[1]) == ["agent_0001 here."]
    assert heard(service.models.shown("agent_0002")[0]) == ["agent_0006 here."]


async def test_in_a_network_only_those_related_hear_and_reaching_out_needs_a_relation(service: Stage) -> None:
    relations = {"relations": [{"agent_ids": ["agent_0002", "agent_0001"], "kind": "friend"}]}
    answer = await service.client.post(f"/communications/{SIMULATION}/relations", json=relations)
    assert answer.status_code == 201, answer.text
    await talk(service, network=True, turn_taking="simultaneous")
    assert heard(service.models.shown("agent_0001")[1]) == ["agent_0002 speaks."]
    assert heard(service.models.shown("agent_0003")[1]) == []
    stranger = {"relations": [{"agent_ids": ["agent_0001", "agent_9"]}]}
    refused = await service.client.post(f"/communications/{SIMULATION}/relations", json=stranger)
    assert refused.json()["errors"][0]["field"] == "relations.0.agent_ids.1"
    known = (await service.client.get(f"/communications/{SIMULATION}/relations")).json()["items"]
    assert known == [{"agent_id": "agent_0001", "other_id": "agent_0002", "kind": "friend"}]


async def test_reaching_out_makes_a_relation_that_counts_from_the_next_round(service: Stage) -> None:
    def script(turn: TurnRequest) -> TurnReply:
        actions = [{"type": "REACH_OUT", "content": "", "target": "Person 3"}]
        told = {"actions": actions, "mental_state": {}, "answers": {}, "confidence": 1}
        return reply(turn, told) if turn.agent_id == "agent_0001" else answered(turn, {"open_rate": True})

    service.models.script = script
    await talk(service, turn_taking="simultaneous")
    assert any("Person 1 reached out to you" in text for text in heard(service.models.shown("agent_0003")[1]))
    known = (await service.client.get(f"/communications/{SIMULATION}/relations")).json()["items"]
    assert known == [{"agent_id": "agent_0001", "other_id": "agent_0003", "kind": "reached out"}]


@pytest.mark.parametrize(
    ("path", "body", "field", "said"),
    [
        ("conversation/start", {"topic": "x", "agent_ids": ["agent_9"]}, "agent_ids.0", "no agent 'agent_9'"),
        ("conversation/start", {"topic": "x", "kind": "interview"}, "", "interviewer_id"),
        (
            "conversation/start",
            {"topic": "x", "kind": "interview", "interviewer_id": "agent_9", "agent_ids": FOUR[:1]},
            "interviewer_id",
            "no agent 'agent_9'",
        ),
        ("conversation/start", {"topic": "x", "agent_ids": FOUR[:1]}, "agent_ids", "at least 2"),
        ("conversation/start", {"topic": "x", "rounds": 1, "prompts": ["a", "b"]}, "", "2 for 1 rounds"),
        ("conversation/start", {"topic": "x", "target_segments": ["?"]}, "target_segments.0", "no segment"),
        ("direct-message", {"to_agent_id": "agent_9", "content": "x"}, "to_agent_id", "no agent"),
        ("direct-message", {"to_agent_id": FOUR[0], "from_agent_id": FOUR[0], "content": "x"}, "", "itself"),
        ("broadcast", {"content": "x", "responds": False, "metrics": ["open_rate"]}, "", "responds"),
        ("broadcast", {"content": "x", "agent_ids": [FOUR[0], FOUR[0]]}, "", "more than once"),
        ("conversation/start", {"topic": "x", "turn_taking": "chaotic"}, "turn_taking", ""),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    service: Stage, path: str, body: JsonObject, field: str, said: str
) -> None:
    answer = await service.client.post(f"/communications/{path}", json={"simulation_id": SIMULATION} | body)
    assert answer.status_code == 422, answer.text
    assert said in answer.text
    assert field in [error["field"] for error in answer.json()["errors"]] or not field


async def test_a_reply_can_be_waited_for_and_streamed(service: Stage) -> None:
    body = {"simulation_id": SIMULATION, "to_agent_id": FOUR[0], "content": "Hello?", "source": "Ann"}
    late = await service.client.post("/communications/direct-message", json=body, params={"wait": 0.2})
    assert (late.json()["is_complete"], late.json()["items"]) == (False, [])
    streaming = {"accept": "text/event-stream"}
    answer = await service.client.post(
        "/communications/direct-message", json=body, params={"wait": 0.2}, headers=streaming
    )
    names = [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")]
    assert names == ["accepted", "done"]
