"""A factory: a model plans how attributes are spread, the sampler draws, and the plan can be seen."""

import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from libs.contracts.population import PopulationFailed, PreparePeople
from libs.minds.sampling_plan import read_plan
from tests.services.models.stub import serving
from tests.services.population.author import CREATE, MODEL, Provider, made, persona, service
from tests.support.apps import eventually
from tests.support.migrated import sqlite_database
from tests.support.peer import peer

DIET = {"vegan": 0.1, "vegetarian": 0.2, "everything": 0.7}
SPEC: dict[str, Any] = {
    "name": "Factory",
    "demographic_base": "usa_demographics",
    "size": 100,
    "seed": 5,
    "model": MODEL,
    "factory": {"context": "A supermarket tries new vegan meals.", "demography": {"share_of_women": 0.6}},
}
Stage = AbstractAsyncContextManager[httpx.AsyncClient]


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    async with serving(provider):
        yield provider


@pytest.fixture
def stage(provider: Provider, sqlite_url: str, tmp_path: Path, nats_url: str) -> Stage:
    return service(sqlite_url, sqlite_database("models", tmp_path / "models.db"), nats_url, provider)


@pytest.fixture
def either_stage(provider: Provider, database_url: str, tmp_path: Path, nats_url: str) -> Stage:
    """On either store."""
    return service(database_url, sqlite_database("models", tmp_path / "models.db"), nats_url, provider)


def spread(name: str, **shares: float) -> dict[str, Any]:
    values = [{"value": value.replace("_", " "), "share": share} for value, share in shares.items()]
    return {"name": name, "reason": f"The demography says so of {name}.", "values": values}


def plans(*dimensions: dict[str, Any]) -> Any:
    return lambda task: {"dimensions": list(dimensions)}


GOOD = plans(spread("gender", female=0.6, male=0.4), spread("Diet", **DIET))


