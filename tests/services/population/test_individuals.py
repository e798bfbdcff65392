"""People found by what they are, in the order asked for, and one of them with where they come from."""

from typing import Any

import httpx
import pytest
import pytest_asyncio

from libs.http import encode_cursor
from tests.support.people_files import JON, MIRA

pytestmark = pytest.mark.asyncio(loop_scope="module")
SPEC = {
    "name": "Adults",
    "demographic_base": "usa_demographics",
    "size": 120,
    "seed": 4,
    "segments": [
        {"name": "young", "size": 40, "particularities": "25-35 years old", "fragments": ["tech_savvy"]},
        {"name": "retired", "size": 30, "particularities": "retired", "fragments": ["skeptical"]},
    ],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(client: httpx.AsyncClient) -> str:
    answer = await client.post("/agent-populations/create", json=SPEC)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["links"]["self"])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def everybody(client: httpx.AsyncClient, here: str) -> list[dict[str, Any]]:
    return await found(client, here)


async def found(client: httpx.AsyncClient, here: str, limit: int = 200, **query: Any) -> list[dict[str, Any]]:
    people: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get(f"{here}/individuals", params={"limit": limit, **query, **cursor})
        assert answer.status_code == 200, answer.text
        people += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return people
        cursor = {"cursor": answer.json()["next_cursor"]}


def ids(people: list[dict[str, Any]]) -> list[str]:
    return [person["agent_id"] for person in people]


@pytest.mark.parametrize("attribute", ["gender", "region", "employment", "income_band", "age_band", "country"])
async def test_people_are_found_by_any_attribute(
    client: httpx.AsyncClient, here: str, everybody: list[dict[str, Any]], attribute: str
) -> None:
    value = everybody[3]["demographic_profile"][attribute]
    wanted = [person for person in everybody if person["demographic_profile"][attribute] == value]
    assert ids(await found(client, here, limit=7, **{attribute: value})) == ids(wanted)


async def test_several_values_of_an_attribute_mean_any_of_them(
    client: httpx.AsyncClient, here: str, everybody: list[dict[str, Any]]
) -> None:
    regions = ["South", "West"]
    wanted = [person for person in everybody if person["demographic_profile"]["region"] in regions]
    assert ids(await found(client, here, region=regions)) == ids(wanted)


async def test_filters_narrow_each_other(client: httpx.AsyncClient, here: str, everybody: list[dict[str, Any]]) -> None:
    people = await found(client, here, segment="(rest)", gender="female", age_min=30, age_max=59)
    assert ids(people) == [
        person["agent_id"]
        for person in everybody
        if person["segment"] is None
        and person["demographic_profile"]["gender"] == "female"
        and 30 <= person["age"] <= 59
    ]
    assert people


@pytest.mark.parametrize("text", ["an", "AN", "Án", "a n"])
async def test_names_are_searched_without_regard_to_case_and_accents(
    client: httpx.AsyncClient, here: str, everybody: list[dict[str, Any]], text: str
) -> None:
    plain = text.lower().replace("á", "a")
    wanted = [person for person in everybody if plain in person["name"].lower()]
    assert ids(await found(client, here, name=text)) == ids(wanted)


async def test_a_search_takes_wildcards_for_letters(client: httpx.AsyncClient, here: str) -> None:
    assert await found(client, here, name="%") == []
    assert await found(client, here, name="_") == []


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("age", lambda person: (person["age"], person["agent_id"])),
        ("name", lambda person: (person["name"].lower(), person["agent_id"])),
        ("index", lambda person: person["agent_id"]),
    ],
)
async def test_pages_in_any_order_miss_and_repeat_nobody(
    client: httpx.AsyncClient, here: str, everybody: list[dict[str, Any]], sort: str, key: Any, order: str
) -> None:
    people = await found(client, here, limit=11, sort=sort, order=order)
    assert ids(people) == ids(sorted(everybody, key=key, reverse=order == "desc"))


async def test_people_are_found_by_the_fragments_they_were_given(
    client: httpx.AsyncClient, everybody: list[dict[str, Any]]
) -> None:
    population = (await client.post("/agent-populations/create", json=SPEC)).json()["links"]["self"]
    assert ids(await found(client, population, fragment="tech_savvy")) == ids(everybody)[:40]
    body = {"fragments": ["health_conscious"], "agent_ids": ["agent_0007", "agent_0110"]}
    assert (await client.post(f"{population}/apply-fragments", json=body)).status_code == 200
    assert ids(await found(client, population, fragment="health_conscious")) == ["agent_0007", "agent_0110"]
    assert ids(await found(client, population, fragment="health_conscious", segment="young")) == ["agent_0007"]


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"shoe_size": "43"}, "shoe_size", "employment"),
    ({"shoe_size": "43"}, "shoe_size", "age_min"),
    ({"region": "Atlantis"}, "region", "South"),
    ({"sort": "income"}, "sort", "age"),
    ({"order": "up"}, "order", "desc"),
    ({"segment": "nobody"}, "segment", "(rest)"),
    ({"fragment": "parent"}, "fragment", "tech_savvy"),
    ({"age_min": "old"}, "age_min", ""),
    ({"age_min": 50, "age_max": 40}, "age_min", ""),
    ({"sort": "name", "cursor": encode_cursor(5, 5)}, "cursor", ""),
    ({"gender": ["female"] * 51}, "query", ""),
]


@pytest.mark.parametrize(("query", "field", "allowed"), REFUSED)
async def test_an_unknown_filter_or_order_is_refused_with_what_there_is(
    client: httpx.AsyncClient, here: str, query: dict[str, Any], field: str, allowed: str
) -> None:
    answer = await client.get(f"{here}/individuals", params=query)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert not allowed or allowed in error["allowed"] or allowed in error["message"]


async def test_imported_people_are_found_by_what_their_personas_state(client: httpx.AsyncClient) -> None:
    body = {"name": "Panel", "agents": [MIRA, JON]}
    panel = (await client.post("/agent-populations/import", json=body)).json()["links"]["self"]
    assert ids(await found(client, panel, nationality="Slovak")) == ["agent_0001"]
    assert ids(await found(client, panel, name="kovacova")) == ["agent_0001"], "her name has accents"
    assert ids(await found(client, panel, sort="age")) == ["agent_0002", "agent_0001"]


async def test_one_persons_page_says_where_they_come_from(client: httpx.AsyncClient, here: str) -> None:
    person = (await client.get(f"{here}/individuals/agent_0001")).json()
    assert (person["segment"], person["index"], person["history"]) == ("young", 1, [])
    origin = person["origin"]
    assert (origin["kind"], origin["demographic_base"], origin["seed"]) == ("drawn", "usa_demographics", 4)
    assert (origin["particularities"], origin["fragments"]) == ("25-35 years old", ["tech_savvy"])
    assert [(one["about"], one["minimum"], one["maximum"]) for one in origin["understood"]] == [("age", 25, 35)]
    rest = (await client.get(f"{here}/individuals/agent_0120")).json()["origin"]
    assert (rest["particularities"], rest["understood"], rest["fragments"]) == (None, [], [])
    for link in person["links"].values():
        assert (await client.get(link)).status_code == 200


async def test_an_imported_persons_page_does_not_pretend_that_they_were_drawn(client: httpx.AsyncClient) -> None:
    panel = (await client.post("/agent-populations/import", json={"name": "P", "agents": [MIRA]})).json()
    origin = (await client.get(f"{panel['links']['individuals']}/agent_0001")).json()["origin"]
    assert (origin["kind"], origin["seed"], origin["particularities"]) == ("imported", None, None)
