"""Personas in a model's words: what was drawn stays, and what contradicts it does not get in."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from libs.contracts.population import AgentsGenerated, PopulationFailed, WritePeople
from libs.contracts.specs import PopulationSpec
from services.population.domain.library import load_library
from services.population.domain.people import Design
from services.population.domain.writing import Personas, Written, settle
from tests.services.models.stub import serving
from tests.services.population.author import CREATE, MODEL, Provider, made, persona, service
from tests.services.population.persona_shape import shape
from tests.support.apps import eventually
from tests.support.migrated import sqlite_database
from tests.support.peer import peer

SPEC: dict[str, Any] = {
    "name": "Written",
    "demographic_base": "usa_demographics",
    "size": 12,
    "seed": 5,
    "personas": "model",
    "model": MODEL,
    "segments": [{"name": "shoppers", "size": 6, "fragments": ["health_conscious"]}],
}


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    async with serving(provider):
        yield provider


Stage = AbstractAsyncContextManager[httpx.AsyncClient]


@pytest.fixture
def stage(provider: Provider, sqlite_url: str, tmp_path: Path, nats_url: str) -> Stage:
    return service(sqlite_url, sqlite_database("models", tmp_path / "models.db"), nats_url, provider)


@pytest.fixture
def either_stage(provider: Provider, database_url: str, tmp_path: Path, nats_url: str) -> Stage:
    """On either store."""
    return service(database_url, sqlite_database("models", tmp_path / "models.db"), nats_url, provider)


async def drawn(client: httpx.AsyncClient, spec: dict[str, Any] = SPEC) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The population once it is ready, and its people."""
    shown = await made(client, spec)
    people = (await client.get(shown["links"]["individuals"], params={"limit": 200})).json()["items"]
    return shown, people


def composed(spec: dict[str, Any] = SPEC) -> list[Any]:
    return Design(PopulationSpec.model_validate(spec), 5, load_library()).people(1, spec["size"])


async def test_the_model_writes_the_person_and_the_drawn_attributes_stay(
    either_stage: Stage,
) -> None:
    async with either_stage as client:
        shown, people = await drawn(client)
    assert shown["personas"]["written"] == 12
    assert shown["personas"]["usage"]["calls"] == 12
    for person, draft in zip(people, composed(), strict=True):
        assert person["demographic_profile"] == draft.demographic_profile
        assert person["traits"] == draft.traits
        assert person["name"] == person["persona"]["name"] != draft.name
        for part in ("age", "gender", "residence", "education", "relationships"):
            assert person["persona"][part] == draft.persona[part], part
        assert person["persona"]["occupation"]["title"] == draft.persona["occupation"]["title"]
        assert draft.name in person["persona"]["style"]
        assert shape(person["persona"]) == shape(draft.persona)


async def test_what_fragments_say_is_there_beside_what_the_model_says(
    stage: Stage,
) -> None:
    async with stage as client:
        _, people = await drawn(client)
    told = load_library().fragments["health_conscious"].persona["beliefs"]
    for person in people:
        beliefs = person["persona"]["beliefs"]
        assert any(text.startswith("One of the beliefs") for text in beliefs)
        assert set(told) <= set(beliefs) if person["segment"] else not set(told) & set(beliefs)


def changed(**attributes: str) -> Any:
    """A model that takes some attributes for suggestions, unless it is criticised."""

    def write(shown: dict[str, Any]) -> dict[str, Any]:
        good = persona(shown)
        return good if shown["criticism"] else {**good, "attributes": {**good["attributes"], **attributes}}

    return write


@pytest.mark.parametrize("attributes", [{"age": "33"}, {"occupation": "Astronaut"}, {"income_band": "a lot"}])
async def test_a_reply_that_changes_an_attribute_is_asked_for_once_more(
    stage: Stage, provider: Provider, attributes: dict[str, str]
) -> None:
    provider.write = changed(**attributes)
    async with stage as client:
        shown, _ = await drawn(client, SPEC | {"size": 2, "segments": []})
    assert {name: shown["personas"][name] for name in ("written", "repaired", "composed")} == {
        "written": 2,
        "repaired": 2,
        "composed": 0,
    }
    assert shown["personas"]["usage"]["calls"] == 4


async def test_whoever_stays_contradicted_is_composed_and_counted_with_the_reason(
    stage: Stage, provider: Provider
) -> None:
    stubborn = composed()[3].name

    def write(shown: dict[str, Any]) -> dict[str, Any]:
        good = persona(shown)
        return good | {"style": "You are 104 years old."} if shown["persona"]["name"] == stubborn else good

    provider.write = write
    async with stage as client:
        shown, people = await drawn(client)
    assert (shown["personas"]["written"], shown["personas"]["composed"]) == (11, 1)
    assert people[3]["persona"] == composed()[3].persona
    assert "104 years old" in shown["personas"]["reasons"][0]
    assert provider.asked[stubborn] == 2


