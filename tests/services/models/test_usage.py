"""What a tenant used, summed over the ledger, on both stores."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.services.models.batches import batch, send
from tests.services.models.conftest import Start

TODAY = datetime.now(UTC)


async def lines(client: httpx.AsyncClient, by: str, **more: object) -> dict[str, dict[str, object]]:
    answer = await client.get("/v1/usage/lines", params={"by": by, "limit": 50, **more})
    assert answer.status_code == 200, answer.text
    return {line.pop("key"): line for line in answer.json()["lines"]}


async def test_usage_is_summed_by_simulation_model_day_and_tenant(start: Start) -> None:
    async with start() as client:
        await send(client, batch(5))
        await send(client, batch(3, simulation_id="sim_2"))  # known already: the same people, asked the same
        await send(client, batch(2, first=9, simulation_id="sim_2"))
        by = {one: await lines(client, one) for one in ("simulation", "model", "day", "tenant")}
    assert list(by["simulation"]) == ["sim_2", "sim_1"]
    assert [by["simulation"][one]["calls"] for one in ("sim_1", "sim_2")] == [5, 2]
    assert [by["simulation"][one]["cached_calls"] for one in ("sim_1", "sim_2")] == [0, 3]
    for one, key in (("model", "offline"), ("tenant", "default")):
        assert list(by[one]) == [key]
        assert (by[one][key]["calls"], by[one][key]["cached_calls"]) == (7, 3)
    day = by["day"][f"{TODAY:%Y-%m-%d}"]
    assert (day["calls"], day["cached_calls"]) == (7, None)
    assert day["prompt_tokens"] == sum(line["prompt_tokens"] for line in by["simulation"].values())


async def test_a_period_holds_the_calls_that_ended_in_it(start: Start) -> None:
    hour = timedelta(hours=1)
    async with start() as client:
        await send(client, batch(4))
        within = await lines(client, "simulation", since=str(TODAY - hour), until=str(TODAY + hour))
        before = await lines(client, "simulation", until=str(TODAY - hour))
        after = await lines(client, "simulation", since=str(TODAY + hour))
    assert within["sim_1"]["calls"] == 4
    assert before == after == {}


async def test_the_next_page_begins_after_a_key(client: httpx.AsyncClient) -> None:
    for number in (1, 2, 3):
        await send(client, batch(1, first=number, simulation_id=f"sim_{number}"))
    assert list(await lines(client, "simulation", limit=2)) == ["sim_3", "sim_2"]
    assert list(await lines(client, "simulation", after="sim_2")) == ["sim_1"]


@pytest.mark.parametrize("wanted", [{"by": "mood"}, {"by": "model", "since": "soon"}])
async def test_what_cannot_be_summed_by_is_refused(client: httpx.AsyncClient, wanted: dict[str, str]) -> None:
    refused = await client.get("/v1/usage/lines", params={"limit": 5, **wanted})
    assert refused.status_code == 422
