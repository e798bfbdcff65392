"""What an answer counts as, by the type of its metric."""

import pytest

from libs.contracts.instruments import Answer, Instrument
from services.results.domain.outcomes import outcomes_of
from services.results.domain.records import Turn
from services.results.domain.replies import Replies, Reply
from services.results.domain.samples import Units, count_heads, values_by_arm
from tests.services.results import build

OPENED = build.instrument("opened")
CLICKED = build.instrument("clicked", requires="opened")
LIKED = build.instrument("liked", "ordinal", minimum=1, maximum=5)
COLOUR = build.instrument("colour", "choice", options=("red", "blue"))
ORDER = build.instrument("order", "ranking", options=("x", "y", "z"))


def replies(turns: list[Turn]) -> list[Reply]:
    return Replies.of([LIKED], turns).all


def score(instrument: Instrument, answer: Answer) -> list[float | None]:
    return [outcome.score({instrument.name: answer}) for outcome in outcomes_of([instrument])]


@pytest.mark.parametrize(
    ("instrument", "answer", "expected"),
    [
        (OPENED, True, [1.0]),
        (OPENED, False, [0.0]),
        (CLICKED, None, [0.0]),
        (OPENED, None, [None]),
        (OPENED, 1.0, [None]),
        (LIKED, 4.0, [4.0]),
        (LIKED, 4, [4.0]),
        (LIKED, None, [None]),
        (LIKED, True, [None]),
        (LIKED, 6.0, [None]),
        (LIKED, float("nan"), [None]),
        (build.instrument("days", "numeric", minimum=0, maximum=30), 12.5, [12.5]),
        (COLOUR, "blue", [0.0, 1.0]),
        (COLOUR, "green", [None, None]),
        (ORDER, ("z", "x", "y"), [2.0, 3.0, 1.0]),
        (ORDER, ("z",), [None, None, 1.0]),
        (ORDER, "z", [None, None, None]),
    ],
)
def test_an_answer_counts_as_its_type_says_and_what_the_type_does_not_allow_is_missing(
    instrument: Instrument, answer: Answer, expected: list[float | None]
) -> None:
    assert score(instrument, answer) == expected


def test_a_text_has_no_outcome() -> None:
    assert outcomes_of([build.instrument("why", "text")]) == ()


def test_a_metric_that_was_not_asked_is_missing_even_behind_a_funnel() -> None:
    [outcome] = outcomes_of([CLICKED])
    assert outcome.score({"opened": True}) is None


def test_several_turns_of_an_agent_are_one_value_their_mean() -> None:
    turns = [
        build.turn(1, "a", {"liked": 1.0}),
        build.turn(1, "a", {"liked": 4.0}, step_id="later", round=2),
        build.turn(2, "a", {"liked": 5.0}),
        build.turn(3, "a", None),
    ]
    [outcome] = outcomes_of([LIKED])
    found = values_by_arm(outcome, ("a", "b"), replies(turns))
    assert {arm: (list(values), agents) for arm, (values, agents, _) in found.items()} == {
        "a": ([2.5, 5.0], 2),
        "b": ([], 0),
    }


def test_an_agent_has_answered_when_one_turn_has_and_failed_when_all_have() -> None:
    study = build.study(build.plan(("a", "b"), [LIKED], {"a": 4, "b": 2}))
    turns = [
        build.turn(1, "a", {"liked": 1.0}),
        build.turn(1, "a", None, step_id="later", round=2),
        build.turn(2, "a", None),
        build.turn(3, "b", {"liked": 1.0}),
    ]
    heads = count_heads(study, ("a", "b"), replies(turns))
    assert (heads.assigned, heads.answered, heads.failed) == ({"a": 4, "b": 2}, {"a": 1, "b": 1}, {"a": 1, "b": 0})
    assert heads.attrition == {"a": 0.75, "b": 0.5}


def test_agents_who_heard_each_other_are_one_unit_with_the_mean_of_its_agents() -> None:
    turns = [
        build.turn(1, "a", {"liked": 2.0}, cluster_id="group-1-1"),
        build.turn(2, "a", {"liked": 4.0}, cluster_id="group-1-1"),
        build.turn(3, "a", {"liked": 5.0}),
    ]
    [outcome] = outcomes_of([LIKED])
    values, agents, _ = values_by_arm(outcome, ("a",), replies(turns))["a"]
    assert (sorted(values), agents) == ([3.0, 5.0], 3)
    assert count_heads(build.study(build.plan(("a",), [LIKED], {"a": 3})), ("a",), replies(turns)).clusters == 2


def test_clusters_that_share_an_agent_are_one_unit_whatever_they_were_called_before() -> None:
    turns = [
        build.turn(1, "a", {}, cluster_id="group-1-1"),
        build.turn(2, "a", {}, cluster_id="group-1-2"),
        build.turn(3, "a", {}, cluster_id="group-1-2"),
        build.turn(3, "a", {}, cluster_id="group-1-1", step_id="later", round=2),
        build.turn(4, "a", {}),
    ]
    given = replies(turns)
    one, two, three, four = map(Units(given).of, sorted({reply.own for reply in given}))
    assert one == two == three != four
