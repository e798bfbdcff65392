"""Journeys: where two arms part along a funnel, and how many rounds it takes until something happens.

The difference of all people who got to a stage is a randomised comparison; among those who reached the stage before it
describes. The tests of both are those of the analysis; here are differences with their intervals. Time is counted in
rounds; an agent whose answers end before it happened was watched until then and has not said no.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.evidence import Interval
from libs.contracts.instruments import Instrument, MetricType
from services.results.domain.finding import correct
from services.results.domain.records import Study
from services.results.domain.replies import Reply
from services.results.domain.samples import Units, by_agent

if TYPE_CHECKING:
    from libs.stats import Contrast, HypothesisTest, Watched


class StageContrast(Data):
    """One stage of a funnel in an arm against the baseline."""

    metric: str
    arm: str
    baseline: str
    pairs: int | None = Field(description="People in both arms; null between subjects, and where groups are compared.")
    of_all: float | None
    of_all_interval: Interval | None
    of_reached: float | None = Field(description="Among those who reached the stage before, in both arms if paired.")
    of_reached_interval: Interval | None


class SurvivalPoint(Data):
    """After a round: how many it had not happened to, of those still watched."""

    round: int
    at_risk: int
    events: int
    survival: float
    interval: Interval | None


class TimeToEvent(Data):
    """Kaplan-Meier's curve of a yes/no metric in one arm: the share to whom it has not happened yet."""

    metric: str
    arm: str
    n: int
    events: int
    median_rounds: float | None = Field(description="Null when it happened to fewer than half.")
    curve: tuple[SurvivalPoint, ...]


class HazardTest(Data):
    """Whether a yes/no metric comes at another pace in an arm than in the baseline: the log-rank test."""

    metric: str
    arm: str
    baseline: str
    statistic: float | None = Field(description="Chi square on one degree of freedom.")
    p_value: float
    p_value_adjusted: float | None = Field(description="Corrected over all of these tests, by the plan's rule.")
    method: str = Field(default="log-rank test", description="Robust to clusters where people are not independent.")


Passed = dict[str, tuple[bool, bool]]
WAYS = {(a, b): (a, b) for a in (False, True) for b in (False, True)}
"""One object each for as many as went it."""


def stage_contrasts(study: Study, arms: Sequence[str], replies: Sequence[Reply]) -> list[StageContrast]:
    """Every stage that requires another, each arm against the baseline."""
    if study.plan is None:
        return []
    baseline, units = study.baseline(arms), Units(replies)
    stages = [one for one in study.instruments if one.type is MetricType.BINARY and one.requires is not None]
    return [
        _contrast(study, stage, arm, baseline, _passed(stage, arm, replies), _passed(stage, baseline, replies), units)
        for stage in stages
        for arm in arms
        if arm != baseline
    ]


def times_to_event(study: Study, arms: Sequence[str], replies: Sequence[Reply]) -> list[TimeToEvent]:
    """Yes/no metrics that were asked in several rounds."""
    from libs.stats import kaplan_meier, median_survival

    found, units = [], Units(replies)
    for instrument in study.instruments:
        for arm, (_, watched) in _watched(instrument, arms, replies, units).items():
            curve = tuple(
                SurvivalPoint(
                    round=int(step.time),
                    at_risk=step.at_risk,
                    events=step.events,
                    survival=step.survival,
                    interval=step.interval,
                )
                for step in kaplan_meier(watched, study.confidence_level)
            )
            found.append(
                TimeToEvent(
                    metric=instrument.name,
                    arm=arm,
                    n=len(watched.times),
                    events=sum(watched.is_event),
                    median_rounds=median_survival(watched),
                    curve=curve,
                )
            )
    return found


def hazard_tests(study: Study, arms: Sequence[str], replies: Sequence[Reply]) -> list[HazardTest]:
    """Every arm against the baseline, by the metrics of `times_to_event`; robust to clusters where the same people are
    in both arms, or people heard each other.
    """
    from libs.stats import clustered_log_rank, log_rank

    if study.plan is None:
        return []
    baseline, units = study.baseline(arms), Units(replies)
    found: list[tuple[str, str, HypothesisTest]] = []
    for instrument in study.instruments:
        watched = _watched(instrument, arms, replies, units)
        base = watched.pop(baseline, None)
        for arm, one in watched.items():
            if base is None or not one.is_comparable(base):
                continue
            both = one.watched, base.watched
            together = [unit for side in both for unit in side.clusters or ()]
            is_apart = len(set(together)) == len(together)
            test = log_rank(both) if is_apart else clustered_log_rank(*both)
            if test is not None:
                found.append((instrument.name, arm, test))
    adjusted = correct(study, [test.p_value for *_, test in found])
    return [
        HazardTest(
            metric=metric,
            arm=arm,
            baseline=baseline,
            statistic=test.statistic,
            p_value=test.p_value,
            p_value_adjusted=fair,
            method=test.method,
        )
        for (metric, arm, test), fair in zip(found, adjusted, strict=True)
    ]


