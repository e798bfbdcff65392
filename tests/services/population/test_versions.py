"""Fragments applied to people who are there: to whom, what it changes, and what is kept of how they were."""

import math
from typing import Any

import httpx
import pytest

from libs.contracts.population import ApplyFragments, PersonasChanged
from libs.runtime.nats_server import NatsServer
from services.population.app import create_app
from services.population.settings import Settings
from tests.support.apps import eventually, running
from tests.support.peer import Peer, peer
from tests.support.people_files import JON, MIRA, THRIFTY

PANEL = {"name": "Panel", "segments": [{"name": "couriers", "agents": [JON, JON]}], "agents": [MIRA]}
HEALTH = "health_conscious"
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def told(others: Peer, population: str, times: int = 1) -> list[PersonasChanged]:
    """What was said of the changes of a population, as soon as it was said so often."""
    return await others.published(PersonasChanged, times, key=population.rsplit("/", 1)[1])


async def made(client: httpx.AsyncClient, **changes: Any) -> str:
    answer = await client.post("/agent-populations/import", json=PANEL | changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["links"]["self"])


async def applied(client: httpx.AsyncClient, population: str, *fragments: Any, **body: Any) -> dict[str, Any]:
    answer = await client.post(f"{population}/apply-fragments", json={"fragments": list(fragments), **body})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def person(client: httpx.AsyncClient, population: str, index: int) -> dict[str, Any]:
    return dict(await get(client, f"{population}/individuals/agent_{index:04d}"))


async def test_a_fragment_is_merged_into_everybody_and_the_others_are_told(
    client: httpx.AsyncClient, others: Peer
) -> None:
    population = await made(client)
    version = await applied(client, population, HEALTH, THRIFTY)
    assert (version["version"], version["state"], version["targeted"]) == (1, "applied", 3)
    assert (version["changed"], version["conflicts"]) == (3, 0)
    mira = await person(client, population, 3)
    assert "nutrition" in mira["persona"]["preferences"]["interests"]
    assert mira["persona"]["preferences"]["likes"][:2] == MIRA["persona"]["preferences"]["likes"]
    assert mira["persona"]["savings_rule"] == "A tenth of everything."
    assert (mira["version"], (await get(client, population))["version"]) == (1, 1)
    [event] = await told(others, population)
    assert [agent.agent_id for agent in event.agents] == ["agent_0001", "agent_0002", "agent_0003"]
    assert event.agents[2].persona == mira["persona"]
    assert event.agents[2].version == event.version == 1


async def test_traits_move_by_the_effect_of_the_fragment_and_are_never_cut_off(client: httpx.AsyncClient) -> None:
    population = await made(client)
    before = (await person(client, population, 3))["traits"]
    await applied(client, population, HEALTH)
    after = (await person(client, population, 3))["traits"]
    assert after["health_interest"] == round(math.tanh(0.5), 3), "it was not stated, so it was average"
    assert before["conscientiousness"] < after["conscientiousness"] < 1
    assert after["openness"] == before["openness"], "health_conscious does not speak of it"
    segments = (await get(client, f"{population}/segments"))["segments"]
    assert [each["mean_traits"]["health_interest"] for each in segments] == [round(math.tanh(0.5), 3)] * 2
    assert [each["size"] for each in segments] == [2, 1]


@pytest.mark.parametrize(
    ("target", "changed"),
    [
        ({"target_segments": ["couriers"]}, [1, 2]),
        ({"target_segments": ["(rest)"]}, [3]),
        ({"agent_ids": ["agent_0002"]}, [2]),
        ({"target_segments": ["(rest)"], "agent_ids": ["agent_0001"]}, [1, 3]),
        ({}, [1, 2, 3]),
    ],
)
async def test_only_those_who_are_meant_change(
    client: httpx.AsyncClient, target: dict[str, Any], changed: list[int]
) -> None:
    population = await made(client)
    version = await applied(client, population, THRIFTY, **target)
    assert version["changed"] == version["targeted"] == len(changed)
    people = [await person(client, population, index) for index in (1, 2, 3)]
    assert [index for index in (1, 2, 3) if people[index - 1]["version"] == 1] == changed
    assert {key: version[key] for key in target} == target