async def people_of(client: httpx.AsyncClient, population: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await client.get(population["links"]["individuals"], params={"limit": 200})
    return list(answer.json()["items"])


async def test_people_are_drawn_by_the_plan_exactly_and_the_plan_is_shown(
    either_stage: Stage, provider: Provider
) -> None:
    provider.plan = GOOD
    async with either_stage as client:
        population = await made(client, SPEC)
        people = await people_of(client, population)
        plan = (await client.get(f"/agent-populations/{population['id']}/plan")).json()
    counts = {name: Counter(one["demographic_profile"][name] for one in people) for name in ("gender", "diet")}
    assert abs(counts["gender"]["female"] - 60) <= 1
    assert all(abs(counts["diet"][value] - 100 * share) <= 1 for value, share in DIET.items())
    assert [(one["name"], one["is_new"]) for one in plan["dimensions"]] == [("gender", False), ("diet", True)]
    assert plan["dimensions"][1]["shares"] == pytest.approx(DIET)
    assert (plan["model"], plan["refused"]) == (MODEL, [])
    assert plan["context"] == SPEC["factory"]["context"]
    assert plan["usage"]["calls"] == 1


async def test_nobody_is_a_child_no_two_share_a_name_and_the_plan_has_no_end(stage: Stage, provider: Provider) -> None:
    """What TinyTroupe's factory gets wrong: it begins with a child, repeats names, and plans at most 250 people."""
    provider.plan = plans(spread("age", **{"8": 0.5, "40": 0.5}), spread("age_band", **{"0-17": 0.5, "25-34": 0.5}))
    async with stage as client:
        population = await made(client, SPEC | {"size": 400})
        people = [*await people_of(client, population)]
        cursor = (await client.get(population["links"]["individuals"], params={"limit": 200})).json()["next_cursor"]
        rest = await client.get(population["links"]["individuals"], params={"limit": 200, "cursor": cursor})
        plan = (await client.get(f"/agent-populations/{population['id']}/plan")).json()
    people += rest.json()["items"]
    assert len({person["name"] for person in people}) == 400
    assert min(person["age"] for person in people) >= 18
    assert plan["dimensions"] == []
    assert [one["name"] for one in plan["refused"]] == ["age", "age_band"]
    assert "age is given as age_band" in plan["refused"][0]["why"]
    assert "'0-17'" in plan["refused"][1]["why"]


@pytest.mark.parametrize(
    ("planned", "why"),
    [
        (spread("diet", vegan=0.5, everything=0.1), "sum to 0.6"),
        (spread("diet", vegan=1.5, everything=-0.5), "negative"),
        (spread("diet", vegan=1.0), "1 values"),
        (spread("gender", queen=0.5, king=0.5), "no value of gender"),
        (spread("region", Mars=0.5, Venus=0.5), "no value of region"),
        (spread("openness", high=0.5, low=0.5), "trait"),
        (spread("1diet", vegan=0.5, everything=0.5), "pattern"),
        (spread("area_type", city=0.5, rural=0.5), "given with the population"),
    ],
)
async def test_what_cannot_be_drawn_by_is_left_out_with_the_reason(
    stage: Stage, provider: Provider, planned: dict[str, Any], why: str
) -> None:
    provider.plan = plans(planned, spread("diet", **DIET) if planned["name"] != "diet" else spread("pets", yes=1, no=0))
    own = {"area_type": {"shares": {"city": 1.0}, "source": "us", "year": 2026}}
    async with stage as client:
        population = await made(client, SPEC | {"margins": own, "size": 20})
        plan = (await client.get(f"/agent-populations/{population['id']}/plan")).json()
        people = await people_of(client, population)
    [refused] = plan["refused"]
    assert why in refused["why"]
    assert len(plan["dimensions"]) == 1
    assert {person["demographic_profile"]["area_type"] for person in people} == {"city"}


async def test_the_same_factory_gives_the_same_people_and_pays_once(stage: Stage, provider: Provider) -> None:
    provider.plan = GOOD
    async with stage as client:
        drawn = [await people_of(client, await made(client, SPEC)) for _ in range(2)]
    assert orjson.dumps(drawn[0]) == orjson.dumps(drawn[1])
    assert len(provider.requests) == 1


async def test_a_plan_and_personas_by_the_model_go_together(stage: Stage, provider: Provider) -> None:
    provider.plan = GOOD
    shown: list[dict[str, Any]] = []

    def write(drawn: dict[str, Any]) -> dict[str, Any]:
        shown.append(drawn)
        return persona(drawn)

    provider.write = write
    async with stage as client:
        population = await made(client, SPEC | {"size": 20, "personas": "model"})
    assert population["state"] == "ready"
    assert Counter(drawn["attributes"]["diet"] for drawn in shown) == {"everything": 14, "vegetarian": 4, "vegan": 2}


@pytest.mark.parametrize(("model", "said"), [(None, "must be named"), ("offline", "offline model"), ("no", "no model")])
async def test_the_offline_model_has_no_such_power_and_says_so(stage: Stage, model: str | None, said: str) -> None:
    async with stage as client:
        answer = await client.post(CREATE, json=SPEC | {"model": model})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "model"
        assert said in answer.json()["detail"]


async def test_a_factory_that_gives_no_plan_ends_the_job_with_the_reason(stage: Stage, provider: Provider) -> None:
    provider.plan = lambda task: {"plan": "later"}
    async with stage as client:
        population = await made(client, SPEC)
        job = (await client.get(population["links"]["job"])).json()
    assert (job["state"], job["stage"], job["generated"]) == ("failed", None, 0)
    assert job["reason"].startswith(f"the model {MODEL!r}: dimensions: is missing")


async def test_nobody_waits_for_the_model_in_a_request_and_the_job_tells_that_it_is_asked(
    stage: Stage, provider: Provider
) -> None:
    provider.plan, provider.delay_s = GOOD, 1.0
    async with stage as client:
        for path in (CREATE, "/agent-populations/bulk-generate"):
            started = time.perf_counter()
            answer = await client.post(path, json=SPEC | {"seed": len(path)})
            assert time.perf_counter() - started < 0.8
            assert answer.status_code == 202
            job = (await client.get(answer.headers["location"])).json()
            assert (job["state"], job["stage"], job["generated"]) == ("running", "asking", 0)
        cancelled = (await client.post(job["links"]["cancel"])).json()
        assert (cancelled["state"], cancelled["reason"]) == ("cancelled", "cancelled after 0 of 100 people")

        async def is_done() -> bool:
            states = [one["state"] for one in (await client.get("/agent-populations/list")).json()["items"]]
            return states == ["cancelled", "ready"]

        await eventually(is_done, within_s=20)


async def test_a_service_that_stops_while_the_model_plans_goes_on_and_pays_once(
    provider: Provider, database_url: str, tmp_path: Path, nats_url: str
) -> None:
    provider.plan, provider.delay_s = GOOD, 0.5
    models_url = sqlite_database("models", tmp_path / "models.db")
    async with service(database_url, models_url, nats_url, provider) as client:
        population = (await client.post(CREATE, json=SPEC)).json()
    async with service(database_url, models_url, nats_url, provider) as client:

        async def is_ready() -> bool:
            return bool((await client.get(population["links"]["self"])).json()["state"] == "ready")

        await eventually(is_ready, within_s=30)
        assert Counter(one["demographic_profile"]["diet"] for one in await people_of(client, population)) == {
            "everything": 70,
            "vegetarian": 20,
            "vegan": 10,
        }
    assert len(provider.requests) <= 2


async def test_a_question_that_is_given_up_ends_the_wait(stage: Stage, provider: Provider, nats_url: str) -> None:
    provider.plan, provider.delay_s = GOOD, 1.0
    async with stage as client, peer(nats_url) as others:
        waiting = (await client.post(CREATE, json=SPEC)).json()
        await others.give_up("population", PreparePeople(population_id=waiting["id"]), "nobody knows")
        [failed] = await others.published(PopulationFailed)
    assert (failed.population_id, failed.reason) == (waiting["id"], "nobody knows")


async def test_without_a_factory_there_is_no_plan_and_a_huge_demography_is_refused(
    stage: Stage, provider: Provider
) -> None:
    async with stage as client:
        population = (await client.post(CREATE, json=SPEC | {"factory": None, "size": 2})).json()
        assert (await client.get(f"/agent-populations/{population['id']}/plan")).status_code == 404
        factory = SPEC["factory"] | {"demography": {"text": "x" * 40_000}}
        answer = await client.post(CREATE, json=SPEC | {"factory": factory})
        assert answer.json()["errors"][0]["field"] == "factory.demography"
    assert not provider.requests


@pytest.mark.parametrize("reply", ["no JSON", "[]", '{"dimensions": {}}'])
def test_a_reply_of_another_form_is_no_plan(reply: str) -> None:
    with pytest.raises(ValueError, match="reply"):
        read_plan(reply)


def test_a_dimension_that_is_planned_twice_counts_once_and_odd_values_are_no_shares() -> None:
    first = {"name": "Dog owner", "values": [{"value": "yes", "share": "half"}, 3]}
    [spread] = read_plan(json.dumps({"dimensions": [first, {"name": "dog_owner"}]}))
    assert (spread.name, spread.shares) == ("dog_owner", {"yes": -1.0})
