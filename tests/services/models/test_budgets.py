"""Budgets: what is reserved before a call and settled after it, the refusal at the cap, and what survives."""

import asyncio
from contextlib import suppress

import httpx
import pytest
from sqlalchemy import update

from libs.db import Database
from libs.models import BudgetSpentError, ModelsClient, ModelsError
from services.models.app import create_app
from services.models.settings import Settings
from services.models.tables import accounts
from tests.services.models.batches import batch, send, usage
from tests.services.models.stub import Answer, completion, error
from tests.support.apps import eventually, running

MODEL = "gpt-5-mini"
COST = (1_000 * 0.25 + 100 * 2.0) / 1e6
"""Of a call to the stub: 1,000 tokens of prompt and 100 of completion."""


async def cap(client: httpx.AsyncClient, simulation_id: str = "sim_1", **budget: float) -> dict:
    response = await client.put(f"/v1/budgets/{simulation_id}".rstrip("/"), json=budget)
    assert response.status_code == 200, response.text
    return response.json()


async def account(client: httpx.AsyncClient, simulation_id: str = "sim_1") -> dict:
    return (await client.get(f"/v1/budgets/{simulation_id}".rstrip("/"))).json()


async def ask(count: int, **changes: object) -> tuple[int, str | None]:
    """How many turns were answered, and the reason why the others were not."""
    models = ModelsClient("local://models", silence_s=30)
    await models.start()
    answered = 0
    try:
        async for _reply in models.turns(batch(count, model=MODEL, **changes)):
            answered += 1
    except BudgetSpentError as spent:
        return answered, str(spent)
    finally:
        await models.stop()
    return answered, None


async def test_turns_beyond_the_cap_stay_open_and_are_answered_when_it_is_raised(start_with_provider, stub):
    async with start_with_provider() as client:
        await cap(client, calls=3)
        first = await ask(5)
        again = await ask(5)
        requests = len(stub.requests)
        await cap(client, calls=5)
        last = await ask(5)
        used = await usage(client)
    assert first == (
        3,
        "the budget of simulation 'sim_1' is 3 call(s): 3 call(s) are spent, and the next call may take 1 call(s)",
    )
    assert again[0] == 3  # from the ledger
    assert requests == 3
    assert last == (5, None)
    assert (used["calls"], used["failed_calls"]) == (5, 0)


async def test_a_batch_of_which_nothing_can_be_answered_is_refused_with_a_status_of_its_own(start_with_provider, stub):
    async with start_with_provider() as client:
        await cap(client, calls=0)
        response = await client.post("/v1/turns", json=batch(2, model=MODEL).model_dump(mode="json"))
    assert (response.status_code, response.json()["title"]) == (402, "The budget is spent")
    assert stub.requests == []


async def test_a_chat_beyond_the_cap_is_refused_with_that_status_too(start_with_provider, stub):
    body = {"model": MODEL, "messages": [{"role": "user", "content": "?"}], "metadata": {"simulation_id": "sim_1"}}
    async with start_with_provider() as client:
        await cap(client, tokens=10)
        response = await client.post("/v1/chat/completions", json=body)
    assert response.status_code == 402
    assert stub.requests == []


async def test_what_a_call_really_cost_is_settled(start_with_provider, stub):
    async with start_with_provider() as client:
        await ask(4)
        after = await account(client)
        tenant = await account(client, "")
    assert after["spent"] == {"cost_usd": pytest.approx(4 * COST), "tokens": 4 * 1_100, "calls": 4}
    assert after["reserved"] == {"cost_usd": 0.0, "tokens": 0, "calls": 0}
    assert after["cap"] == {"cost_usd": None, "tokens": None, "calls": None}
    assert tenant["spent"] == after["spent"]


async def test_a_cap_that_is_lowered_holds_for_calls_that_have_not_begun(start_with_provider, stub):
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.1)
    async with start_with_provider(concurrency=2) as client:
        asking = asyncio.create_task(ask(40))

        async def some_are_asked():
            return len(stub.requests) >= 4

        await eventually(some_are_asked)
        await cap(client, calls=5)
        with suppress(ModelsError):  # what was withdrawn is asked for again, as by whoever runs a delivery
            await asking
        answered, reason = await ask(40)
        requests = len(stub.requests)
        lowered = await account(client)
        await cap(client, calls=40)
        assert await ask(40) == (40, None)
        used = await usage(client)
    assert answered == requests < 20
    assert reason.startswith("the budget of simulation 'sim_1' is 5 call(s)")
    assert (lowered["spent"]["calls"], lowered["reserved"]["calls"]) == (requests, 0)
    assert (used["calls"], used["orphaned_calls"]) == (len(stub.requests), 0) == (40, 0)


async def test_calls_wait_for_each_other_rather_than_being_refused_for_what_is_only_reserved(start_with_provider, stub):
    """A call is reserved with 1,000 tokens of completion and writes 100."""
    sent = batch(1, model=MODEL)
    estimate = (sum(len(m.content) for m in (*sent.shared, *sent.turns[0].messages)) + 1_200) // 4 + 1_000
    async with start_with_provider() as client:
        await cap(client, tokens=estimate + 5 * 1_100)
        answered, reason = await ask(8)
        spent = (await account(client))["spent"]["tokens"]
    assert answered >= 5
    assert spent <= estimate + 5 * 1_100
    assert answered == 8 or "tokens" in reason


