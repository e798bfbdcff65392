"""Who hears whom, as in TinyTroupe's world, and along relations in a network."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.minds.relationships import (
    NO_RELATIONS,
    Member,
    Members,
    Relations,
    accessible,
    hearers,
    pair,
    reach_out,
    relations_of,
)
from tests.libs.minds.examples import agent

ANA, BO, CY, ANA_2 = "agent_0001", "agent_0002", "agent_0003", "agent_0004"
PEOPLE = Members([Member(ANA, "Ana Silva"), Member(BO, "Bo Chen"), Member(CY, "Cy Young"), Member(ANA_2, "Ana Lima")])
FRIENDS: Relations = frozenset({pair(BO, ANA)})


def heard(speaker: str, target: str, relations: Relations = NO_RELATIONS, *, broadcast: bool = True) -> tuple[str, ...]:
    return hearers(speaker, target, PEOPLE, relations, broadcast_if_no_target=broadcast, network=bool(relations))


@pytest.mark.parametrize(
    ("called", "found"),
    [
        ("Bo Chen", BO),
        ("bo  CHEN ", BO),
        ("agent_0002", BO),
        ("Bo", BO),
        ("bo", BO),
        ("Ana", None),
        ("Ana Lima", ANA_2),
        ("Chen", None),
        ("", None),
        ("everyone", None),
    ],
)
def test_a_person_is_found_by_name_id_or_a_first_name_that_nobody_shares(called: str, found: str | None) -> None:
    assert PEOPLE.find(called) == found


def test_two_people_of_one_name_are_found_by_their_ids_alone() -> None:
    twins = Members([Member(ANA, "Ana Silva"), Member(BO, "Ana Silva")])
    assert (twins.find("Ana Silva"), twins.find("Ana"), twins.find(BO)) == (None, None, BO)


def test_what_is_said_to_somebody_is_heard_by_them_alone() -> None:
    assert heard(ANA, "Cy Young") == (CY,)


@pytest.mark.parametrize("target", ["", "everybody", "Zoe", "Ana"])
def test_what_is_said_to_nobody_who_is_here_is_heard_by_all_others_or_in_a_survey_by_nobody(target: str) -> None:
    assert heard(BO, target) == (ANA, CY, ANA_2)
    assert heard(BO, target, broadcast=False) == ()


def test_talking_to_oneself_is_heard_by_nobody() -> None:
    assert heard(BO, "Bo") == ()


def test_in_a_network_only_related_people_hear_each_other() -> None:
    assert heard(ANA, "Bo Chen", FRIENDS) == (BO,)
    assert heard(ANA, "Cy Young", FRIENDS) == ()
    assert heard(ANA, "", FRIENDS) == (BO,)
    assert heard(CY, "", FRIENDS) == ()


def test_reaching_out_relates_two_people_and_tells_both() -> None:
    reached = reach_out(CY, "bo", PEOPLE, NO_RELATIONS, network=False)
    assert (reached.agent_id, reached.relations) == (BO, {pair(CY, BO)})
    assert [notice.agent_id for notice in reached.notices] == [CY, BO]
    assert "Cy Young reached out to you" in reached.notices[1].text


def test_in_a_network_reaching_out_works_along_relations_only() -> None:
    assert reach_out(ANA, "Bo Chen", PEOPLE, FRIENDS, network=True).agent_id == BO
    refused = reach_out(ANA, "Cy Young", PEOPLE, FRIENDS, network=True)
    assert (refused.agent_id, refused.relations, [n.agent_id for n in refused.notices]) == (None, FRIENDS, [ANA])


@pytest.mark.parametrize("target", ["Zoe", "Cy"])
def test_reaching_out_to_nobody_or_to_oneself_changes_nothing_and_says_so(target: str) -> None:
    reached = reach_out(CY, target, PEOPLE, NO_RELATIONS, network=False)
    assert (reached.agent_id, reached.relations) == (None, NO_RELATIONS)
    assert repr(target) in reached.notices[0].text


def test_relations_are_read_from_personas_by_full_name() -> None:
    ana = agent(1, relationships=[{"name": "bo chen", "description": "your colleague"}, {"Name": "Cy Young"}, "x", {}])
    bo = agent(2).model_copy(update={"name": "Bo Chen"})
    cy = agent(3).model_copy(update={"name": "Cy Young", "persona": {"relationships": [{"name": "Bo"}, {"name": 7}]}})
    assert relations_of([ana, bo, cy]) == {pair(ANA, BO), pair(ANA, CY)}


NAMES = st.sampled_from(["Ana Silva", "Bo Chen", "Ana Lima", "bo chen", "Cy", "agent_0001", "", "Ana"])
PARTIES = st.lists(NAMES, min_size=1, max_size=6).map(
    lambda names: [Member(f"agent_{place:04d}", name) for place, name in enumerate(names, start=1)]
)


@given(PARTIES, NAMES, st.data())
def test_nobody_hears_themselves_and_a_network_never_widens_who_hears(
    party: list[Member], target: str, data: st.DataObject
) -> None:
    members = Members(party)
    ids = [member.agent_id for member in party]
    related: Relations = frozenset(data.draw(st.sets(st.sampled_from([*combinations(ids, 2), (ids[0], "absent")]))))
    speaker, broadcast = data.draw(st.sampled_from(ids)), data.draw(st.booleans())
    free, bound = (
        hearers(speaker, target, members, related, broadcast_if_no_target=broadcast, network=network)
        for network in (False, True)
    )
    assert speaker not in free
    assert set(bound) <= set(free) <= set(ids)
    assert set(bound) <= set(accessible(speaker, members, related, network=True))
    assert len(free) in (0, 1, len(ids) - 1)
    assert all(speaker in accessible(other, members, related, network=True) for other in bound)


@given(PARTIES, NAMES, st.data())
def test_reaching_out_only_adds_a_relation_and_doing_it_twice_adds_none(
    party: list[Member], target: str, data: st.DataObject
) -> None:
    members = Members(party)
    speaker = data.draw(st.sampled_from(party)).agent_id
    first = reach_out(speaker, target, members, NO_RELATIONS, network=False)
    assert first.relations == (NO_RELATIONS if first.agent_id is None else {pair(speaker, first.agent_id)})
    assert reach_out(speaker, target, members, first.relations, network=False).relations == first.relations
