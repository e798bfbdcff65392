"""`POST /v1/turns` and the ledger behind it, on both stores, with the offline model."""

import asyncio
import json

import jsonschema
from sqlalchemy import text

from libs.contracts.protocol import Usage
from libs.contracts.turns import ChatMessage
from libs.minds.turn import read_turn
from services.models.app import create_app
from services.models.settings import Settings
from tests.services.models.batches import batch, send, usage
from tests.services.models.people import FUNNEL, instrument
from tests.support.apps import running

CACHED = Usage(calls=0, cached_calls=1, prompt_tokens=0, completion_tokens=0, cost_usd=0.0)


async def test_every_turn_of_a_batch_is_answered_validly(start):
    async with start() as client:
        replies = await send(client, batch(40))
    assert [reply.turn_id for reply in replies] == [f"turn_{index}" for index in range(1, 41)]
    for reply in replies:
        assert reply.status == "answered"
        assert reply.usage.calls == 1
        jsonschema.validate(json.loads(reply.content), batch(1).response_schema)
        assert read_turn(reply.content, FUNNEL, "here").answers["purchase_intent"] in range(1, 11)


async def test_the_same_simulation_that_asks_again_gets_the_same_bytes_and_the_usage_it_paid(start):
    async with start() as client:
        first = await send(client, batch(20))
        again = await send(client, batch(20))
        used = await usage(client)
    assert again == first
    assert (used["calls"], used["cached_calls"]) == (20, 0)


async def test_another_simulation_of_the_same_study_makes_no_call_and_gets_the_same_bytes(start):
    async with start() as client:
        first = await send(client, batch(20))
        again = await send(client, batch(20, simulation_id="sim_2"))
        used = await usage(client, "sim_2")
    assert [reply.content for reply in again] == [reply.content for reply in first]
    assert all(reply.usage == CACHED for reply in again)
    assert (used["calls"], used["cached_calls"], used["cost_usd"]) == (0, 20, 0.0)


async def test_the_ledger_outlives_the_process(start):
    async with start() as client:
        first = await send(client, batch(5))
    async with start() as client:
        again = await send(client, batch(5, simulation_id="sim_2"))
    assert [reply.content for reply in again] == [reply.content for reply in first]
    assert all(reply.usage.cached_calls == 1 for reply in again)


async def test_a_different_place_or_parameter_is_a_different_call(client):
    changes = [
        {"seed": 8},
        {"round": 2},
        {"step_id": "step_2"},
        {"timeline_id": "fork"},
        {"temperature": 0.5},
        {"max_completion_tokens": 500},
        {"shared": (ChatMessage(role="system", content="Another text."),)},
        {"response_schema": {"type": "object", "properties": {"confidence": {"type": "number"}}}},
    ]
    await send(client, batch(2))
    for change in changes:
        again = await send(client, batch(2, **change))
        assert all(reply.usage.calls == 1 for reply in again), change


async def test_another_agent_or_draw_with_equal_messages_is_a_different_call(client):
    sent = batch(1)
    turn = sent.turns[0]
    others = [
        turn.model_copy(update={"turn_id": "other agent", "agent_id": "agent_9999"}),
        turn.model_copy(update={"turn_id": "other draw", "draw": 1}),
    ]
    replies = await send(client, sent.model_copy(update={"turns": (turn, *others)}))
    assert [reply.usage.calls for reply in replies] == [1, 1, 1]


async def test_moving_a_message_from_own_to_shared_does_not_change_the_call(client):
    sent = batch(1)
    turn = sent.turns[0]
    moved = sent.model_copy(
        update={
            "shared": (*sent.shared, *turn.messages),
            "turns": (turn.model_copy(update={"messages": ()}),),
            "simulation_id": "sim_2",
        }
    )
    first = await send(client, sent)
    again = await send(client, moved)
    assert again[0].usage.cached_calls == 1
    assert again[0].content == first[0].content


async def test_equal_calls_of_several_simulations_in_flight_at_once_are_paid_by_one(start):
    simulations = [f"sim_{number}" for number in range(1, 5)]
    async with start() as client:
        everything = await asyncio.gather(*(send(client, batch(30, simulation_id=name)) for name in simulations))
        used = [await usage(client, name) for name in simulations]
    paid = [sum(replies[i].usage.calls for replies in everything) for i in range(30)]
    assert paid == [1] * 30
    assert len({tuple(reply.content for reply in replies) for replies in everything}) == 1
    assert sum(model["calls"] for model in used) == 30
    assert [model["calls"] + model["cached_calls"] for model in used] == [30] * 4


async def test_equal_calls_of_one_simulation_in_flight_at_once_are_made_once_and_reported_as_paid(start):
    async with start() as client:
        everything = await asyncio.gather(*(send(client, batch(30)) for _ in range(4)))
        used = await usage(client)
    assert all(replies == everything[0] for replies in everything)
    assert all(reply.usage.calls == 1 for reply in everything[0])
    assert (used["calls"], used["cached_calls"]) == (30, 0)


async def test_a_turn_that_stands_twice_in_a_batch_is_paid_once_and_answered_twice(start):
    sent = batch(1)
    turn = sent.turns[0]
    twice = sent.model_copy(update={"turns": (turn, turn.model_copy(update={"turn_id": "again"}))})
    async with start() as client:
        replies = await send(client, twice)
    assert [reply.usage.calls for reply in replies] == [1, 0]
    assert replies[0].content == replies[1].content


async def test_a_client_that_goes_away_loses_nothing(start):
    async with start() as client:
        request = client.build_request(
            "POST", "/v1/turns", content=batch(60).model_dump_json(), headers={"content-type": "application/json"}
        )
        response = await client.send(request, stream=True)
        await response.aclose()
        replies = await send(client, batch(60))
        used = await usage(client)
    assert sum(reply.usage.calls for reply in replies) == 60
    assert (used["calls"], used["cached_calls"]) == (60, 0)


async def test_an_unknown_model_is_refused_naming_the_known_ones(client):
    response = await client.post("/v1/turns", json=batch(1, model="gpt-9").model_dump(mode="json"))
    listed = await client.get("/v1/models")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "model"
    assert response.json()["errors"][0]["allowed"] == [model["id"] for model in listed.json()["data"]] == ["offline"]


async def test_an_empty_batch_has_an_empty_answer(client):
    assert await send(client, batch(1).model_copy(update={"turns": ()})) == []


async def test_different_people_answer_differently(client):
    metrics = (instrument("trust", "ordinal"), instrument("rating", "numeric"))
    replies = await send(client, batch(30, instruments=metrics))
    assert len({json.dumps(json.loads(reply.content)["answers"]) for reply in replies}) > 20


async def test_a_ledger_that_fails_is_said_and_nothing_hangs(sqlite_url):
    app = create_app(Settings(database_url=sqlite_url))
    async with running("models", app) as client:
        async with app.state.database.write() as tx:
            await tx.execute(text("ALTER TABLE calls RENAME TO away"))
        response = await client.post("/v1/turns", json=batch(2).model_dump(mode="json"))
        async with app.state.database.write() as tx:
            await tx.execute(text("ALTER TABLE away RENAME TO calls"))
        replies = await send(client, batch(2))
    assert response.status_code == 503
    assert "ledger" in response.json()["title"]
    assert [reply.status for reply in replies] == ["answered"] * 2
