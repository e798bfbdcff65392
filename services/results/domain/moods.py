"""What answers say beside the tests: engagement, sentiment, how both went over time, what goes with who people are.

Engagement of a turn is the mean of what can be told of these, each from 0 to 1: that it was answered (1), how far its
funnel went (share of the yes/no metrics answered that were true), how strongly the agent felt (|sentiment|), how
sure it was (confidence), and how much it said (words / 40, 1 at most). A failed turn is 0. An agent's engagement is the
mean over its turns. It is a description on a scale of our own: it compares turns of one simulation and nothing else.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.evidence import Estimate, Interval
from services.results.domain.evidence import Evidences
from services.results.domain.outcomes import Outcome, outcomes_of
from services.results.domain.records import Study, Turn
from services.results.domain.samples import units_of

if TYPE_CHECKING:
    from libs.stats import Association as Measured

ENGAGED_WORDS = 40
NEUTRAL = 0.2
MOST_VALUES = 12
"""Different values of an attribute beyond which it is no classification."""
FEWEST = 20
"""People below whom nothing is said to go together."""
Number = Callable[[Turn], float | None]


class Mood(Data):
    """Engagement and sentiment of the answered turns of one arm."""

    arm: str
    engagement: Estimate
    sentiment: Estimate
    negative: int = Field(description="Turns with a sentiment below -0.2.")
    neutral: int
    positive: int = Field(description="Turns with a sentiment above 0.2.")
    unstated: int = Field(description="Answered turns that state none.")


class Point(Data):
    """One outcome in one arm at one round."""

    metric: str = Field(description="A metric, `engagement` or `sentiment`.")
    option: str | None
    arm: str
    step_id: str
    round: int
    n: int
    value: float
    interval: Interval | None


class Association(Data):
    """How strongly an attribute of people and a metric go together, from 0 to 1; correlations are signed."""

    attribute: str
    metric: str
    option: str | None
    measure: str
    value: float
    by_chance: float = Field(description="What pairings at random would show on average.")
    n: int


def engagement(turn: Turn) -> float:
    """How much an agent engaged in a turn, from 0 to 1."""
    if not turn.is_answered:
        return 0.0
    parts = [1.0]
    asked = [answer for answer in turn.answers.values() if isinstance(answer, bool)]
    if asked:
        parts.append(sum(asked) / len(asked))
    if turn.sentiment is not None:
        parts.append(abs(turn.sentiment))
    if turn.confidence is not None:
        parts.append(turn.confidence)
    if turn.response is not None:
        parts.append(min(1.0, len(turn.response.split()) / ENGAGED_WORDS))
    return sum(parts) / len(parts)


def moods(study: Study, arms: Sequence[str], turns: Sequence[Turn], worth: Evidences) -> list[Mood]:
    """Engagement and sentiment by arm; a failed turn engaged nobody."""
    found = []
    for arm in arms:
        mine = [turn for turn in turns if turn.arm == arm]
        answered = [turn for turn in mine if turn.is_answered]
        stated = [turn.sentiment for turn in answered if turn.sentiment is not None]
        kinds = Counter("negative" if s < -NEUTRAL else "positive" if s > NEUTRAL else "neutral" for s in stated)
        found.append(
            Mood(
                arm=arm,
                engagement=_estimate(study, "engagement", arm, mine, engagement, worth),
                sentiment=_estimate(study, "sentiment", arm, answered, lambda turn: turn.sentiment, worth),
                negative=kinds["negative"],
                neutral=kinds["neutral"],
                positive=kinds["positive"],
                unstated=len(answered) - len(stated),
            )
        )
    return found


def series(study: Study, arms: Sequence[str], turns: Sequence[Turn]) -> list[Point]:
    """Every outcome by step and round, in their order; nothing where there is only one of them."""
    from libs.stats import Moments, mean_interval

    places = sorted({(turn.round, turn.step_place, turn.step_id) for turn in turns})
    if len(places) < 2:
        return []
    numbers: list[tuple[str, str | None, Number]] = [
        (outcome.metric, outcome.option, _scorer(outcome)) for outcome in outcomes_of(study.instruments)
    ]
    numbers += [("engagement", None, engagement), ("sentiment", None, lambda turn: turn.sentiment)]
    by_place: dict[tuple[int, int, str, str], list[Turn]] = defaultdict(list)
    for turn in turns:
        if turn.is_answered:
            by_place[turn.round, turn.step_place, turn.step_id, turn.arm].append(turn)
    found = []
    for metric, option, number in numbers:
        for round_number, place, step_id in places:
            for arm in arms:
                values = per_unit(by_place[round_number, place, step_id, arm], number)
                moments = Moments.of(values)
                if moments.mean is not None:
                    found.append(
                        Point(
                            metric=metric,
                            option=option,
                            arm=arm,
                            step_id=step_id,
                            round=round_number,
                            n=len(values),
                            value=moments.mean,
                            interval=mean_interval(moments, study.confidence_level),
                        )
                    )
    return found


def associations(study: Study, turns: Sequence[Turn]) -> list[Association]:
    """Attributes of people against metrics, over all arms: Spearman, correlation ratio or Cramér's V.

    An identifier, or whatever else has a value of its own for nearly everybody, goes with nothing.
    """
    people: dict[str, Turn] = {}
    scores: dict[tuple[str, str | None], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    outcomes = outcomes_of(study.instruments)
    for turn in turns:
        if turn.is_answered:
            people[turn.agent_id] = turn
            for outcome in outcomes:
                value = outcome.score(turn.answers)
                if value is not None:
                    scores[outcome.metric, outcome.option][turn.agent_id].append(value)
    profiles = {agent: turn.demographic_profile for agent, turn in people.items()}
    attributes = sorted({name for profile in profiles.values() for name in profile})
    means = {
        outcome: [(profiles[agent], sum(own) / len(own)) for agent, own in sorted(values.items())]
        for outcome, values in scores.items()
    }
    found = []
    for name in attributes:
        for (metric, option), values in means.items():
            measured = _associate([(profile[name], value) for profile, value in values if name in profile])
            if measured is not None:
                kind, one = measured
                found.append(
                    Association(
                        attribute=name,
                        metric=metric,
                        option=option,
                        measure=kind,
                        value=one.value,
                        by_chance=one.by_chance,
                        n=one.n,
                    )
                )
    return found


def per_unit(turns: Iterable[Turn], number: Number) -> list[float]:
    """One value a unit: turns of an agent averaged first, then agents who heard each other."""
    given = list(turns)
    unit = units_of(given)
    own: dict[str, list[float]] = defaultdict(list)
    for turn in given:
        if (value := number(turn)) is not None:
            own[turn.agent_id].append(value)
    together: dict[str, list[float]] = defaultdict(list)
    for agent, values in sorted(own.items()):
        together[unit[agent]].append(sum(values) / len(values))
    return [sum(values) / len(values) for _, values in sorted(together.items())]


def _scorer(outcome: Outcome) -> Number:
    return lambda turn: outcome.score(turn.answers)


def _estimate(study: Study, metric: str, arm: str, turns: Sequence[Turn], number: Number, worth: Evidences) -> Estimate:
    from libs.stats import T_INTERVAL, Moments, mean_interval

    values = per_unit(turns, number)
    moments = Moments.of(values)
    return Estimate(
        metric=metric,
        option=None,
        arm=arm,
        measure="mean",
        n=len({turn.agent_id for turn in turns if number(turn) is not None}),
        value=moments.mean,
        standard_deviation=moments.standard_deviation,
        interval=mean_interval(moments, study.confidence_level),
        confidence_level=study.confidence_level,
        method=T_INTERVAL,
        evidence=worth.of(len(values)),
    )


def _associate(pairs: Sequence[tuple[str | int | float, float]]) -> "tuple[str, Measured] | None":
    from libs.stats import correlation_ratio, spearman

    if len(pairs) < FEWEST:
        return None
    values = [value for _, value in pairs]
    numbers = [kind for kind, _ in pairs if isinstance(kind, int | float) and not isinstance(kind, bool)]
    if len(numbers) == len(pairs):
        ranked = spearman(numbers, values)
        return None if ranked is None else ("spearman", ranked)
    kinds = [str(kind) for kind, _ in pairs]
    names = {name: place for place, name in enumerate(sorted(set(kinds)))}
    if not 2 <= len(names) <= MOST_VALUES:
        return None
    ratio = correlation_ratio([names[kind] for kind in kinds], values)
    return None if ratio is None else ("correlation_ratio", ratio)