async def test_no_two_people_share_a_name_whatever_the_model_says(stage: Stage, provider: Provider) -> None:
    provider.write = lambda shown: persona(shown) | {"name": "José Álvarez" if shown["attributes"]["age"] % 2 else "x1"}
    async with stage as client:
        shown, people = await drawn(client)
    names = [person["name"] for person in people]
    assert len(set(names)) == 12
    assert names.count("José Álvarez") <= 1
    assert shown["personas"]["names_replaced"] == 12 - names.count("José Álvarez")


async def test_a_block_done_again_pays_for_nothing_twice(
    either_stage: Stage, provider: Provider, nats_url: str
) -> None:
    async with either_stage as client, peer(nats_url) as others:
        shown, people = await drawn(client)
        await others.send("population", WritePeople(population_id=shown["id"], start=1))
        _, again = await drawn(client)
        assert orjson.dumps(again) == orjson.dumps(people)
        told = await others.published(AgentsGenerated, 2)
    assert len(provider.requests) == 12
    assert [agent.index for event in told for agent in event.agents] == [*range(1, 13), *range(1, 13)]


async def test_a_large_population_is_written_block_by_block(either_stage: Stage, provider: Provider) -> None:
    async with either_stage as client:
        shown, people = await drawn(client, SPEC | {"size": 130})
    assert shown["generated"] == shown["personas"]["written"] == 130
    assert len({person["name"] for person in people}) == len(people)


async def test_a_model_that_fails_for_good_leaves_composed_people(stage: Stage, provider: Provider) -> None:
    provider.write = lambda shown: {"attributes": "none"}
    async with stage as client:
        shown, people = await drawn(client)
    assert shown["personas"]["composed"] == 12
    assert [person["persona"] for person in people] == [one.persona for one in composed()]


async def test_a_block_that_is_given_up_ends_the_wait(stage: Stage, provider: Provider, nats_url: str) -> None:
    async with stage as client, peer(nats_url) as others:
        shown, _ = await drawn(client)
        await others.give_up("population", WritePeople(population_id=shown["id"], start=1), "nobody knows")
        spec = SPEC | {"seed": 6}
        provider.write = lambda shown: (_ for _ in ()).throw(RuntimeError)
        waiting = (await client.post(CREATE, json=spec)).json()
        await others.give_up("population", WritePeople(population_id=waiting["id"], start=1), "nobody knows")
        [failed] = await others.published(PopulationFailed)
    assert (failed.population_id, failed.reason) == (waiting["id"], "people 1 and up: nobody knows")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": None}, "model"),
        ({"model": "offline"}, "model"),
        ({"model": "nobody"}, "model"),
        ({"size": 10_001}, "size"),
    ],
)
async def test_what_cannot_be_written_is_refused(stage: Stage, change: dict[str, Any], field: str) -> None:
    async with stage as client:
        answer = await client.post(CREATE, json=SPEC | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_a_drawn_name_that_a_model_gave_away_gets_an_initial_and_near_names_are_counted() -> None:
    first, second, third = composed()[:3]
    reply = persona({"attributes": {}, "persona": first.persona})
    written = [
        Written(first, reply | {"name": second.name}, is_repaired=False, usage=Personas(model="m").usage),
        Written(second, None, is_repaired=False, usage=Personas(model="m").usage, failure="no reply"),
        Written(third, reply | {"name": f"{second.name}s"}, is_repaired=False, usage=Personas(model="m").usage),
    ]
    people, personas = settle(written, {}, (), Personas(model="m"))
    given, _, family = second.name.rpartition(" ")
    assert [person.name for person in people] == [second.name, f"{given} A. {family}", f"{second.name}s"]
    assert (personas.near_duplicate_names, personas.names_replaced) == (1, 0)


async def test_a_service_that_stops_while_people_are_written_pays_for_none_twice(
    provider: Provider, database_url: str, tmp_path: Path, nats_url: str
) -> None:
    models_url = sqlite_database("models", tmp_path / "models.db")

    def write(shown: dict[str, Any]) -> dict[str, Any]:
        provider.delay_s = 0.0 if len(provider.requests) < 40 else 0.3
        return persona(shown)

    provider.write = write
    async with service(database_url, models_url, nats_url, provider) as client:
        population = (await client.post(CREATE, json=SPEC | {"size": 150})).json()

        async def is_underway() -> bool:
            return len(provider.requests) >= 60

        await eventually(is_underway, within_s=20)
    async with service(database_url, models_url, nats_url, provider) as client:

        async def is_ready() -> bool:
            return bool((await client.get(population["links"]["self"])).json()["state"] == "ready")

        await eventually(is_ready, within_s=30)
        shown = (await client.get(population["links"]["self"])).json()
    assert shown["personas"]["written"] == 150
    assert set(provider.asked.values()) == {1}