async def test_what_was_before_and_what_came_after_are_kept(client: httpx.AsyncClient) -> None:
    population = await made(client)
    was = await person(client, population, 3)
    version = await applied(client, population, HEALTH, agent_ids=["agent_0003"])
    now = await person(client, population, 3)
    [change] = (await get(client, version["links"]["changes"]))["items"]
    assert change == {
        "agent_id": "agent_0003",
        "before": {"persona": was["persona"], "traits": was["traits"]},
        "after": {"persona": now["persona"], "traits": now["traits"]},
        "conflict": None,
    }
    later = await applied(client, population, THRIFTY, target_segments=["couriers"])
    versions = (await get(client, f"{population}/versions"))["items"]
    assert versions == [later, version]
    assert versions[0]["fragments"] == [{"name": None, "document": THRIFTY}]
    assert versions[1]["fragments"][0]["name"] == HEALTH


async def test_whom_a_fragment_contradicts_stays_as_they_are_and_is_reported(client: httpx.AsyncClient) -> None:
    population = await made(client)
    style = {"type": "Fragment", "persona": {"style": "Loud.", "skills": ["shouting"]}}
    version = await applied(client, population, style)
    assert (version["targeted"], version["changed"], version["conflicts"]) == (3, 2, 1)
    page = await get(client, version["links"]["conflicts"])
    [conflict] = page["items"]
    assert (conflict["agent_id"], conflict["after"]) == ("agent_0003", None)
    assert conflict["conflict"].startswith("persona.style cannot be both 'Precise, dry")
    mira = await person(client, population, 3)
    assert (mira["persona"], mira["version"]) == (MIRA["persona"], None)
    assert len((await get(client, version["links"]["changes"]))["items"]) == 3


async def test_a_persona_that_would_not_fit_into_a_prompt_stays_as_it_is(client: httpx.AsyncClient) -> None:
    population = await made(client, segments=[])
    long = [{"type": "Fragment", "persona": {f"notes_{part}": "x" * 20_000}} for part in (1, 2)]
    version = await applied(client, population, *long)
    [conflict] = (await get(client, version["links"]["conflicts"]))["items"]
    assert "persona: is larger than 32,768 characters" in conflict["conflict"]


async def test_applying_it_again_changes_nobody(client: httpx.AsyncClient, others: Peer) -> None:
    population = await made(client)
    await applied(client, population, HEALTH)
    people = await get(client, f"{population}/individuals")
    again = await applied(client, population, HEALTH)
    assert (again["version"], again["targeted"], again["changed"], again["conflicts"]) == (2, 3, 0, 0)
    assert await get(client, f"{population}/individuals") == people
    assert len(await told(others, population)) == 1


async def test_an_export_after_a_change_holds_what_the_persona_alone_does_not_say(client: httpx.AsyncClient) -> None:
    population = await made(client, segments=[])
    await applied(client, population, HEALTH)
    document = await get(client, f"{population}/individuals/agent_0001/agent.json")
    assert list(document) == [*MIRA, "rehearsal"]
    again = await made(client, segments=[], agents=[document])
    restored, changed = await person(client, again, 1), await person(client, population, 1)
    assert changed["version"] == 1
    assert restored["version"] is None
    for same in ("name", "segment", "demographic_profile", "traits", "persona"):
        assert restored[same] == changed[same]


