"""Margins and templates that a study brings along: used to the person, or refused by the field that is wrong."""

import copy
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.contracts.specs import PopulationSpec
from services.population.domain.library import load_library
from services.population.domain.margins import report
from services.population.domain.people import Design

pytestmark = pytest.mark.asyncio(loop_scope="module")
CREATE = "/agent-populations/create"
SPEC = {"name": "Own", "demographic_base": "uk_demographics", "size": 200, "seed": 1}
SOURCE = {"source": "Our panel, wave 3", "year": 2025}
PETS = SOURCE | {"shares": {"a dog": 0.3, "a cat": 0.3, "none": 0.4}, "aliases": {"a dog": ["dog owners"]}}
UK = json.loads(
    (Path(__file__).parents[3] / "services/population/templates/uk_demographics.json").read_text(encoding="utf-8")
)


def design(**changes: Any) -> Design:
    return Design(PopulationSpec.model_validate(SPEC | changes), 1, load_library())


def own_template(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(UK) | {"name": "mine"} | changes


async def test_a_given_margin_replaces_the_templates_to_the_person() -> None:
    people = design(margins={"gender": SOURCE | {"shares": {"male": 0.25, "female": 0.75}}}).people(1, 200)
    assert Counter(agent.demographic_profile["gender"] for agent in people) == {"female": 150, "male": 50}


async def test_a_dimension_of_ones_own_is_drawn_told_and_may_be_named_in_particularities() -> None:
    segments = [{"name": "dogs", "size": 50, "particularities": "dog owners"}]
    people = design(margins={"pets": PETS}, segments=segments).people(1, 200)
    assert {agent.demographic_profile["pets"] for agent in people[:50]} == {"a dog"}
    assert Counter(agent.demographic_profile["pets"] for agent in people[50:]) == {"a dog": 45, "a cat": 45, "none": 60}
    for agent in people:
        assert f"Pets: {agent.demographic_profile['pets']}." in agent.persona["other_facts"]


async def test_shares_that_rounding_moved_are_scaled_and_the_receipt_says_so() -> None:
    found = report(design(margins={"gender": SOURCE | {"shares": {"male": 0.49, "female": 0.5}}}))
    gender = next(margin for margin in found.dimensions if margin.dimension == "gender")
    assert {value.value: value.expected for value in gender.values} == {"female": 0.505051, "male": 0.494949}
    assert gender.note == "The shares summed to 0.99 and were scaled to 1."
    assert (gender.status, gender.source, gender.year) == ("given", "Our panel, wave 3", 2025)


async def test_a_template_of_ones_own_is_drawn_like_those_that_ship() -> None:
    mine = own_template(title="Adults of nowhere")
    mine["dimensions"]["pets"] = PETS | {"status": "given", "licence": "ours"}
    mine["joints"] = [
        SOURCE
        | {"status": "given", "licence": "ours", "of": "pets", "given": "area_type"}
        | {"rows": {"rural": {"a dog": 0.6}, "city": {"a dog": 0.1}}}
    ]
    made = design(demographic_base="mine", template=mine, size=1_000)
    shares = made.joint.marginal("area_type", "pets")
    rural = sum(share for (area, _), share in shares.items() if area == "rural")
    assert shares["rural", "a dog"] / rural == pytest.approx(0.6, abs=1e-6)
    assert report(made).max_error <= 0.001


async def test_what_was_given_is_stored_with_the_population(client: httpx.AsyncClient) -> None:
    made = await client.post(CREATE, json=SPEC | {"margins": {"pets": PETS}, "size": 40})
    assert made.status_code == 201, made.text
    found = (await client.get(made.json()["links"]["margins"])).json()
    assert "pets" in {margin["dimension"] for margin in found["dimensions"]}
    shown = (await client.get(made.json()["links"]["segments"])).json()["segments"][0]["distributions"]["pets"]
    assert [(each["value"], each["count"]) for each in shown] == [("a dog", 12), ("a cat", 12), ("none", 16)]


TOO_MANY = {str(number): 0.005 for number in range(200)}
LONELY_PARENTS = {
    "children": SOURCE | {"shares": {"3 or more": 1}},
    "household_size": SOURCE | {"shares": {"1 person": 1}},
}


def margin(**shares: Any) -> dict[str, Any]:
    return {"margins": {"gender": SOURCE | {"shares": shares}}}


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        (margin(male=0.6, female=0.6), "margins.gender.shares", "1.2"),
        (margin(male=0.5, female=-0.5), "margins.gender.shares.female", "greater than or equal to 0"),
        (margin(male=0.5, female=1.5), "margins.gender.shares.female", "less than or equal to 1"),
        (margin(male="much", female=0.5), "margins.gender.shares.male", "number"),
        (margin(), "margins.gender.shares", "at least 1"),
        (margin(man=0.5, woman=0.5), "margins.gender.shares", "'man' is no value of gender"),
        ({"margins": {"gender": {"shares": {"male": 1}, "year": 2025}}}, "margins.gender.source", "required"),
        ({"margins": {"Shoe Size": PETS}}, "margins.Shoe Size", "pattern"),
        ({"margins": {"age": PETS}}, "margins.age", "age_band"),
        ({"margins": {"segment": PETS}}, "margins.segment", "choose another name"),
        ({"margins": {"openness": PETS}}, "margins.openness", "choose another name"),
        ({"segments": [{"name": "(rest)", "size": 1}]}, "segments.0.name", "outside of every segment"),
        ({"margins": {"pets": PETS | {"shares": TOO_MANY}}}, "margins.pets.shares", "at most 100"),
        ({"margins": {f"d{n}": PETS for n in range(41)}}, "margins", "at most 40"),
        ({"margins": {"pets": PETS | {"shares": {"x" * 121: 1}}}}, "margins.pets.shares", "at most 120"),
        ({"margins": {"pets": PETS | {"shares": {"a\x00b": 1.0}}}}, "margins.pets.shares", "pattern"),
        ({"margins": {"pets": PETS | {"aliases": {"a fish": ["fish"]}}}}, "margins.pets", "a fish"),
        ({"margins": {"pets": PETS | {"sharse": {}}}}, "margins.pets.sharse", "not a field"),
        ({"margins": LONELY_PARENTS}, "margins", "cannot be fitted"),
        ({"template": own_template()}, "demographic_base", "mine"),
        ({"demographic_base": "mine", "template": own_template(dimensions={})}, "template.dimensions", "missing"),
        ({"demographic_base": "mine", "template": own_template(associations="gss")}, "template", "gss"),
        ({"demographic_base": "mine", "template": own_template(places={})}, "template.places", "none"),
    ],
)  # fmt: skip
async def test_what_cannot_be_used_is_refused_by_field(
    client: httpx.AsyncClient, changes: dict[str, Any], field: str, said: str
) -> None:
    answer = await client.post(CREATE, json=SPEC | changes)
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert any(each["field"].startswith(field) and said in each["message"] for each in errors), errors


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
async def test_numbers_that_are_none_are_refused(client: httpx.AsyncClient, number: str) -> None:
    body = json.dumps(SPEC | margin(male=0.5, female=0.123)).replace("0.123", number)
    answer = await client.post(CREATE, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in ("body", "margins.gender.shares.female")


async def test_a_body_that_is_no_utf_8_or_too_large_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    latin = json.dumps(SPEC | {"name": "Müller"}, ensure_ascii=False).encode("latin-1")
    assert (await client.post(CREATE, content=latin, headers=headers)).status_code == 400
    huge = json.dumps(SPEC | {"margins": {"pets": PETS | {"note": "x" * 20_000_000}}})
    assert (await client.post(CREATE, content=huge, headers=headers)).status_code == 413


async def test_a_template_whose_values_hang_together_in_too_many_ways_is_refused(client: httpx.AsyncClient) -> None:
    mine = own_template()
    many = {str(n): 0.01 for n in range(100)}
    for name in ("education", "income_band"):
        mine["dimensions"][name] |= {"shares": many, "levels": {}, "minimum_age": {}}
    mine["joints"] = []
    mine["dimensions"]["wealth_band"] = mine["dimensions"]["income_band"]
    answer = await client.post(CREATE, json=SPEC | {"demographic_base": "mine", "template": mine})
    assert answer.status_code == 422
    assert "too many values at once" in answer.json()["errors"][0]["message"]
