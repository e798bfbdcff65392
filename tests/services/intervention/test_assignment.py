"""Laws of assignment: balance, independence of order and names, and the seed."""

import tracemalloc
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.ids import agent_id
from services.intervention.domain.assignment import Assigned, Person, deal, planned_n
from services.intervention.domain.design import Dealing

SEGMENTS = st.sampled_from([None, "young_professionals", "families", "retired"])
POPULATIONS = st.lists(SEGMENTS, min_size=1, max_size=120).map(
    lambda segments: [(str(agent_id(index)), segment) for index, segment in enumerate(segments, start=1)]
)
Member = tuple[str, str | None]
ARMS = st.integers(1, 6).map(lambda count: [f"arm {place}" for place in range(count)])
SEEDS = st.integers(0, 2**31 - 1)
LAWS = settings(max_examples=150, deadline=None)


def assign(members: list[Member], arms: list[str], seed: int, dealing: Dealing | None = None) -> list[Assigned]:
    return deal((Person(*member) for member in members), arms, dealing or Dealing(), seed).assignments


@LAWS
@given(POPULATIONS, ARMS, SEEDS)
def test_everybody_is_in_exactly_one_arm_and_keeps_the_segment(
    members: list[Member], arms: list[str], seed: int
) -> None:
    assignments = assign(members, arms, seed)
    assert [(each.agent_id, each.segment) for each in assignments] == sorted(members, key=lambda member: member[0])
    assert {each.arm for each in assignments} <= set(arms)


@LAWS
@given(POPULATIONS, ARMS, SEEDS)
def test_arms_differ_by_at_most_one_inside_every_segment_and_over_all(
    members: list[Member], arms: list[str], seed: int
) -> None:
    assignments = assign(members, arms, seed)
    strata = {each.segment for each in assignments}
    groups = [assignments, *([each for each in assignments if each.segment == stratum] for stratum in strata)]
    for group in groups:
        counts = planned_n(group, arms).values()
        assert max(counts) - min(counts) <= 1


@LAWS
@given(POPULATIONS, ARMS, SEEDS, st.randoms(use_true_random=False))
def test_the_order_in_which_agents_come_and_repetitions_change_nothing(
    members: list[Member], arms: list[str], seed: int, random: object
) -> None:
    shuffled = [*members, *members[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert assign(shuffled, arms, seed) == assign(members, arms, seed)


@LAWS
@given(POPULATIONS, ARMS, SEEDS)
def test_renaming_the_arms_moves_nobody(members: list[Member], arms: list[str], seed: int) -> None:
    renamed = {arm: f"z{len(arms) - place}" for place, arm in enumerate(arms)}
    before = assign(members, arms, seed)
    after = assign(members, list(renamed.values()), seed)
    assert [renamed[each.arm] for each in before] == [each.arm for each in after]


def test_another_seed_gives_another_assignment() -> None:
    members: list[Member] = [(str(agent_id(index)), "families") for index in range(1, 101)]
    draws = {tuple(each.arm for each in assign(members, ["a", "b"], seed)) for seed in range(20)}
    assert len(draws) == 20


def test_over_many_seeds_every_agent_meets_every_arm_equally_often() -> None:
    members: list[Member] = [(str(agent_id(index)), "s" if index % 2 else None) for index in range(1, 8)]
    met = Counter((each.agent_id, each.arm) for seed in range(3_000) for each in assign(members, ["a", "b", "c"], seed))
    assert len(met) == 21
    assert all(abs(count - 1_000) < 130 for count in met.values())  # five standard deviations


def test_the_example_of_the_public_json_splits_125_people_evenly() -> None:
    sizes = {"young_professionals": 50, "families": 75}
    members: list[Member] = [
        (str(agent_id(index)), segment)
        for index, segment in enumerate((name for name, size in sizes.items() for _ in range(size)), start=1)
    ]
    assignments = assign(members, ["emotional_appeal", "rational_appeal"], seed=7)
    by_segment = Counter((each.segment, each.arm) for each in assignments)
    assert by_segment["young_professionals", "emotional_appeal"] == 25
    assert sorted(planned_n(assignments, ["emotional_appeal", "rational_appeal"]).values()) == [62, 63]


def test_a_planned_arm_that_nobody_fits_into_is_counted_as_empty() -> None:
    assert sum(planned_n(assign([("agent_0001", None)], ["a", "b"], 1), ["a", "b"]).values()) == 1
    assert set(planned_n([], ["a", "b"]).values()) == {0}


def test_dealing_takes_some_hundred_bytes_a_person_beside_the_people() -> None:
    people = [Person(f"agent_{place:05}", None, {"age": place % 60}) for place in range(20_000)]
    tracemalloc.start()
    try:
        dealt = deal(people, ["a", "b"], Dealing(), 7)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(dealt.assignments) == len(people)
    assert most / len(people) < 350
