"""Laws of the seeded draws."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.population.domain.joint import Joint, load_associations, rake
from services.population.domain.sampling import Stratum, largest_remainder, permuted
from services.population.domain.templates import Dimension, load_templates

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
def test_two_thousand_people_match_every_margin_within_two_points(name: str) -> None:
    stratum = Stratum(JOINTS[name], 2_000, (7, "rest"), None, {})
    people = [stratum.draw(place, Random(place))[1] for place in range(2_000)]
    for dimension, margin in TEMPLATES[name].dimensions.items():
        counts = Counter(person[dimension] for person in people)
        assert set(counts) <= set(margin.values)
        for value, share in margin.shares.items():
            assert abs(counts[value] / 2_000 - share) <= 0.02, (dimension, value)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_independent_dimensions_meet_their_quotas_to_the_person(name: str) -> None:
    stratum = Stratum(JOINTS[name], 137, (3, "rest"), None, {})
    people = [stratum.draw(place, Random(place))[1] for place in range(137)]
    for dimension in ("age_band", "gender", "region", "area_type"):
        margin = TEMPLATES[name].dimensions[dimension]
        counts = Counter(person[dimension] for person in people)
        assert [counts[value] for value in margin.values] == largest_remainder([*margin.shares.values()], 137)


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_people_are_possible(name: str) -> None:
    template = TEMPLATES[name]
    stratum = Stratum(JOINTS[name], 3_000, (5, "rest"), None, {})
    youngest = {v: age for margin in template.dimensions.values() for v, age in margin.minimum_age.items()}
    room = {"none": 1, "1": 2, "2": 3, "3 or more": 4}
    for place in range(3_000):
        age, person = stratum.draw(place, Random(place))
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
        age, person = stratum.draw(place, Random(place))
        assert 33 <= age <= 37
        assert (person["marital_status"], person["employment"]) == ("widowed", "self-employed")


def test_restrictions_that_nobody_satisfies_are_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        Stratum(JOINTS["eu_demographics"], 5, (1,), frozenset(range(18, 30)), {"employment": frozenset({"retired"})})


def test_a_margin_that_rules_make_impossible_is_named() -> None:
    with pytest.raises(ValueError, match=r"usa\.work: .* cannot be fitted"):
        rake({("a",): [1.0, 0.0], ("b",): [1.0, 0.0]}, {("a",): 0.5, ("b",): 0.5}, [0.5, 0.5], "usa.work")


def test_a_margin_that_does_not_sum_to_one_does_not_load() -> None:
    with pytest.raises(ValueError, match=r"they sum to 0\.9"):
        Dimension(status="published", source="x", year=2022, licence="y", shares={"a": 0.5, "b": 0.4})
