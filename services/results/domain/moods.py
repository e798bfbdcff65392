"""What answers say beside the tests: engagement, sentiment, how both went over time, what goes with who people are.

An agent's engagement is the mean over its turns, in which a failed one is 0.
"""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.compact import Repeated
from libs.contracts.evidence import Estimate, Interval
from services.results.domain.evidence import Evidences
from services.results.domain.intervals import interval_of, successes_of
from services.results.domain.outcomes import Outcome, outcomes_of
from services.results.domain.records import Study
from services.results.domain.replies import Attribute, Replies, Reply
from services.results.domain.samples import Number, Sample, Units, answer_of, by_agent, plainly, sample_of, score_of

if TYPE_CHECKING:
    from libs.stats import Association as Measured

MOODS = {"engagement": (0.0, 1.0), "sentiment": (-1.0, 1.0)}
"""The lowest and the highest that each can be."""
NEUTRAL = 0.2
MOST_VALUES = 12
"""Different values of an attribute beyond which it is no classification."""
BEYOND_CHANCE = 3.0
"""How many times what chance shows something stands out from: three standard errors of a correlation, p 0.003."""
FEWEST = 20
"""People below whom nothing is said to go together."""


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


def stands_out(value: float, by_chance: float) -> bool:
    """Whether an association is stronger than what pairings at random would show now and then."""
    return abs(value) > BEYOND_CHANCE * by_chance


def moods(study: Study, arms: Sequence[str], replies: Sequence[Reply], worth: Evidences) -> list[Mood]:
    """Engagement and sentiment by arm; a failed turn engaged nobody."""
    found = []
    for arm in arms:
        mine = [reply for reply in replies if reply.arm == arm]
        answered = [reply for reply in mine if reply.is_answered]
        stated = [reply.sentiment for reply in answered if reply.sentiment is not None]
        kinds = Counter("negative" if s < -NEUTRAL else "positive" if s > NEUTRAL else "neutral" for s in stated)
        found.append(
            Mood(
                arm=arm,
                engagement=_estimate(study, "engagement", arm, mine, _engagement, worth),
                sentiment=_estimate(study, "sentiment", arm, answered, _sentiment, worth),
                negative=kinds["negative"],
                neutral=kinds["neutral"],
                positive=kinds["positive"],
                unstated=len(answered) - len(stated),
            )
        )
    return found


def series(study: Study, arms: Sequence[str], replies: Sequence[Reply]) -> list[Point]:
    """Every outcome by step and round, in their order; nothing where there is only one of them."""
    from libs.stats import Moments

    places = sorted({(reply.round, reply.step_place, reply.step_id) for reply in replies})
    if len(places) < 2:
        return []
    numbers: list[tuple[str, Outcome | None, Number]] = [
        (outcome.metric, outcome, answer_of(outcome)) for outcome in outcomes_of(study.instruments)
    ]
    numbers += [("engagement", None, _engagement), ("sentiment", None, _sentiment)]
    by_place: dict[tuple[int, int, str, str], list[Reply]] = defaultdict(list)
    for reply in replies:
        if reply.is_answered:
            by_place[reply.round, reply.step_place, reply.step_id, reply.arm].append(reply)
    found = []
    for metric, outcome, number in numbers:
        for round_number, place, step_id in places:
            for arm in arms:
                values = _plain(by_place[round_number, place, step_id, arm], number).values
                moments = Moments.of(values)
                if moments.mean is not None:
                    found.append(
                        Point(
                            metric=metric,
                            option=outcome and outcome.option,
                            arm=arm,
                            step_id=step_id,
                            round=round_number,
                            n=len(values),
                            value=moments.mean,
                            interval=_interval(metric, outcome, values, study.confidence_level),
                        )
                    )
    return found


def _interval(metric: str, outcome: Outcome | None, values: Sequence[float], level: float) -> Interval | None:
    from libs.stats import Moments, mean_within

    moments = Moments.of(values)
    if outcome is None:
        return mean_within(moments, MOODS[metric], level)[0]
    return interval_of(outcome, moments, successes_of(outcome, values), level)[0]


def associations(study: Study, replies: Replies) -> list[Association]:
    """Attributes of people against metrics, over all arms: Spearman, correlation ratio or Cramér's V.

    An identifier, or whatever else has a value of its own for nearly everybody, goes with nothing.
    """
    answered = [reply for reply in replies.all if reply.is_answered]
    means = _means(study, answered)
    found = []
    for name, column in sorted(replies.people.items()):
        for (metric, option), values in means.items():
            measured = _associate(column, values)
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


def _means(study: Study, answered: Sequence[Reply]) -> dict[tuple[str, str | None], Sequence[float]]:
    """What everybody who answered gave on average, by agent, NaN for nothing; what was answered first comes first."""
    found: list[tuple[int, Outcome, Sequence[float]]] = []
    for outcome in outcomes_of(study.instruments):
        number, means = score_of(outcome), array("d")
        for _, given in groupby(answered, key=by_agent):
            own = [value for value in map(number, given) if value is not None]
            means.append(plainly(own) if own else math.nan)
        first = next((at for at, reply in enumerate(answered) if number(reply) is not None), None)
        if first is not None:
            found.append((first, outcome, means))
    return {(outcome.metric, outcome.option): means for _, outcome, means in sorted(found, key=itemgetter(0))}


def _engagement(reply: Reply) -> float:
    return reply.engagement


def _sentiment(reply: Reply) -> float | None:
    return reply.sentiment


def _plain(replies: Sequence[Reply], number: Number) -> Sample:
    """One value a unit."""
    return sample_of(replies, number, Units(replies), plainly)


def _estimate(
    study: Study, metric: str, arm: str, replies: Sequence[Reply], number: Number, worth: Evidences
) -> Estimate:
    from libs.stats import Moments, mean_within

    sample = _plain(replies, number)
    moments = Moments.of(sample.values)
    interval, method = mean_within(moments, MOODS[metric], study.confidence_level)
    return Estimate(
        metric=metric,
        option=None,
        arm=arm,
        measure="mean",
        n=sample.agents,
        value=moments.mean,
        standard_deviation=moments.standard_deviation,
        interval=interval,
        confidence_level=study.confidence_level,
        method=method,
        evidence=worth.of(len(sample.values)),
    )


def _associate(column: Repeated[Attribute | None], values: Sequence[float]) -> "tuple[str, Measured] | None":
    """Of those who have the attribute and a value that is not NaN."""
    import numpy as np

    from libs.stats import correlation_ratio, spearman

    numbers, scores = np.asarray(column.numbers), np.asarray(values)
    lacking = [number for number, kind in enumerate(column.different) if kind is None]
    there = ~(np.isnan(scores) | np.isin(numbers, lacking))
    scores = scores[there]
    if len(scores) < FEWEST:
        return None
    present, places = np.unique(numbers[there], return_inverse=True)
    kinds = [column.different[number] for number in present]
    if all(isinstance(kind, int | float) and not isinstance(kind, bool) for kind in kinds):
        ranked = spearman(np.array(kinds, float)[places], scores)
        return None if ranked is None else ("spearman", ranked)
    names = {name: place for place, name in enumerate(sorted(set(map(str, kinds))))}
    if not 2 <= len(names) <= MOST_VALUES:
        return None
    ratio = correlation_ratio(np.array([names[str(kind)] for kind in kinds])[places], scores)
    return None if ratio is None else ("correlation_ratio", ratio)
