"""Whom an intervention is for, how they are dealt to arms, and how alike the arms came out."""

from collections import Counter, defaultdict

import pytest

from libs.contracts.errors import InvalidError
from libs.contracts.planning import AttributeValue, Target, attributes_of
from services.intervention.domain.assignment import Person, deal, deal_all, drawn
from services.intervention.domain.balance import balance
from services.intervention.domain.design import Dealing
from services.intervention.domain.targeting import check_attributes, check_strata

ARMS = ["a", "b", "c"]
PEOPLE = [
    Person(f"agent_{number}", "families" if number % 3 else None, {"age": 20 + number % 50, "region": region})
    for number in range(240)
    for region in [("West", "South", "East")[number % 7 % 3]]
]

KNOWN = attributes_of(person.profile for person in PEOPLE)


def target(*segments: str, **attributes: list[AttributeValue]) -> Target:
    return Target(segments=segments, attributes={name: tuple(values) for name, values in attributes.items()})


def test_people_are_meant_who_fit_segment_and_every_attribute() -> None:
    person = ("families", {"age": 31, "region": "West"})
    assert target("families", age=[25, 40], region=["West", "East"]).means(*person)
    assert not target("retired").means(*person)
    assert not target(age=[32, 40]).means(*person)
    assert not target(pets=[True]).means(*person)


@pytest.mark.parametrize(
    ("wanted", "field", "allowed"),
    [
        (target(height=[1]), "target.attributes.height", ("age", "region")),
        (target(region=["North"]), "target.attributes.region", ("East", "South", "West")),
        (target(age=[90, 99]), "target.attributes.age", ("20", "69")),
        (target(age=["old"]), "target.attributes.age", ("20", "69")),
    ],
)
def test_what_the_population_does_not_have_is_refused_with_what_it_has(
    wanted: Target, field: str, allowed: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidError) as caught:
        check_attributes(wanted, "target", KNOWN)
    [error] = caught.value.errors
    assert (error.field, error.allowed) == (field, allowed)


def test_strata_of_something_nobody_has_are_refused() -> None:
    with pytest.raises(InvalidError, match=r"randomisation\.by\.1"):
        check_strata(["segment", "height"], KNOWN)


@pytest.mark.parametrize("by", [("region",), ("segment", "region"), ("age",)])
def test_stratified_arms_differ_by_at_most_one_inside_every_stratum(by: tuple[str, ...]) -> None:
    dealt = deal(PEOPLE, ARMS, Dealing(by=by), 7)
    people = {person.agent_id: person for person in PEOPLE}
    counts: dict[object, Counter[str]] = defaultdict(Counter)
    for one in dealt.assignments:
        person = people[one.agent_id]
        named = {"segment": person.segment, "region": person.profile["region"], "age": None}
        counts[tuple(named[name] for name in by)][one.arm] += 1
    assert all(max(count.values()) - min(count.values()) <= 1 for count in counts.values())
    assert dealt.randomisation is not None
    assert dealt.randomisation.strata == (4 if by == ("age",) else len(counts))


def test_blocks_are_permuted_and_equal_after_each_of_them() -> None:
    dealing = Dealing(method="blocked", by=(), block_size=6)
    dealt = deal(PEOPLE, ARMS, dealing, 7).assignments
    assert set(Counter(one.arm for one in dealt).values()) == {80}
    other = deal(PEOPLE, ARMS, dealing, 8).assignments
    assert [one.arm for one in dealt] != [one.arm for one in other]


def test_within_everybody_is_in_every_arm_and_nothing_is_left_to_chance() -> None:
    dealt = deal_all(PEOPLE[:2], ARMS)
    assert [(one.agent_id, one.arm) for one in dealt.assignments] == [
        (f"agent_{number}", arm) for number in (0, 1) for arm in ARMS
    ]
    assert dealt.randomisation is None


def test_a_sample_is_drawn_by_the_seed_alone() -> None:
    first = {one.agent_id for one in drawn(PEOPLE, 50, 1)}
    assert first == {one.agent_id for one in drawn(PEOPLE[::-1], 50, 1)}
    assert len(first) == 50
    assert first != {one.agent_id for one in drawn(PEOPLE, 50, 2)}
    assert drawn(PEOPLE, None, 1) == PEOPLE


def test_the_balance_table_has_standardised_differences_of_numbers_and_shares() -> None:
    people = [Person(f"agent_{place}", None, {"age": age, "region": "West"}) for place, age in enumerate((1, 3, 2, 6))]
    dealt = deal_all(people, ["a"]).assignments
    arms = [one._replace(arm="a" if place < 2 else "b") for place, one in enumerate(dealt)]
    [row] = balance(people, arms, ["a", "b"], "a")
    assert (row.attribute, row.value, row.means) == ("age", None, {"a": 2, "b": 4})
    assert row.difference == pytest.approx(2 / 5**0.5, abs=1e-6)  # variances 2 and 8


def test_randomised_arms_are_alike() -> None:
    assignments = deal(PEOPLE, ["a", "b"], Dealing(), 7).assignments
    rows = balance(PEOPLE, assignments, ["a", "b"], "a")
    assert {row.attribute for row in rows} == {"age", "region", "segment"}
    assert max(abs(row.difference) for row in rows) < 0.3
