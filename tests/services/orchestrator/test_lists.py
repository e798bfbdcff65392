"""Many simulations: found by filters, in an order, page by page, and ended together."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.services.orchestrator.parts import CREATED, NOW, READY, Stage, stage
from tests.support.apps import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(shared_nats_url: str, shared_database_url: str) -> AsyncIterator[Stage]:
    """Two populations, and five simulations over them, which only the last test ends."""
    async with stage(shared_nats_url, shared_database_url) as found:
        for population_id in ("pop_1", "pop_2"):
            await found.peer.send("population", CREATED.model_copy(update={"population_id": population_id}))
            await found.peer.send("population", READY.model_copy(update={"population_id": population_id}))

        for number, name in enumerate(["Bravo", "alpha", "Alpha", "100% oat", "bravo"], start=1):
            body = {"name": name, "population_id": f"pop_{1 + number % 2}", "seed": number}
            made = await found.client.post("/simulations/create", json=body)
            assert made.status_code == 201, made.text

        async def are_ready() -> bool:
            items = await listed(found.client)
            return len(items) == 5 and all(one["state"] == "ready" for one in items)

        await eventually(are_ready)
        yield found


async def listed(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    answer = await client.get("/simulations/list", params=query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def names(items: list[dict[str, Any]]) -> list[str]:
    return [one["name"] for one in items]


async def test_simulations_are_found_by_all_that_is_asked_of_them(place: Stage) -> None:
    client = place.client
    everything = await listed(client)
    assert names(everything) == ["bravo", "100% oat", "Alpha", "alpha", "Bravo"]
    assert names(await listed(client, population_id="pop_2")) == ["bravo", "Alpha", "Bravo"]
    assert names(await listed(client, name="ALPHA")) == ["Alpha", "alpha"]
    assert names(await listed(client, name="0% o")) == ["100% oat"]
    assert names(await listed(client, name="ALPHA", population_id="pop_1")) == ["alpha"]
    assert names(await listed(client, state=["ready", "running"])) == names(everything)
    assert await listed(client, state="completed") == []
    third = everything[2]["created_at"]
    assert names(await listed(client, created_after=third)) == ["bravo", "100% oat"]
    assert names(await listed(client, created_before=third)) == ["alpha", "Bravo"]
    assert await listed(client, created_before=(NOW - timedelta(days=1)).isoformat()) == []


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("created_at", ["Bravo", "alpha", "Alpha", "100% oat", "bravo"]),
        ("name", ["100% oat", "Alpha", "Bravo", "alpha", "bravo"]),
        ("-name", ["bravo", "alpha", "Bravo", "Alpha", "100% oat"]),
        ("state", ["Bravo", "alpha", "Alpha", "100% oat", "bravo"]),
    ],
)
async def test_pages_of_a_sorted_list_hold_everything_once_and_in_order(
    place: Stage, sort: str, expected: list[str]
) -> None:
    found: list[str] = []
    cursor: str | None = None
    while True:
        query = {"sort": sort, "limit": 2} | ({"cursor": cursor} if cursor else {})
        body = (await place.client.get("/simulations/list", params=query)).json()
        found += names(body["items"])
        cursor = body["next_cursor"]
        if cursor is None:
            break
        other = await place.client.get("/simulations/list", params={"sort": "-state", "cursor": cursor})
        assert other.json()["errors"][0]["allowed"] == [sort]
    assert found == expected


@pytest.mark.parametrize(
    ("query", "field", "allowed"),
    [
        ({"state": "asleep"}, "state", "running"),
        ({"sort": "luck"}, "sort", "-created_at"),
        ({"population_id": "pop_9"}, "population_id", "pop_2"),
        ({"colour": "red"}, "colour", "created_before"),
    ],
)
async def test_a_filter_that_cannot_be_is_refused_with_what_can(
    place: Stage, query: dict[str, str], field: str, allowed: str
) -> None:
    answer = await place.client.get("/simulations/list", params=query)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["field"].startswith(field)
    assert allowed in error["allowed"]


@pytest.mark.parametrize("body", [{}, {"filter": {}}, {"simulation_ids": ["a"], "filter": {"name": "x"}}])
async def test_what_would_end_everything_or_nothing_is_refused(place: Stage, body: dict[str, Any]) -> None:
    assert (await place.client.post("/simulations/end", json=body)).status_code == 422
    over = await place.client.post("/simulations/end", json={"filter": {"state": ["completed"]}})
    assert "ready" in over.json()["errors"][0]["allowed"]


async def test_several_are_ended_together_and_each_is_told_of(place: Stage) -> None:
    client = place.client
    first = (await listed(client))[0]["id"]
    answer = await client.post("/simulations/end", json={"simulation_ids": [first, "sim_9", first]})
    assert answer.json() == {
        "items": [
            {"simulation_id": first, "outcome": "ended", "state": "completed"},
            {"simulation_id": "sim_9", "outcome": "not_found", "state": None},
        ],
        "has_more": False,
    }
    again = await client.post("/simulations/end", json={"simulation_ids": [first]})
    assert again.json()["items"][0]["outcome"] == "unchanged"
    rest = await client.post("/simulations/end", json={"filter": {"population_id": "pop_2"}})
    assert [one["outcome"] for one in rest.json()["items"]] == ["ended", "ended"]
    assert names(await listed(client, state="ready")) == ["100% oat", "alpha"]
