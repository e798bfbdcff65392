"""Fragments of a tenant's own: made, used, taken away; and refused when they cannot be."""

import json
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")
FRAGMENTS = "/agent-populations/fragments"
NIGHT_NURSE = {
    "name": "night_nurse",
    "category": "professional",
    "description": "Works nights in a hospital.",
    "traits": {"time_pressure": 0.4, "morning_person": -0.5},
    "persona": {"beliefs": ["Sleep is a luxury."], "night_shift": {"since": 2019}},
}


async def made(client: httpx.AsyncClient, name: str, **changes: Any) -> dict[str, Any]:
    answer = await client.post(FRAGMENTS, json=NIGHT_NURSE | {"name": name} | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def population(name: str, size: int = 20) -> dict[str, Any]:
    segments = [{"name": "night", "size": size // 2, "fragments": [name, "skeptical"]}]
    return {"name": "Adults", "demographic_base": "uk_demographics", "size": size, "seed": 2, "segments": segments}


async def people(client: httpx.AsyncClient, population: dict[str, Any]) -> list[dict[str, Any]]:
    return list((await client.get(population["links"]["individuals"], params={"limit": 200})).json()["items"])


async def test_a_fragment_of_ones_own_is_listed_beside_those_that_come_with_the_service(
    client: httpx.AsyncClient,
) -> None:
    fragment = await made(client, "listed")
    listed = (await client.get(FRAGMENTS)).json()["items"]
    shipped = [one for one in listed if one["origin"] == "shipped"]
    assert len(shipped) >= 24
    assert {one["category"] for one in shipped} == {"professional", "cultural", "behavioural"}
    assert fragment in listed
    assert (fragment["origin"], fragment["traits"], fragment["persona"]) == (
        "own", NIGHT_NURSE["traits"], NIGHT_NURSE["persona"],
    )  # fmt: skip
    assert (await client.get(f"{FRAGMENTS}/listed")).json() == fragment
    assert (await client.get(f"{FRAGMENTS}/skeptical")).json()["origin"] == "shipped"


async def test_people_are_drawn_with_it(client: httpx.AsyncClient) -> None:
    await made(client, "drawn_with")
    drawn = (await client.post("/agent-populations/create", json=population("drawn_with"))).json()
    for person in await people(client, drawn):
        assert ("night_shift" in person["persona"]) is (person["segment"] == "night")


async def test_people_who_are_there_get_it(client: httpx.AsyncClient) -> None:
    await made(client, "applied_later")
    drawn = (await client.post("/agent-populations/create", json=population("skeptical", 2))).json()
    body = {"fragments": ["applied_later"], "agent_ids": ["agent_0002"]}
    version = (await client.post(f"{drawn['links']['self']}/apply-fragments", json=body)).json()
    assert (version["changed"], version["fragments"][0]["name"]) == (1, "applied_later")
    assert "night_shift" in (await people(client, drawn))[1]["persona"]


async def test_a_population_keeps_what_a_fragment_said_when_it_was_asked_for(client: httpx.AsyncClient) -> None:
    await made(client, "replaced")
    body = population("replaced", 1_200)
    large = (await client.post("/agent-populations/create", json=body)).json()
    assert large["state"] == "generating"
    assert (await client.delete(f"{FRAGMENTS}/replaced")).status_code == 204
    await made(client, "replaced", persona={"night_shift": {"since": 1999}})
    while (await client.get(large["links"]["self"])).json()["state"] == "generating":
        pass
    last = (await client.get(f"{large['links']['individuals']}/agent_0600")).json()
    assert last["persona"]["night_shift"] == {"since": 2019}


async def test_a_fragment_that_is_taken_away_cannot_be_used_any_more(client: httpx.AsyncClient) -> None:
    await made(client, "taken_away")
    assert (await client.delete(f"{FRAGMENTS}/taken_away")).status_code == 204
    assert (await client.get(f"{FRAGMENTS}/taken_away")).status_code == 404
    assert (await client.delete(f"{FRAGMENTS}/taken_away")).status_code == 404
    answer = await client.post("/agent-populations/create", json=population("taken_away"))
    assert answer.json()["errors"][0]["field"] == "segments.0.fragments.0"


async def test_a_name_that_is_taken_is_refused_and_so_is_deleting_what_comes_with_the_service(
    client: httpx.AsyncClient,
) -> None:
    await made(client, "twice")
    for name in ("twice", "skeptical"):
        answer = await client.post(FRAGMENTS, json=NIGHT_NURSE | {"name": name})
        assert (answer.status_code, name in answer.json()["detail"]) == (409, True)
    assert (await client.delete(f"{FRAGMENTS}/skeptical")).status_code == 409


async def test_fragments_that_contradict_each_other_are_both_named(client: httpx.AsyncClient) -> None:
    await made(client, "sworn_morning", persona={"night_shift": "never"})
    await made(client, "sworn_night", persona={"night_shift": "always"})
    body = population("sworn_morning")
    body["segments"][0]["fragments"].append("sworn_night")
    [error] = (await client.post("/agent-populations/create", json=body)).json()["errors"]
    assert error["field"] == "segments.0.fragments.2"
    assert "'sworn_night' contradicts 'sworn_morning': persona.night_shift" in error["message"]
    drawn = (await client.post("/agent-populations/create", json=population("skeptical", 2))).json()
    both = {"fragments": ["sworn_morning", "sworn_night"]}
    [error] = (await client.post(f"{drawn['links']['self']}/apply-fragments", json=both)).json()["errors"]
    assert "'sworn_night' contradicts 'sworn_morning'" in error["message"]


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"name": "Night Nurse"}, "name", "pattern"),
    ({"name": "x" * 65}, "name", "pattern"),
    ({"category": "private"}, "category", "professional"),
    ({"description": " "}, "description", ""),
    ({"traits": {}}, "traits", "at least 1"),
    ({"traits": {"charm": 0.1}}, "traits.charm", "no known trait"),
    ({"traits": {"trust": 1.1}}, "traits.trust", "less than or equal to 1"),
    ({"traits": {"trust": "high"}}, "traits.trust", "number"),
    ({"persona": {}}, "persona", "at least 1"),
    ({"persona": {"age": 30}}, "persona.age", "is drawn"),
    ({"persona": {"style": "Loud."}}, "persona.style", "is drawn"),
    ({"persona": {"beliefs": ["x" * 33_000]}}, "persona", "larger than"),
    ({"colour": "red"}, "colour", "is not a field"),
]


@pytest.mark.parametrize(("changes", "field", "reason"), REFUSED)
async def test_what_is_no_fragment_is_refused_by_name(
    client: httpx.AsyncClient, changes: dict[str, Any], field: str, reason: str
) -> None:
    before = (await client.get(FRAGMENTS)).json()
    answer = await client.post(FRAGMENTS, json=NIGHT_NURSE | {"name": "refused"} | changes)
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert reason in error["message"] or reason in error["allowed"], error
    assert (await client.get(FRAGMENTS)).json() == before


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("0.4", "NaN", "traits.time_pressure"),
        ('"since": 2019', '"since": 1, "since": 2', "persona.night_shift"),
        ('"Sleep is a luxury."', '"\\ud800"', "persona.beliefs.0"),
    ],
)
async def test_what_json_would_settle_silently_is_refused(
    client: httpx.AsyncClient, old: str, new: str, field: str
) -> None:
    content = json.dumps(NIGHT_NURSE | {"name": "settled"}).replace(old, new)
    answer = await client.post(FRAGMENTS, content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
