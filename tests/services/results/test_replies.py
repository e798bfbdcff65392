"""What the analysis keeps of a turn: all that it needs, in few bytes."""

import random
import tracemalloc
from collections.abc import Iterator

from services.results.domain import analysis
from services.results.domain.records import Turn, in_order
from services.results.domain.replies import Replies
from tests.services.results import build
from tests.services.results.told import analyse

MOST_BYTES = 600
LIKED = build.instrument("liked", "numeric", minimum=-1, maximum=1)
WHY = build.instrument("why", "text")
RANKED = build.instrument("ranked", "ranking", options=("x", "y", "z"))
OPENED = build.instrument("opened", role="primary")
ASKED = (OPENED, LIKED, WHY, RANKED)


def turns(number: int) -> Iterator[Turn]:
    """People who all differ, and talk a lot."""
    draw = random.Random(number)
    for i in range(number):
        words = " ".join(f"word{draw.random()}" for _ in range(40))
        answers = {
            "opened": draw.random() < 0.5,
            "liked": draw.uniform(-1, 1),
            "why": words,
            "ranked": draw.sample(("x", "y", "z"), 3),
        }
        profile: dict[str, str | int | float] = {f"attribute {n}": draw.randint(0, 40) for n in range(10)}
        yield build.turn(
            i, "ab"[i % 2], answers, response=words, reasoning=words, demographic_profile=profile, confidence=0.5
        )


def test_a_turn_takes_some_hundred_bytes_however_much_was_said() -> None:
    replies, count = Replies(ASKED), 4_000
    found = turns(count)
    tracemalloc.start()
    try:
        for _ in range(count // 200):
            replies.add([next(found) for _ in range(200)])
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(replies.all) == count
    assert taken / count < MOST_BYTES


def test_how_many_are_taken_in_at_once_changes_nothing() -> None:
    study, ordered = build.study(build.plan("ab", ASKED, {"a": 50, "b": 50})), in_order(turns(100))
    replies = Replies(ASKED)
    for turn in ordered:
        replies.add([turn])
    assert analysis.analyse(study, replies) == analyse(study, ordered[::-1])


def test_what_looks_equal_but_is_not_stays_apart() -> None:
    given = (
        {"opened": True},
        {"opened": 1.0},
        {"opened": 1},
        {"liked": 0.0},
        {"liked": -0.0},
        {"why": "so"},
        {"why": " "},
    )
    made = Replies.of(ASKED, [build.turn(i, "a", dict(answers)) for i, answers in enumerate(given)])
    kept = [next(iter(reply.answers.values())) for reply in made.all]
    assert [repr(one) for one in kept] == ["True", "1.0", "1", "0.0", "-0.0", "'text'", "''"]
    assert [reply.written for reply in made.all][-2:] == [("why", "response"), ("response",)]


def test_an_attribute_is_there_for_everybody_who_answered_and_empty_where_it_lacks() -> None:
    profiles: tuple[dict[str, str | int | float], ...] = ({"age": 30}, {"age": 31, "home": "x"}, {"home": "y"})
    given = [build.turn(i, "a", {}, demographic_profile=profile) for i, profile in enumerate(profiles)]
    given += [build.turn(0, "a", {}, demographic_profile={"age": 39}, round=2), build.turn(9, "a", None)]
    people = Replies.of(ASKED, given).people
    assert {name: list(column) for name, column in people.items()} == {"age": [39, 31, None], "home": [None, "x", "y"]}
