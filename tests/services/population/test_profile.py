"""Profiles: what they count, what they draw, how two populations are put beside each other, on both stores."""

import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from statistics import mean
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.population.app import create_app
from services.population.domain.profile.columns import Columns, Value
from services.population.domain.profile.measure import compare, profile_of
from services.population.domain.profile.model import CategoricalProfile, NumericProfile, Profile
from services.population.domain.profile.page import to_html, to_svg
from services.population.settings import Settings
from tests.support.apps import running

SEGMENTS = [{"name": "young", "size": 60, "particularities": "18-30 years old", "fragments": []}]
SPEC = {"name": "Shoppers <b>", "demographic_base": "usa_demographics", "size": 200, "seed": 5, "segments": SEGMENTS}
SVG = "{http://www.w3.org/2000/svg}"


def columns(people: Iterable[dict[str, Value]]) -> Columns:
    found = Columns()
    for person in people:
        found.add(person)
    return found


def profiled(*people: dict[str, Value], **orders: list[str]) -> Profile:
    return profile_of(columns(people), orders)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(shared_nats_url: str, shared_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(database_url=shared_database_url, nats_url=shared_nats_url)
    async with running("population", create_app(settings)) as client:
        yield client


async def create(client: httpx.AsyncClient, **changes: Any) -> str:
    answer = await client.post("/agent-populations/create", json=SPEC | changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(f"/agent-populations/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_profile_counts_everybody_and_agrees_with_the_people_themselves(client: httpx.AsyncClient) -> None:
    population = await create(client)
    people = (await get(client, f"{population}/individuals", limit=200))["items"]
    found = await get(client, f"{population}/profile")
    attributes = {one["name"]: one for one in found["attributes"]}
    assert (found["size"], found["state"], found["comparison"]) == (200, "ready", None)
    regions = Counter(person["demographic_profile"]["region"] for person in people)
    assert {v["value"]: v["count"] for v in attributes["region"]["values"]} == regions
    assert attributes["age"]["mean"] == pytest.approx(mean(person["age"] for person in people), abs=1e-6)
    assert attributes["openness"]["n"] == 200
    assert sum(one["count"] for one in attributes["age"]["bins"]) == 200
    assert [(v["value"], v["count"]) for v in attributes["segment"]["values"]] == [("young", 60), ("(rest)", 140)]
    strongest = found["associations"][0]
    assert {strongest["a"], strongest["b"]} == {"age", "age_band"}
    assert strongest["value"] > strongest["by_chance"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_segment_has_a_profile_of_its_own(client: httpx.AsyncClient) -> None:
    population = await create(client)
    young = await get(client, f"{population}/profile", segment="young")
    ages = next(one for one in young["attributes"] if one["name"] == "age")
    assert (young["size"], young["segment"]) == (60, "young")
    assert (ages["minimum"] >= 18, ages["maximum"] <= 30) == (True, True)
    assert (await get(client, f"{population}/profile", segment="(rest)"))["size"] == 140
    refused = await client.get(f"/agent-populations/{population}/profile", params={"segment": "old"})
    assert refused.json()["errors"] == [
        {"field": "segment", "message": "there is no segment 'old'", "allowed": ["young", "(rest)"]}
    ]


@pytest.mark.asyncio(loop_scope="module")
async def test_another_population_stands_beside_it_with_the_largest_difference_first(client: httpx.AsyncClient) -> None:
    here, there = await create(client), await create(client, demographic_base="uk_demographics", segments=[], size=150)
    comparison = (await get(client, f"{here}/profile", compare_with=there))["comparison"]
    assert (comparison["population_id"], comparison["size"]) == (there, 150)
    assert {"segment", "party"} <= set(comparison["only_here"])
    first = comparison["differences"][0]
    assert (first["name"], first["total_variation"], first["jensen_shannon"]) == ("country", 1, 1)
    unknown = await client.get(f"/agent-populations/{here}/profile", params={"compare_with": "pop_nobody"})
    assert unknown.status_code == 422
    assert unknown.json()["errors"][0]["field"] == "compare_with"


@pytest.mark.asyncio(loop_scope="module")
async def test_the_page_and_every_plot_it_links_need_nothing_but_themselves(client: httpx.AsyncClient) -> None:
    population = await create(client)
    links = (await get(client, f"{population}/profile"))["links"]
    page = await client.get(links.pop("page"), params={"compare_with": population})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Shoppers &lt;b&gt;" in page.text
    for forbidden in ("<script", "http-equiv=refresh", "<link", "<img", "url("):
        assert forbidden not in page.text
    assert {"age", "region", "openness", "associations"} <= links.keys()
    for name in ("age", "region", "associations"):
        plot = await client.get(links[name])
        assert plot.headers["content-type"].startswith("image/svg+xml")
        drawing = ElementTree.fromstring(plot.text)
        assert drawing.tag == f"{SVG}svg"
        assert len(list(drawing.iter(f"{SVG}rect"))) > 3
    assert (await client.get(f"/agent-populations/{population}/plots/shoe_size.svg")).status_code == 404


def test_what_somebody_lacks_is_missing_there_and_nowhere_else() -> None:
    profile = profiled({"job": "nurse", "age": 30}, {"age": 40}, {"job": "cook", "age": 50, "pets": 2})
    job, age, pets = profile.attributes
    assert isinstance(job, CategoricalProfile)
    assert isinstance(age, NumericProfile)
    assert (job.n, job.missing, age.n, pets.missing) == (2, 1, 3, 2)
    assert {(pair.a, pair.b): pair.n for pair in profile.associations} == {("job", "age"): 2}
    assert profile.not_associated == ("pets",)


def test_a_text_among_numbers_makes_a_classification_of_them_all() -> None:
    (floor,) = profiled({"floor": 1}, {"floor": 2.5}, {"floor": "attic"}, {}, {"floor": 1}).attributes
    assert isinstance(floor, CategoricalProfile)
    assert {one.value: one.count for one in floor.values} == {"1": 2, "2.5": 1, "attic": 1}
    assert floor.missing == 1


def test_values_stand_in_their_natural_order_with_those_that_nobody_has() -> None:
    (size,) = profiled({"size": "l"}, {"size": "s"}, {"size": "xxl"}, size=["s", "m", "l"]).attributes
    assert isinstance(size, CategoricalProfile)
    assert [(one.value, one.count) for one in size.values] == [("s", 1), ("m", 0), ("l", 1), ("xxl", 1)]


def test_more_values_than_can_be_listed_are_counted_and_form_no_pairs() -> None:
    profile = profiled(*({"town": f"town {n % 150}", "left": n % 2 == 0} for n in range(600)))
    town, left = profile.attributes
    assert isinstance(town, CategoricalProfile)
    assert (town.distinct, len(town.values), town.others) == (150, 100, 200)
    assert isinstance(left, CategoricalProfile)
    assert {one.value for one in left.values} == {"true", "false"}
    assert profile.associations == ()
    assert profile.not_associated == ("town", "left")


def test_attributes_without_a_common_scale_are_named_and_not_compared() -> None:
    comparison = compare(columns([{"a": 1, "b": "x"}] * 3), columns([{"a": "one", "c": 2}] * 3), {}, "pop_2", "Others")
    assert comparison.differences == ()
    assert (comparison.only_here, comparison.only_there) == (("a", "b"), ("a", "c"))


@pytest.mark.parametrize("people", [[], [{"age": 3}], [{"job": "cook", "age": 7}] * 4])
def test_few_people_or_people_all_alike_have_a_profile_and_a_page_too(people: list[dict[str, Value]]) -> None:
    profile = profiled(*people)
    assert profile.associations == ()
    assert b"no two attributes that vary" in to_html("Few", profile, None)
    assert ElementTree.fromstring(to_svg("associations", profile))
