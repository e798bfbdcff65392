"""The queue in front of a real server: nobody times out in it, nobody is starved, and an outage loses no turn."""

import asyncio
import time

from services.models.adapters.upstream.connection import Exchange
from services.models.adapters.upstream.gate import Gate
from services.models.domain.scheduling.schedule import Limits
from services.models.domain.scheduling.shares import Share
from tests.services.models.batches import batch, send
from tests.services.models.stub import Answer, completion, error
from tests.support.apps import eventually

MODEL = "gpt-5-mini"


async def load(client) -> dict:
    """What is said about the model."""
    return next(item for item in (await client.get("/v1/load")).json()["items"] if item["model"] == MODEL)


def slow(delay_s: float) -> Answer:
    return Answer(completion().body, delay_s=delay_s)


async def test_calls_do_not_time_out_while_they_wait_for_their_turn(start_with_provider, stub):
    stub.answer = lambda request, number: slow(0.2)
    async with start_with_provider(concurrency=1, timeout_s=0.5) as client:
        replies = await send(client, batch(5, model=MODEL))
    assert [reply.status for reply in replies] == ["answered"] * 5
    assert (len(stub.requests), stub.most_in_flight) == (5, 1)


async def test_a_small_simulation_does_not_wait_for_a_large_one(start_with_provider, stub):
    stub.answer = lambda request, number: slow(0.02)
    async with start_with_provider(concurrency=2) as client:
        large = asyncio.create_task(send(client, batch(100, model=MODEL)))
        await asyncio.sleep(0.1)
        small = await send(client, batch(5, first=200, model=MODEL, simulation_id="sim_2"))
        assert not large.done()
        await large
    assert [reply.status for reply in small] == ["answered"] * 5


async def test_an_outage_is_waited_for_told_and_no_turn_is_lost(start_with_provider, stub, caplog):
    outage: list[float] = []

    def answer(request, number):
        if number == 100:
            outage.append(time.monotonic() + 1.5)
        return error(503) if outage and time.monotonic() < outage[0] else slow(0.02)

    stub.answer = answer
    async with start_with_provider(concurrency=32) as client:
        replies = await send(client, batch(250, model=MODEL))
    assert [reply.status for reply in replies] == ["answered"] * 250
    assert 250 < len(stub.requests) <= 1.2 * 250
    told = [record.getMessage() for record in caplog.records if record.name.endswith("upstream.gate")]
    assert len(told) == 2, told
    assert told[0].startswith(f"the endpoint of {MODEL} is away: ")
    assert "503" in told[0]
    assert told[1].startswith(f"the endpoint of {MODEL} answers again, after ")


async def test_all_that_is_in_flight_when_an_endpoint_goes_away_is_asked_again(start_with_provider, stub):
    back: list[float] = []

    def answer(request, number):
        if number <= 200:  # they are cut off together, and it is back after a second
            back[:] = [time.monotonic() + 1.3]
            return Answer("", delay_s=0.3, is_cut_off=True)
        return Answer("", is_cut_off=True) if time.monotonic() < back[0] else completion()

    stub.answer = answer
    async with start_with_provider(concurrency=200, initial_concurrency=200) as client:
        replies = await send(client, batch(220, model=MODEL))
        shown = await load(client)
    assert [reply.status for reply in replies] == ["answered"] * 220
    assert shown["not_retried"] == 0
    assert shown["retries"] == len(stub.requests) - 220
    assert len(stub.requests) <= 1.2 * 220 + 200


async def test_an_endpoint_that_accepts_nothing_is_asked_again_when_it_said(start_with_provider, stub):
    started = time.monotonic()
    stub.answer = lambda request, number: (
        error(429, retry_after="0.6") if time.monotonic() < started + 0.5 else completion()
    )
    async with start_with_provider(concurrency=12) as client:
        replies = await send(client, batch(60, model=MODEL))
    assert [reply.status for reply in replies] == ["answered"] * 60
    assert len(stub.requests) <= 60 + 12


