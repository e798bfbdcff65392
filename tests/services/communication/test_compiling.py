"""Pure rules of talk: who is drawn, when something is heard, whose answer fits a condition, what talk amounts to."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.dialogue import ConversationSpec, SequenceSpec
from libs.contracts.instruments import Answer
from libs.contracts.protocol import Condition, Conversation
from libs.minds.conditions import holds
from services.communication.domain.history import HistoryEntry, HistoryKind
from services.communication.domain.interactions import Interactions
from services.communication.domain.moments import spoken_at, turn_moments, waves
from services.communication.domain.protocols import Slot, conversation, grouped, sequence
from tests.services.communication.parts import delivery

PEOPLE = [f"agent_{index:04d}" for index in range(1, 41)]
SLOT = Slot(3, 7)


def spec(**changes: object) -> ConversationSpec:
    return ConversationSpec.model_validate({"simulation_id": "sim_1", "topic": "Bread"} | changes)


@given(st.integers(1, 6), st.integers(2, 9), st.integers(0, 1_000))
def test_a_draw_is_even_seeded_and_nobody_is_in_two_groups(groups: int, size: int, seed: int) -> None:
    wanted = spec(groups=groups, group_size=size)
    drawn = grouped(SLOT, wanted, PEOPLE, seed)
    assert drawn == grouped(SLOT, wanted, PEOPLE, seed)
    everybody = [agent_id for group in drawn.values() for agent_id in group]
    assert len(everybody) == len(set(everybody)) == min(groups * size, len(PEOPLE))
    assert max(map(len, drawn.values())) - min(map(len, drawn.values())) <= 1
    assert list(drawn) == [f"group-3-{number}" for number in range(1, len(drawn) + 1)]


def test_another_seed_draws_other_people() -> None:
    wanted = spec(group_size=5)
    assert len({grouped(SLOT, wanted, PEOPLE, seed)["group-3-1"] for seed in range(20)}) > 15


def test_rounds_go_on_after_those_of_earlier_requests_and_the_moderator_says_each_prompt_once() -> None:
    protocol = conversation(SLOT, spec(prompts=["One?", "", "Three?"]), (), {"group-3-1": ("a", "b")})
    said = [step.stimuli["all"].content if step.stimuli else None for step in protocol.steps]
    assert said == ["Bread\n\nOne?", None, "Three?"]
    assert [step.round for step in protocol.steps] == [7, 8, 9]
    assert [step.step_id for step in protocol.steps] == ["step-3-1", "step-3-2", "step-3-3"]


def test_a_step_of_a_journey_has_the_name_of_its_touchpoint() -> None:
    touchpoints = [{"name": name, "content": "Hello"} for name in ("welcome", "reminder")]
    wanted = SequenceSpec.model_validate({"simulation_id": "sim_1", "touchpoints": touchpoints})
    protocol = sequence(SLOT, wanted, {"welcome": (), "reminder": ()}, PEOPLE)
    assert [step.name for step in protocol.steps] == ["welcome", "reminder"]


def talking(turn_taking: str) -> object:
    rules = Conversation(
        conversation_id="talk-1", kind="open", broadcast_if_no_target=True, turn_taking=turn_taking, network=False
    )
    groups = {"g1": PEOPLE[:3], "g2": PEOPLE[3:5]}
    return delivery(conversation=rules, groups=groups, agent_ids=PEOPLE[:5], place=4)


def test_one_after_the_other_everybody_acts_once_and_what_is_said_is_heard_at_once() -> None:
    command = talking("sequential")
    assert list(waves(command)) == [("agent_0001", "agent_0004"), ("agent_0002", "agent_0005"), ("agent_0003",)]
    moments = turn_moments(command)
    assert [moments[agent_id] for agent_id in PEOPLE[:5]] == [4001, 4002, 4003, 4001, 4002]
    assert spoken_at(command, 4001) == 4001 < moments["agent_0002"]


def test_at_once_everybody_acts_in_one_wave_and_is_heard_in_the_next_step() -> None:
    command = talking("simultaneous")
    assert list(waves(command)) == [tuple(PEOPLE[:5])]
    assert set(turn_moments(command).values()) == {4000}
    assert 4000 < spoken_at(command, 4000) < 5000


@pytest.mark.parametrize(
    ("operator", "value", "answer", "expected"),
    [
        ("is", True, True, True),
        ("is", True, 1.0, False),
        ("is", 1.0, True, False),
        ("is", "tea", "tea", True),
        ("is", "tea", ("tea", "milk"), True),
        ("is", "milk", ("tea", "milk"), False),
        ("is_not", True, False, True),
        ("is_not", True, None, False),
        ("at_least", 5.0, 5.0, True),
        ("at_least", 5.0, 4.5, False),
        ("at_least", 0.0, True, False),
        ("at_most", 5.0, 5.5, False),
        ("at_most", 5.0, "5", False),
        ("one_of", ("tea", "milk"), "milk", True),
        ("one_of", ("tea", "milk"), "coffee", False),
        ("one_of", ("tea",), None, False),
    ],
)
def test_a_condition_holds_for_an_answer_of_its_kind_only(
    operator: str, value: Answer, answer: Answer, expected: bool
) -> None:
    condition = Condition(metric="m", step_id=None, operator=operator, value=value)  # type: ignore[arg-type]
    assert holds(condition, answer) is expected


def entry(agent: int, round_number: int, text: str, *heard_by: int) -> HistoryEntry:
    return HistoryEntry(
        id=f"{agent}-{round_number}",
        sequence=1,
        agent_id=f"agent_{agent:04d}",
        name=f"Person {agent}",
        arm="all",
        round=round_number,
        step_id="step-1-1",
        kind=HistoryKind.TALK,
        content=text,
        timeline_id="main",
        channel=None,
        conversation_id="talk-1",
        target=None,
        heard_by=tuple(f"agent_{hearer:04d}" for hearer in heard_by) or None,
        simulated_at=None,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        cluster_id="group-1-1",
    )


def test_talk_is_counted_by_speaker_by_pair_and_by_round() -> None:
    counted = Interactions()
    for one in (
        entry(1, 1, "The price of bread is high", 2, 3),
        entry(2, 1, "Bread, yes, the price", 1, 3),
        entry(1, 2, "Taste matters", 2),
        entry(3, 2, "Taste first of all, taste"),
    ):
        counted.add(one)
    summary = counted.summary()
    first = summary.speakers[0]
    assert (first.agent_id, first.said, first.words, first.heard) == ("agent_0001", 2, 8, 1)
    assert sum(speaker.share for speaker in summary.speakers) == pytest.approx(1)
    assert (summary.exchanges[0].from_agent_id, summary.exchanges[0].times) == ("agent_0001", 2)
    topics = [[topic.term for topic in one.topics][:2] for one in summary.rounds]
    assert topics[0] == ["bread", "price"]
    assert topics[1][0] == "taste"


@pytest.mark.parametrize(("texts", "balance"), [(["one two", "one two"], 1.0), (["one two", ""], 0.5), ([], None)])
def test_balance_is_one_when_all_say_as_much_and_falls_when_one_says_it_all(
    texts: list[str], balance: float | None
) -> None:
    counted = Interactions()
    for number, text in enumerate(texts, start=1):
        counted.add(entry(number, 1, text))
    assert counted.summary().balance == balance
