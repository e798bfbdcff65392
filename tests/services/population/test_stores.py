"""What SQLite and PostgreSQL would do differently if nobody took care: texts in order, and searched for."""

from typing import Any

import httpx

from services.population.app import create_app
from services.population.settings import Settings
from tests.support.apps import running


async def found(client: httpx.AsyncClient, here: str, limit: int = 200, **query: Any) -> list[dict[str, Any]]:
    people: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get(f"{here}/individuals", params={"limit": limit, **query, **cursor})).json()
        people += page["items"]
        if page["next_cursor"] is None:
            return people
        cursor = {"cursor": page["next_cursor"]}


def ids(people: list[dict[str, Any]]) -> list[str]:
    return [person["agent_id"] for person in people]


async def test_people_are_found_and_ordered_alike_on_both_stores(database_url: str, nats_url: str) -> None:
    async with running("population", create_app(Settings(database_url=database_url, nats_url=nats_url))) as client:
        names = ["Zoë", "ábel", "Abel", "Ødegård", "Étienne", "zoe", "Łukasz", "Çelik", "abel b"]
        people = [{"persona": {"name": name, "age": 20 + place % 3}} for place, name in enumerate(names)]
        panel = (await client.post("/agent-populations/import", json={"name": "P", "agents": people})).json()
        here = panel["links"]["self"]
        ordered = await found(client, here, limit=2, sort="name")
        assert [person["name"] for person in ordered] == [
            "ábel", "Abel", "abel b", "Çelik", "Étienne", "Zoë", "zoe", "Ødegård", "Łukasz",
        ]  # fmt: skip
        assert ids(await found(client, here, limit=4, sort="age", order="desc")) == [
            f"agent_{index:04d}" for index in (9, 6, 3, 8, 5, 2, 7, 4, 1)
        ]
        assert [person["name"] for person in await found(client, here, name="ABEL", age_max=21)] == ["ábel"]
        assert len(await found(client, here, age_band="18-24")) == 9
