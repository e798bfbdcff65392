"""The receipt of a population: margin errors, weights, eligibility, and where every figure comes from."""

import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from libs.contracts.errors import InvalidError
from libs.contracts.specs import PopulationSpec
from services.population.domain.library import load_library
from services.population.domain.margins import report
from services.population.domain.people import Design

LIBRARY = load_library()
EXAMPLE = json.loads((Path(__file__).parents[2] / "support" / "requirements_example.json").read_text())["population"]


def design(**changes: Any) -> Design:
    return Design(PopulationSpec.model_validate(EXAMPLE | {"segments": []} | changes), 1, LIBRARY)


def segment(size: int, words: str, name: str = "a") -> dict[str, Any]:
    return {"name": name, "size": size, "particularities": words}


@pytest.mark.parametrize("name", sorted(LIBRARY.templates))
def test_a_thousand_people_are_within_a_tenth_of_a_point_of_every_margin(name: str) -> None:
    found = report(design(demographic_base=name, size=1_000))
    assert found.max_error <= 0.001
    assert found.weights.effective_n == 1_000
    assert {margin.dimension for margin in found.dimensions} == set(LIBRARY.templates[name].dimensions)
    assert all(margin.source and margin.licence and margin.year for margin in found.dimensions)


def test_segments_pull_the_margins_away_and_weights_bring_them_back() -> None:
    found = report(design(segments=EXAMPLE["segments"]))
    assert found.max_error > 0.2
    assert found.max_error_weighted < 1e-4
    assert found.weights.covers
    assert 60 < found.weights.effective_n < 120
    assert found.weights.design_effect == pytest.approx(200 / found.weights.effective_n, rel=1e-3)
    assert all(each.max_error < 1 / each.size + 1e-9 for each in found.segments)


def test_a_weight_is_the_inverse_of_the_chance_to_be_drawn() -> None:
    """Half of 2,000 people are women by quota, the other half anybody: women had 1 + 1/0.51 chances, men 1."""
    made = design(size=2_000, segments=[segment(1_000, "women")])
    weights = {"female": set[float](), "male": set[float]()}
    for agent in made.people(1, 2_000):
        assert agent.weight is not None
        weights[str(agent.demographic_profile["gender"])].add(agent.weight)
    ratio = float(np.mean([*weights["male"]])) / float(np.mean([*weights["female"]]))
    assert ratio == pytest.approx(1 + 1 / 0.51, rel=0.02)
    assert sum(agent.weight or 0 for agent in made.people(1, 2_000)) == pytest.approx(2_000, rel=1e-3)


def test_segments_that_leave_people_out_stand_for_their_own_people_alone() -> None:
    found = report(design(size=100, segments=[segment(40, "women over 60"), segment(60, "men under 30", "b")]))
    assert not found.weights.covers
    assert found.weights.raked == []
    shares = {each.segment: each.share_of_eligible for each in found.segments}
    by_segment = {0: 40 / 100 / shares["a"], 1: 60 / 100 / shares["b"]}
    assert found.weights.largest / found.weights.smallest == pytest.approx(by_segment[1] / by_segment[0], rel=1e-3)


def test_only_those_who_are_eligible_are_drawn_and_their_share_is_told() -> None:
    made = design(size=400, eligibility="adults who buy groceries", segments=[segment(100, "women, 25-40 years old")])
    assert {agent.demographic_profile["grocery_shopping"] for agent in made.people(1, 400)} == {"usually"}
    found = report(made)
    assert found.eligibility is not None
    assert found.eligibility.share == pytest.approx(0.87, abs=1e-4)
    [words] = found.eligibility.understood
    assert (words.about, words.allowed) == ("grocery_shopping", ["usually"])
    region = next(margin for margin in found.dimensions if margin.dimension == "region")
    assert sum(value.expected for value in region.values) == pytest.approx(1)
    assert found.max_error_weighted < 1e-3


def test_a_screen_may_be_spelled_out() -> None:
    screen = {
        "minimum_age": 30,
        "maximum_age": 44,
        "values": {"party": ["Republican side"], "home_tenure": ["owner"]},
        "traits": {"tech_affinity": {"minimum": 0.2}},
    }
    for agent in design(size=60, eligibility=screen).people(1, 60):
        assert 30 <= agent.age <= 44
        assert agent.demographic_profile["party"] in ("Republican", "leans Republican")
        assert agent.demographic_profile["home_tenure"] == "owner"
        assert agent.traits["tech_affinity"] >= 0.2


@pytest.mark.parametrize(
    ("eligibility", "segments", "field", "said"),
    [
        ("people who love jazz", [], "eligibility", "jazz"),
        ("retired, under 30", [], "eligibility", "retired"),
        ({"values": {"shoe_size": ["42"]}}, [], "eligibility.values", "shoe_size"),
        ({"values": {"party": ["Whig"]}}, [], "eligibility.values.party", "Whig"),
        ({"minimum_age": 50, "maximum_age": 40}, [], "eligibility.minimum_age", "50"),
        ({"traits": {"charm": {"minimum": 0}}}, [], "eligibility.traits", "charm"),
        ({"traits": {"trust": {"minimum": 0.5, "maximum": 0}}}, [], "eligibility.traits.trust", "minimum"),
        ("women", [segment(5, "men")], "segments.0.particularities", "women"),
    ],
)
def test_a_screen_that_cannot_be_kept_is_refused_by_field(
    eligibility: Any, segments: list[dict[str, Any]], field: str, said: str
) -> None:
    with pytest.raises(InvalidError) as error:
        design(eligibility=eligibility, segments=segments)
    assert error.value.errors[0].field == field
    assert said in error.value.errors[0].message


def test_the_receipt_says_what_is_published_derived_and_assumed() -> None:
    found = report(design(size=50))
    status = {margin.dimension: margin.status for margin in found.dimensions}
    assert (status["wealth_band"], status["party"]) == ("published", "derived")
    ties = {tie.dimension: tie.status for tie in found.ties}
    assert (ties["party"], ties["income_band"]) == ("derived", "assumed")
    assert {(joint.of, joint.given) for joint in found.joints} >= {("education", "race_ethnicity")}
    assert all(joint.source and joint.max_error < 0.08 for joint in found.joints)


@pytest.mark.asyncio(loop_scope="module")
async def test_the_receipt_is_there_for_a_population(client: httpx.AsyncClient) -> None:
    made = (await client.post("/agent-populations/create", json=EXAMPLE | {"seed": 3})).json()
    answer = await client.get(made["links"]["margins"])
    assert answer.status_code == 200
    found = answer.json()
    assert found["population_id"] == made["id"]
    assert found["weights"]["design_effect"] > 1
    individual = (await client.get(made["links"]["individuals"])).json()["items"][0]
    assert found["weights"]["smallest"] <= individual["weight"] <= found["weights"]["largest"]
    assert (await client.get("/agent-populations/pop_nobody/margins")).status_code == 404