REFUSED: list[tuple[dict[str, Any], int, str, str]] = [
    ({"fragments": ["magic"]}, 422, "fragments.0", "there is no fragment"),
    ({"fragments": [MIRA]}, 422, "fragments.0.type", "not 'Fragment'"),
    ({"fragments": [HEALTH, {"type": "Fragment", "persona": 3}]}, 422, "fragments.1.persona", "is not an object"),
    ({"fragments": [{**THRIFTY, "traits": {"charm": 1}}]}, 422, "fragments.0.traits.charm", "is no known trait"),
    ({"fragments": ["early_bird", "night_owl"]}, 422, "fragments.1", "'night_owl' contradicts 'early_bird': persona."),
    ({"fragments": [HEALTH], "target_segments": ["x"]}, 422, "target_segments.0", "there is no segment"),
    ({"fragments": [HEALTH], "agent_ids": ["agent_0004"]}, 422, "agent_ids.0", "there is no individual"),
    ({"fragments": []}, 422, "fragments", "at least 1"),
    ({"fragments": [HEALTH], "target": "all"}, 422, "target", "is not a field"),
]


@pytest.mark.parametrize(("body", "status", "field", "reason"), REFUSED)
async def test_a_refusal_names_the_field_and_changes_nobody(
    client: httpx.AsyncClient, body: dict[str, Any], status: int, field: str, reason: str
) -> None:
    population = await made(client)
    people = await get(client, f"{population}/individuals")
    answer = await client.post(f"{population}/apply-fragments", json=body)
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"], reason in error["message"]) == (status, field, True), error
    assert await get(client, f"{population}/individuals") == people
    assert await get(client, f"{population}/versions") == {"items": [], "next_cursor": None}


async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    body = {"fragments": [HEALTH]}
    assert (await client.post("/agent-populations/pop_nobody/apply-fragments", json=body)).status_code == 404
    population = await made(client)
    for path in ("versions/0/changes", "versions/1/changes", f"versions/{2**40}/changes"):
        assert (await client.get(f"{population}/{path}")).status_code == 404


@pytest.mark.asyncio(loop_scope="function")
async def test_a_large_population_changes_block_by_block_and_survives_a_crash(
    nats_server: NatsServer, database_url: str
) -> None:
    people = [{"persona": {"name": f"Person {number}", "age": 30}} for number in range(1_100)]
    settings = Settings(database_url=database_url, nats_url=nats_server.url)
    app = create_app(settings)
    async with running("population", app) as client:
        population = await made(client, segments=[], agents=people)
        nats_server.stop()
        answer = await client.post(f"{population}/apply-fragments", json={"fragments": [THRIFTY]})
        assert (answer.status_code, answer.json()["state"], answer.json()["changed"]) == (202, "applying", 500)
        again = await client.post(f"{population}/apply-fragments", json={"fragments": [HEALTH]})
        assert (again.status_code, "still being applied" in again.json()["detail"]) == (409, True)
        for after, changed in ((0, 500), (500, 1_000), (500, 1_000)):  # a block out of turn or done before is nothing
            async with app.state.database.write() as tx:
                command = ApplyFragments(population_id=population.rsplit("/", 1)[1], version=1, after=after)
                await app.state.service.versions.apply_block(tx, command)
            assert (await get(client, f"{population}/versions"))["items"][0]["changed"] == changed
    nats_server.start()
    async with running("population", create_app(settings)) as client, peer(nats_server.url) as others:

        async def is_applied() -> bool:
            return bool((await get(client, f"{population}/versions"))["items"][0]["state"] == "applied")

        await eventually(is_applied, within_s=20)
        [version] = (await get(client, f"{population}/versions"))["items"]
        assert (version["targeted"], version["changed"]) == (1_100, 1_100)
        last = await person(client, population, 1_100)
        assert (last["version"], last["persona"]["savings_rule"]) == (1, "A tenth of everything.")
        changes = await get(client, f"{population}/versions/1/changes", limit=200)
        assert (len(changes["items"]), changes["items"][199]["agent_id"]) == (200, "agent_0200")
        assert (await get(client, f"{population}/segments"))["segments"][0]["size"] == 1_100
        said = await told(others, population, times=22)
        assert sorted(agent.index for event in said for agent in event.agents) == list(range(1, 1_101))
