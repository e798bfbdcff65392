"""Laws of the seeded draws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.demographics import Dimension
from services.population.domain.associations import load_associations
from services.population.domain.draws import largest_remainder, permuted, spread_out
from services.population.domain.joint import Joint
from services.population.domain.sampling import Stratum
from services.population.domain.templates import load_templates

TEMPLATES = load_templates()
JOINTS = {name: Joint(template, load_associations()) for name, template in TEMPLATES.items()}


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=12), st.integers(0, 5_000))
def test_quotas_add_up_and_stay_within_one_of_the_exact_share(shares: list[float], size: int) -> None:
    quotas = largest_remainder(shares, size)
    assert sum(quotas) == size
    for share, quota in zip(shares, quotas, strict=True):
        assert abs(quota - share / sum(shares) * size) < 1


@given(st.integers(1, 400), st.integers(0, 2**64 - 1))
@settings(deadline=None)
def test_every_place_is_taken_once(size: int, key: int) -> None:
    assert sorted(permuted(place, size, key) for place in range(size)) == list(range(size))


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_the_fitted_joint_has_exactly_the_margins_of_the_template(name: str) -> None:
    for dimension, margin in TEMPLATES[name].dimensions.items():
        shares = JOINTS[name].marginal(dimension)
        assert {value: shares[(value,)] for value in margin.values} == pytest.approx(margin.shares, abs=1e-5)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
@pytest.mark.parametrize("size", [12, 137, 1_000])
def test_any_number_of_people_meet_every_margin_to_the_person(name: str, size: int) -> None:
    stratum = Stratum(JOINTS[name], size, (7, "rest"), None, {})
    for dimension, margin in TEMPLATES[name].dimensions.items():
        counts = np.bincount(stratum.codes[dimension], minlength=len(margin.values))
        exact = np.array([*margin.shares.values()]) * size
        assert np.abs(counts - exact).max() < 1 + 1e-6, dimension


def test_a_segments_people_meet_the_margins_of_those_they_stand_for() -> None:
    allowed = {"employment": frozenset({"retired"}), "party": frozenset({"Democrat", "Republican"})}
    stratum = Stratum(JOINTS["usa_demographics"], 400, (1, "old"), None, allowed)
    for dimension in ("party", "education", "wealth_band", "home_tenure", "children"):
        counts = np.bincount(stratum.codes[dimension], minlength=len(stratum.expected(dimension)))
        assert np.abs(counts - stratum.expected(dimension) * 400).max() < 1 + 1e-6, dimension


def test_pairs_of_dimensions_are_closer_to_the_joint_than_chance_would_bring_them() -> None:
    joint = JOINTS["usa_demographics"]
    stratum = Stratum(joint, 1_000, (7, "rest"), None, {})
    for pair in (("age_band", "employment"), ("education", "income_band"), ("political_views", "party")):
        wanted = joint.network.shares(*pair)
        drawn = np.zeros_like(wanted)
        np.add.at(drawn, tuple(stratum.codes[name] for name in pair), 1 / 1_000)
        by_chance = np.sqrt(wanted * (1 - wanted) / 1_000).sum() * np.sqrt(2 / np.pi)
        assert np.abs(drawn - wanted).sum() < 0.75 * by_chance, pair


@given(st.integers(1, 60), st.integers(0, 2**64 - 1))
@settings(deadline=None, max_examples=50)
def test_uniforms_along_any_stretch_fill_the_interval(size: int, key: int) -> None:
    spread = spread_out(np.arange(60), key)[:size]
    assert ((spread >= 0) & (spread < 1)).all()
    for part in (0.25, 0.5, 0.75):
        assert abs((spread < part).sum() - part * size) <= 2.5


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_people_are_possible(name: str) -> None:
    template = TEMPLATES[name]
    stratum = Stratum(JOINTS[name], 3_000, (5, "rest"), None, {})
    youngest = {v: age for margin in template.dimensions.values() for v, age in margin.minimum_age.items()}
    room = {"none": 1, "1": 2, "2": 3, "3 or more": 4}
    for place in range(3_000):
        age, person = stratum.draw(place)
        first, last = template.ages[person["age_band"]]
        assert first <= age <= last
        assert person["employment"] != "retired" or age >= 50
        assert person["education"] not in youngest or age >= youngest[person["education"]]
        household = int(person["household_size"].split()[0])
        assert household >= min(room[person["children"]] + (person["marital_status"] == "married"), 5)


def test_age_work_and_family_go_together_as_in_people() -> None:
    shares = JOINTS["usa_demographics"].marginal("age_band", "employment")
    old = sum(share for (band, _), share in shares.items() if band == "75+")
    assert shares["75+", "retired"] / old > 0.8
    young = sum(share for (band, _), share in shares.items() if band == "18-24")
    assert shares["18-24", "student"] / young > 0.2
    married = JOINTS["usa_demographics"].marginal("age_band", "marital_status")
    assert married["18-24", "married"] < married["45-54", "married"] / 3


def test_restrictions_on_years_and_values_always_hold() -> None:
    allowed = {"marital_status": frozenset({"widowed"}), "employment": frozenset({"self-employed"})}
    stratum = Stratum(JOINTS["uk_demographics"], 200, (1, "few"), frozenset(range(33, 38)), allowed)
    for place in range(200):
        age, person = stratum.draw(place)
        assert 33 <= age <= 37
        assert (person["marital_status"], person["employment"]) == ("widowed", "self-employed")


def test_restrictions_that_nobody_satisfies_are_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        Stratum(JOINTS["eu_demographics"], 5, (1,), frozenset(range(18, 30)), {"employment": frozenset({"retired"})})


def test_a_margin_that_does_not_sum_to_one_does_not_load() -> None:
    with pytest.raises(ValueError, match=r"they sum to 0\.9"):
        Dimension(status="published", source="x", year=2022, licence="y", shares={"a": 0.5, "b": 0.4})