async def test_calls_in_flight_are_reserved_and_shown(start_with_provider, stub):
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.4)
    async with start_with_provider() as client:
        asking = asyncio.create_task(ask(3))

        async def are_asked():
            return len(stub.requests) == 3

        await eventually(are_asked)
        during = await account(client)
        shown = (await client.get("/v1/usage", params={"simulation_id": "sim_1"})).json()["budget"]
        await asking
        after = await account(client)
    assert (during["reserved"]["calls"], during["spent"]["calls"]) == (3, 0)
    assert during["reserved"]["cost_usd"] > 3 * COST
    assert shown["reserved"] == during["reserved"]
    assert (after["reserved"]["calls"], after["spent"]["calls"]) == (0, 3)


async def test_a_call_that_failed_frees_what_was_reserved(start_with_provider, stub):
    stub.answer = lambda request, number: error(401)
    async with start_with_provider() as client:
        await ask(2)
        after = await account(client)
    assert after["spent"] == {"cost_usd": 0.0, "tokens": 0, "calls": 2}
    assert after["reserved"] == {"cost_usd": 0.0, "tokens": 0, "calls": 0}


async def test_the_budget_of_the_tenant_holds_for_all_simulations(start_with_provider, stub):
    async with start_with_provider() as client:
        await cap(client, "", calls=3)
        first = await ask(2, simulation_id="sim_1")
        second = await ask(2, simulation_id="sim_2", step_id="other")
    assert first == (2, None)
    assert second[0] == 1
    assert "the budget of the tenant" in second[1]


async def test_a_budget_that_comes_with_a_batch_is_the_first_and_not_the_last_word(start_with_provider, stub):
    budget = batch(1).model_validate({**batch(1).model_dump(), "budget": {"calls": 2}}).budget
    async with start_with_provider() as client:
        first = await ask(3, budget=budget)
        await cap(client, calls=3)
        second = await ask(3, budget=budget)
    assert (first[0], second) == (2, (3, None))


async def test_what_another_simulation_is_refused_is_made_for_the_one_that_can_pay(start_with_provider, stub):
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.3)
    async with start_with_provider() as client:
        await cap(client, "poor", calls=1)
        poor = asyncio.create_task(ask(3, simulation_id="poor"))
        await asyncio.sleep(0.1)
        rich = await ask(3, simulation_id="rich")
        assert (await poor)[0] >= 1
    assert rich == (3, None)


async def test_accounts_survive_the_process_and_lost_calls_count_as_spent(database_url, stub):
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.0 if number <= 2 else 30.0)
    given = {"database_url": database_url, "upstream_url": stub.url, "upstream_models": MODEL, "probe": False}
    settings = Settings(**given, drain_s=0.1)
    async with running("models", create_app(settings)) as client:
        await cap(client, calls=5)
        asking = asyncio.create_task(ask(4))

        async def are_asked():
            return len(stub.requests) == 4

        await eventually(are_asked)
    await asyncio.gather(asking, return_exceptions=True)
    stub.answer = lambda request, number: completion()
    async with running("models", create_app(settings)) as client:
        found = await account(client)
        answered, reason = await ask(4)
    assert found["cap"]["calls"] == 5
    assert (found["spent"]["calls"], found["reserved"]["calls"]) == (4, 0)
    assert answered == 3  # two from the ledger, one within the cap
    assert "5 call(s)" in reason


@pytest.mark.parametrize("budget", [{"calls": -1}, {"cost_usd": "much"}, {"euros": 5}])
async def test_a_budget_that_makes_no_sense_is_refused_by_name(client, budget):
    response = await client.put("/v1/budgets/sim_1", json=budget)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == next(iter(budget))


async def test_the_offline_model_costs_nothing_and_its_calls_count(client):
    await send(client, batch(3))
    after = await account(client)
    assert (after["spent"]["cost_usd"], after["spent"]["calls"]) == (0.0, 3)


async def test_the_budget_of_a_month_ends_with_it(start_with_provider, stub, sqlite_url):
    async with start_with_provider() as client:
        capped = await client.put("/v1/quota", json={"calls": 2})
        assert capped.json()["cap"]["calls"] == 2
        first = await ask(3)
        used = (await client.get("/v1/quota")).json()
        database = Database(sqlite_url)
        async with database.write() as tx:  # as if that had been long ago
            await tx.execute(
                update(accounts).where(accounts.c.simulation_id.like("@20%")).values(simulation_id="@2001-01")
            )
        await database.close()
        again = await ask(3)
        tenant = await account(client, "")
    assert first[0] == 2
    assert f"the budget of the tenant in {used['month']} is 2 call(s)" in first[1]
    assert (used["calls"], used["tokens"], used["cost_usd"]) == (2, 2_200, pytest.approx(2 * COST))
    assert again == (3, None)
    assert (tenant["spent"]["calls"], tenant["reserved"]["calls"]) == (3, 0)


async def test_calls_that_have_not_begun_when_their_client_goes_away_are_withdrawn_and_made_when_asked_for_again(
    start_with_provider, stub
):
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.2)
    sent = batch(20, model=MODEL)
    body, kind = sent.model_dump_json(), {"content-type": "application/json"}
    async with start_with_provider(concurrency=2) as client:
        request = client.build_request("POST", "/v1/turns", content=body, headers=kind)
        response = await client.send(request, stream=True)
        await anext(response.aiter_bytes())
        await response.aclose()

        async def is_at_rest():
            now = await account(client)
            return now["reserved"]["calls"] == 0 and now

        await eventually(is_at_rest)
        left = await account(client)
        begun = len(stub.requests)
        replies = await send(client, sent)
        used = await usage(client)
        spent = (await account(client))["spent"]["calls"]
    assert begun < 10
    assert left["spent"]["calls"] == begun, "what has begun is finished and paid for, the others cost nothing"
    assert {reply.status for reply in replies} == {"answered"}
    assert len(stub.requests) == spent == used["calls"] == 20
    assert (used["failed_calls"], used["orphaned_calls"]) == (0, 0)
