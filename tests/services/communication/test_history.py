"""The history tells what was shown, thought, said and answered, filtered and in pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from tests.services.communication.parts import ANSWERS, EMAIL, SIMULATION, Stage, delivery, stage


@asynccontextmanager
async def two_rounds(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    """Two rounds of three agents, the second in another arm."""
    async with stage(nats_url, database_url) as around:
        await around.population(3)
        await around.simulation()
        await around.send("orchestrator", delivery(3))
        await around.completed()
        await around.send("orchestrator", delivery(3, step_id="step_2", round=2, delivery_id="dlv_2", arm="rational"))
        await around.completed(2)
        yield around


@pytest.fixture
async def service(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with two_rounds(nats_url, database_url) as around:
        yield around


@pytest.fixture
async def embedded(nats_url: str, sqlite_url: str) -> AsyncIterator[Stage]:
    async with two_rounds(nats_url, sqlite_url) as around:
        yield around


async def test_a_turn_is_told_in_the_order_in_which_it_happened(embedded: Stage) -> None:
    items = await embedded.history(agent_id="agent_0002", round=1)
    assert [item["kind"] for item in items] == ["stimulus", "think", "talk", "answer"]
    assert [item["content"] for item in items] == [EMAIL.content, "I am agent_0002.", "Hm.", ANSWERS]
    assert [item["channel"] for item in items] == ["email", None, None, None]
    first = items[0]
    assert (first["name"], first["arm"], first["step_id"]) == ("Person 2", "emotional_appeal", "step_1")
    assert first["cluster_id"] == first["agent_id"]
    assert len({item["id"] for item in items}) == 4
    assert datetime.now(UTC) - datetime.fromisoformat(first["at"]) < timedelta(minutes=1)


async def test_items_are_filtered(service: Stage) -> None:
    items = await service.history()
    assert len(items) == 24
    assert [item["sequence"] for item in items] == sorted(item["sequence"] for item in items)
    assert await service.history(kind="talk") == [item for item in items if item["kind"] == "talk"]
    assert await service.history(step_id="step_2") == [item for item in items if item["arm"] == "rational"]
    assert await service.history(round=2, kind="answer", agent_id="agent_0001") == [
        item for item in items if (item["round"], item["kind"], item["agent_id"]) == (2, "answer", "agent_0001")
    ]
    assert await service.history(kind="failure") == []
    turning = items[12]["at"]
    assert await service.history(since=turning) == items[12:]
    assert await service.history(until=turning) == items[:12]


async def test_pages_follow_each_other_without_gap_or_repetition(service: Stage) -> None:
    everything = await service.history()
    collected, cursor = [], None
    for _ in range(10):
        parameters = {"limit": 5} | ({"cursor": cursor} if cursor else {})
        answer = (await service.client.get(f"/communications/{SIMULATION}/history", params=parameters)).json()
        collected += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert collected == everything


async def test_wrong_questions_are_refused_with_what_is_allowed(embedded: Stage) -> None:
    path = f"/communications/{SIMULATION}/history"
    for wrong in ({"limit": 501}, {"kind": "shout"}, {"cursor": "nonsense"}, {"since": "yesterday"}, {"round": 0}):
        answer = await embedded.client.get(path, params=wrong)
        assert answer.status_code == 422, wrong
        assert answer.json()["errors"][0]["field"] == next(iter(wrong))
    for edge in ({"since": "0001-01-01T00:00:00+14:00"}, {"until": "9999-12-31T23:59:59-14:00"}):
        assert "between the years 1 and 9999" in (await embedded.client.get(path, params=edge)).text
    kinds = (await embedded.client.get(path, params={"kind": "shout"})).json()["errors"][0]["allowed"]
    assert {"stimulus", "think", "talk", "answer", "failure"} <= set(kinds)
    assert (await embedded.client.get("/communications/sim_nowhere/history")).status_code == 404


async def test_an_agent_whom_the_population_does_not_have_is_refused(embedded: Stage) -> None:
    for path in ("history", "artefacts"):
        answer = await embedded.client.get(f"/communications/{SIMULATION}/{path}", params={"agent_id": "agent_9999"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "agent_id"