def _watched(
    instrument: Instrument, arms: Sequence[str], replies: Sequence[Reply], units: Units
) -> "dict[str, _Watching]":
    """By arm, of each agent with its unit: the round of its first yes, or the last one up to which it answered in all.
    Of a yes/no metric, in arms that were asked in several rounds, or no longer than another because everybody had said
    yes. After a round without an answer nobody knows whether the next yes is the first.
    """
    from libs.stats import Watched

    asked = [reply for reply in replies if reply.is_answered and instrument.name in reply.answers]
    if instrument.type is not MetricType.BINARY or len({reply.round for reply in asked}) < 2:
        return {}
    found: dict[str, _Watching] = {}
    for arm in arms:
        mine = [reply for reply in asked if reply.arm == arm]
        schedule = tuple(sorted({reply.round for reply in mine}))
        times, events, names = list[float](), list[bool](), list[str]()
        for own, given in groupby(mine, key=by_agent):
            said = defaultdict[int, bool](bool)
            for reply in given:
                said[reply.round] |= reply.answers[instrument.name] is True
            until = list(takewhile(said.__contains__, schedule))
            first = next((at for at in until if said[at]), None)
            if until:
                times.append(float(until[-1] if first is None else first))
                events.append(first is not None)
                names.append(units.of(own))
        if names:
            found[arm] = _Watching(schedule, Watched(times, events, names))
    return {arm: one for arm, one in found.items() if any(one.is_comparable(other) for other in found.values())}


class _Watching(NamedTuple):
    """The rounds in which people of an arm were asked, and what came of it."""

    rounds: tuple[int, ...]
    watched: "Watched"

    def is_comparable(self, other: "_Watching") -> bool:
        """Whether both were asked in the same rounds, in several, as far as the shorter one goes."""
        short, long = sorted((self.rounds, other.rounds), key=len)
        return len(long) > 1 and long[: len(short)] == short


def _passed(stage: Instrument, arm: str, replies: Sequence[Reply]) -> Passed:
    """Of each agent whether it ever reached the stage before and this one."""
    found: Passed = {}
    for reply in replies:
        if reply.arm == arm and reply.is_answered and stage.name in reply.answers:
            reached, passed = found.get(reply.own, (False, False))
            reached = reached or reply.answers.get(str(stage.requires)) is True
            passed = passed or reply.answers[stage.name] is True
            found[reply.own] = WAYS[reached, passed]
    return found


def _contrast(
    study: Study,
    stage: Instrument,
    arm: str,
    baseline: str,
    mine: Passed,
    others: Passed,
    units: Units,
) -> StageContrast:
    from libs.stats import PairedCounts, compare_paired_proportions

    level = study.confidence_level
    is_paired = study.is_within and units.are_agents  # else groups are what is independent
    if is_paired:
        both = sorted(mine.keys() & others.keys())
        came = [agent for agent in both if mine[agent][0] and others[agent][0]]
        whole, part = (
            compare_paired_proportions(
                PairedCounts.of([mine[a][1] for a in people], [others[a][1] for a in people]), level
            )
            for people in (both, came)
        )
    else:
        whole = _apart(mine, others, units, level)
        came_mine, came_others = ({a: one for a, one in given.items() if one[0]} for given in (mine, others))
        part = _apart(came_mine, came_others, units, level)
    return StageContrast(
        metric=stage.name,
        arm=arm,
        baseline=baseline,
        pairs=len(mine.keys() & others.keys()) if is_paired else None,
        of_all=whole.difference,
        of_all_interval=whole.interval,
        of_reached=part.difference,
        of_reached_interval=part.interval,
    )


def _apart(mine: Passed, others: Passed, units: Units, level: float) -> "Contrast":
    """Shares of people who may have heard each other, or be in both arms."""
    from libs.stats import Clustered, compare_clustered, compare_proportions

    are_apart = mine.keys().isdisjoint(others)
    if not units.are_alone:
        are_apart = len({units.of(agent) for given in (mine, others) for agent in given}) == len(mine) + len(others)
    if are_apart:
        passed, others_passed = (sum(has for _, has in given.values()) for given in (mine, others))
        return compare_proportions(passed, len(mine), others_passed, len(others), level)
    own, base = (
        Clustered([float(passed) for _, passed in given.values()], list(map(units.of, given)))
        for given in (mine, others)
    )
    return compare_clustered(own, base, level)