async def test_refusals_that_say_when_to_come_again_lose_no_turn_however_many_they_are(start_with_provider, stub):
    started = time.monotonic()
    stub.answer = lambda request, number: (
        error(429, retry_after="0.4") if time.monotonic() < started + 2.0 else completion()
    )
    async with start_with_provider(concurrency=32) as client:
        replies = await send(client, batch(100, model=MODEL))
        shown = await load(client)
    assert [reply.status for reply in replies] == ["answered"] * 100
    assert shown["not_retried"] == 0
    assert len(stub.requests) <= 100 + 32 + 2.0 / 0.4


async def test_a_call_that_is_told_to_come_again_for_too_long_takes_from_the_budget_and_fails():
    gate = Gate("model", Limits(2), outage_s=0.3)
    requests = 0

    async def refuse_every_second() -> Exchange:
        nonlocal requests
        requests += 1
        return Exchange(429, '{"error": "slow down"}', {"retry-after": "0.05"})

    asked = await gate.ask(Share("a"), 1, refuse_every_second)
    assert asked.exchange.status in {0, 429}
    assert 3 <= requests <= 10


async def test_calls_are_given_up_with_the_reason_when_an_endpoint_stays_away(start_with_provider, stub):
    stub.answer = lambda request, number: error(500, "out of memory")
    async with start_with_provider(outage_s=0.3) as client:
        replies = await send(client, batch(60, model=MODEL))
    assert {reply.status for reply in replies} == {"failed"}
    assert all("out of memory" in reply.failure for reply in replies)
    assert any("away" in reply.failure for reply in replies)


async def test_how_busy_an_endpoint_is_and_why_calls_wait_can_be_seen(start_with_provider, stub):
    stub.answer = lambda request, number: error(503, "being restarted")

    async def is_away():
        return (await load(client))["away_since_s"] is not None

    async with start_with_provider() as client:
        idle = await load(client)
        asking = asyncio.create_task(send(client, batch(60, model=MODEL)))
        await eventually(is_away)
        away = await load(client)
        stub.answer = lambda request, number: completion()
        await asking
        up = await load(client)
    assert (idle["in_flight"], idle["waiting"], idle["limit"], idle["away_since_s"]) == (0, 0, 32, None)
    assert (away["waiting"] > 0, "being restarted" in away["reason"]) == (True, True)
    assert (up["in_flight"], up["waiting"], up["away_since_s"], up["reason"]) == (0, 0, None, "")


async def test_a_limit_that_the_endpoint_states_is_kept_to(start_with_provider, stub):
    headers = {"x-ratelimit-limit-requests": "1200", "x-ratelimit-remaining-requests": "0"}
    stub.answer = lambda request, number: Answer(completion().body, headers=headers)
    async with start_with_provider() as client:
        await send(client, batch(1, model=MODEL))
        started = time.monotonic()
        await send(client, batch(20, first=2, model=MODEL))
    assert time.monotonic() - started >= 0.8


async def test_a_call_that_is_given_up_leaves_its_place_to_others():
    gate = Gate("model", Limits(1), outage_s=1.0)
    never = asyncio.Event()

    async def hang() -> Exchange:
        await never.wait()
        return Exchange(200)

    async def answer() -> Exchange:
        return Exchange(200)

    hanging = asyncio.create_task(gate.ask(Share("a"), 1, hang))
    waiting = asyncio.create_task(gate.ask(Share("b"), 1, answer))
    patient = asyncio.create_task(gate.ask(Share("c"), 1, answer))
    await asyncio.sleep(0)
    for task in (waiting, hanging):
        task.cancel()
    assert (await patient).exchange.status == 200
    await asyncio.gather(hanging, waiting, return_exceptions=True)
    assert (gate.schedule.flow.in_flight, gate.schedule.waiting) == (0, 0)
