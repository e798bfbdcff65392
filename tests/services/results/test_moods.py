"""Engagement, sentiment, time series, what goes with who people are, and one agent's way through a simulation."""

import random
import statistics
from dataclasses import replace

import pytest
import scipy

from libs.contracts.compact import MOST_SHARED
from libs.contracts.protocol import Step, Stimulus
from services.results.domain.engagement import engagement
from services.results.domain.moods import stands_out
from services.results.domain.path import changes_of, path_of
from services.results.domain.records import Study, Turn
from tests.services.results import build
from tests.services.results.told import describe

LIKED = build.instrument("liked", "ordinal", role="primary", minimum=1, maximum=10)
OPENED = build.instrument("opened")


def said(
    words: int = 40, sentiment: float | None = 1.0, confidence: float | None = 1.0, *, opened: bool = True
) -> Turn:
    response = " ".join(["word"] * words)
    return build.turn(1, "a", {"opened": opened}, response=response, sentiment=sentiment, confidence=confidence)


def test_engagement_is_the_mean_of_what_can_be_told() -> None:
    assert engagement(said()) == 1.0
    assert engagement(said(20, -0.5, 0.5, opened=False)) == pytest.approx((1 + 0 + 0.5 + 0.5 + 0.5) / 5)
    assert engagement(said(400, None, None)) == 1.0
    assert engagement(build.turn(1, "a", None)) == 0.0


def test_a_failed_turn_lowers_the_engagement_of_its_arm_and_says_nothing_of_its_sentiment() -> None:
    study, turns = build.campaign()
    _, lost = build.campaign(failures=30)
    whole, less = (describe(study, given).moods[0] for given in (turns, lost))
    assert less.engagement.value is not None
    assert whole.engagement.value is not None
    assert less.engagement.value < whole.engagement.value
    assert less.negative + less.neutral + less.positive + less.unstated == less.sentiment.n
    assert less.engagement.evidence.grade == "C"


def repeated() -> tuple[Study, list[Turn]]:
    """Thirty people asked three times; the later, the better they like it, in arm b only."""
    frozen = build.plan(("a", "b"), [LIKED], {"a": 15, "b": 15})
    turns = [
        build.turn(i, "ab"[i % 2], {"liked": 3.0 + i % 3 + wave * (i % 2)}, step_id=f"wave-{wave}", round=wave + 1)
        for i in range(30)
        for wave in range(3)
    ]
    met = {"b": Stimulus(content="Hello", channel="email", timing="now")}
    first = Step(kind="deliver", step_id="wave-0", round=1, stimuli=met, instruments=(LIKED,))
    return build.study(frozen, steps={"wave-0": first}), turns


def test_every_outcome_has_a_value_at_each_round_and_arm() -> None:
    found = describe(*repeated()).series
    liked = {(point.arm, point.round): point.value for point in found if point.metric == "liked"}
    assert [liked["b", wave] - liked["a", wave] for wave in (1, 2, 3)] == pytest.approx([0, 1, 2])
    assert {point.metric for point in found} == {"liked", "engagement", "sentiment"}
    assert describe(*build.campaign()).series == ()


def test_the_order_and_repetition_of_rounds_change_nothing() -> None:
    study, turns = repeated()
    moved = [*turns]
    random.Random(3).shuffle(moved)
    assert describe(study, moved) == describe(study, turns)


def test_what_goes_with_who_people_are_stands_out_from_chance() -> None:
    rng = random.Random(9)
    study = build.study(build.plan(("a",), [LIKED], {"a": 200}))
    turns = []
    for i in range(200):
        profile: dict[str, str | int | float] = {
            "age": 20 + i % 50,
            "region": ("north", "south")[i % 2],
            "coin": rng.choice("ab"),
            "id": f"x{i}",
        }
        value = float(min(10, max(1, round(2 + (i % 50) / 8 + rng.random()))))
        turns.append(replace(build.turn(i, "a", {"liked": value}), demographic_profile=profile))
    found = {one.attribute: one for one in describe(study, turns).associations}
    assert found["age"].measure == "spearman"
    assert found["age"].value > 0.9
    assert found["coin"].value < 3 * found["coin"].by_chance
    assert "id" not in found


def test_who_lacks_the_attribute_or_the_answer_plays_no_part_in_what_goes_together() -> None:
    rng, count = random.Random(4), 6_000
    study = build.study(build.plan(("a",), [LIKED], {"a": count}))
    people = [
        (rng.choice((None, round(rng.gauss(40, 15), 2))), rng.choice((None, float(rng.randint(1, 10)))))
        for _ in range(count)
    ]
    turns = [
        replace(
            build.turn(i, "a", {} if liked is None else {"liked": liked}),
            demographic_profile={} if age is None else {"age": age, "half": ("low", "high")[age > 40]},
        )
        for i, (age, liked) in enumerate(people)
    ]
    found = {one.attribute: one for one in describe(study, turns).associations}
    there = [(age, liked) for age, liked in people if age is not None and liked is not None]
    assert MOST_SHARED < len({age for age, _ in there}) < len(there)
    assert len(there) == found["age"].n == found["half"].n
    assert found["age"].value == pytest.approx(scipy.stats.spearmanr(*zip(*there, strict=True)).statistic, abs=1e-12)
    low, high = ([liked for age, liked in there if (age > 40) is above] for above in (False, True))
    every, mean = [*low, *high], statistics.fmean([*low, *high])
    between = sum(len(one) * (statistics.fmean(one) - mean) ** 2 for one in (low, high))
    assert found["half"].value == pytest.approx((between / sum((one - mean) ** 2 for one in every)) ** 0.5, abs=1e-12)


def test_what_stands_out_is_what_chance_shows_once_in_hundreds_of_pairs() -> None:
    rng, count = random.Random(12), 300
    study = build.study(build.plan(("a",), [LIKED, OPENED], {"a": count}))
    turns = [
        replace(
            build.turn(i, "a", {"liked": float(rng.randint(1, 10)), "opened": rng.random() < 0.4}),
            demographic_profile={f"attribute {j}": rng.choice((1, 2, "abc"[j % 3])) for j in range(100)},
        )
        for i in range(count)
    ]
    found = describe(study, turns).associations
    assert len(found) == 200
    beyond_average = sum(abs(one.value) > one.by_chance for one in found)
    assert beyond_average > 40
    assert sum(stands_out(one.value, one.by_chance) for one in found) <= 2


def test_a_funnel_has_intervals() -> None:
    stage = describe(*build.campaign()).funnel[-1]
    assert stage.reached_interval is not None
    assert stage.share_of_reached is not None
    low, high = stage.reached_interval
    assert low < stage.share_of_reached < high


def test_the_way_of_an_agent_is_told_in_order_with_what_it_met() -> None:
    study, turns = repeated()
    mine = [turn for turn in reversed(turns) if turn.agent_id == turns[3].agent_id]
    path = path_of(study, mine)
    assert [step.round for step in path] == [1, 2, 3]
    assert (path[0].shown, path[0].channel) == ("Hello", "email")
    [liked] = [change for change in changes_of(study, mine) if change.metric == "liked"]
    assert (liked.first, liked.last, liked.change, len(liked.values)) == (4.0, 6.0, 2.0, 3)


def test_an_agent_that_was_asked_once_has_not_changed() -> None:
    study, turns = build.campaign()
    assert changes_of(study, turns[:1]) == []
