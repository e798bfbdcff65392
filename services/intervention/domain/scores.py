"""`aggregate_results`: one score over all arms, by segment, with its evidence.

The score describes everybody who was targeted; it is not a comparison of arms, which is the analysis' business. A
binary metric that the funnel did not reach counts as false, so every answered agent stays in the denominator.
libs.stats is imported when it is first needed: numpy and scipy would add a second to the start of the platform.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from libs.contracts.base import Data
from libs.contracts.clusters import units_of
from libs.contracts.evidence import Evidence, Interval, SampleRatioCheck
from libs.contracts.instruments import Answer, Instrument, MetricType
from libs.contracts.protocol import Plan

if TYPE_CHECKING:
    from libs.stats import Moments

UNSEGMENTED = "unsegmented"
SCORABLE = {MetricType.BINARY, MetricType.ORDINAL, MetricType.NUMERIC}
NO_CORRECTION = "none: one interval over all arms, nothing is compared"

Headcount = Mapping[tuple[str, str | None], int]
"""Assigned agents by arm and segment."""


@dataclass(frozen=True, slots=True)
class Finished:
    """One agent's finished turn in the arm the agent was assigned to."""

    agent_id: str
    arm: str
    segment: str | None
    is_answered: bool
    answers: Mapping[str, Answer]
    cluster_id: str | None = None
    """Whoever heard each other; None: the agent alone."""


class SegmentScore(Data):
    """A segment's part of the aggregate."""

    assigned: int
    total_responses: int
    response_rate: float | None
    mean_score: float | None
    confidence_interval: Interval | None


class Aggregate(Data):
    """Everybody targeted, taken together."""

    total_responses: int
    failed_responses: int
    assigned: int
    response_rate: float | None
    score_metric: str | None
    score_measure: str | None
    mean_score: float | None
    confidence_interval: Interval | None
    confidence_level: float
    method: str | None
    segment_breakdown: dict[str, SegmentScore]
    evidence: Evidence


def scored(instruments: Sequence[Instrument]) -> Instrument | None:
    """The metric behind the score: the primary one, or the first that has a mean or a rate if that one has neither."""
    scorable = [one for one in instruments if one.type in SCORABLE and not one.is_control]
    return next((each for each in scorable if each.role == "primary"), next(iter(scorable), None))


def aggregate(
    plan: Plan, assigned: Headcount, turns: Iterable[Finished], *, is_offline: bool, is_over: bool = True
) -> Aggregate:
    """The aggregate of the responses so far; intervals only once every assigned agent has answered or failed.

    `is_over`: no step is to come any more in which agents who have answered are asked again.
    """
    taken = list(turns)
    agents = _by_agent(taken)
    answered = {agent: mine for agent, mine in agents.items() if any(turn.is_answered for turn in mine)}
    met = {(turn.agent_id, turn.arm) for turn in taken}
    responses = {(turn.agent_id, turn.arm) for turn in taken if turn.is_answered}
    is_complete = is_over and len(met) == sum(assigned.values())
    instrument = scored(plan.instruments)
    level = 1 - plan.alpha
    units = units_of((turn.agent_id, turn.cluster_id) for turn in taken)
    score = _Score(instrument, level, is_complete, units)
    value, interval, method = score.of(answered.values())
    is_rate = instrument is not None and instrument.type is MetricType.BINARY
    return Aggregate(
        total_responses=len(responses),
        failed_responses=len(met) - len(responses),
        assigned=sum(assigned.values()),
        response_rate=_share(len(responses), sum(assigned.values())),
        score_metric=instrument.name if instrument else None,
        score_measure=("proportion" if is_rate else "mean") if instrument else None,
        mean_score=value,
        confidence_interval=interval,
        confidence_level=level,
        method=method,
        segment_breakdown=_by_segment(assigned, answered, score),
        evidence=_evidence(plan, agents, is_offline=is_offline, is_complete=is_complete),
    )


@dataclass(frozen=True, slots=True)
class _Score:
    """Mean or rate of one metric; there is no interval before it is complete."""

    instrument: Instrument | None
    level: float
    is_complete: bool
    units: Mapping[str, str]

    def of(self, agents: Iterable[Sequence[Finished]]) -> tuple[float | None, Interval | None, str | None]:
        """Value, interval and its method over these agents; several turns of one, and all who heard each other, count
        once.
        """
        from libs.stats import Moments

        together: dict[str, list[float]] = defaultdict(list)
        for turns in agents:
            if (value := self._mean(turns)) is not None:
                together[self.units[turns[0].agent_id]].append(value)
        values = [sum(own) / len(own) for own in together.values()]
        moments = Moments.of(values)
        if self.instrument is None:
            return moments.mean, None, None
        interval, method = _interval(self.instrument, values, moments, self.level)
        return moments.mean, interval if self.is_complete else None, method

    def _mean(self, turns: Sequence[Finished]) -> float | None:
        values = [value for turn in turns if turn.is_answered and (value := self._value(turn.answers)) is not None]
        return sum(values) / len(values) if values else None

    def _value(self, answers: Mapping[str, Answer]) -> float | None:
        return None if self.instrument is None else value_of(self.instrument, answers)


def _interval(
    instrument: Instrument, values: Sequence[float], moments: "Moments", level: float
) -> tuple[Interval | None, str]:
    """It never leaves the range that the value can be in."""
    from libs.stats import CLUSTERED_WILSON, WILSON, clustered_share_interval, mean_within, wilson_interval

    if instrument.type is not MetricType.BINARY:
        low, high = instrument.minimum, instrument.maximum
        return mean_within(moments, None if low is None or high is None else (low, high), level)
    if all(value in {0.0, 1.0} for value in values):
        return wilson_interval(int(sum(values)), len(values), level), WILSON
    return clustered_share_interval(moments, level), CLUSTERED_WILSON


def value_of(instrument: Instrument, answers: Mapping[str, Answer]) -> float | None:
    """What the answer to a metric counts as; None where there is none that counts."""
    if instrument.name not in answers:
        return None
    answer = answers[instrument.name]
    is_binary = instrument.type is MetricType.BINARY
    if is_binary and answer is None and instrument.requires:
        return 0.0
    return float(answer) if isinstance(answer, bool if is_binary else (int, float)) else None


def evidence_so_far(plan: Plan, turns: Iterable[Finished], *, is_offline: bool) -> Evidence:
    """What numbers made from these turns are worth while others are to come."""
    return _evidence(plan, _by_agent(turns), is_offline=is_offline, is_complete=False)


def _by_agent(turns: Iterable[Finished]) -> dict[str, list[Finished]]:
    agents: dict[str, list[Finished]] = defaultdict(list)
    for turn in turns:
        agents[turn.agent_id].append(turn)
    return agents


def _by_segment(
    assigned: Headcount, answered: Mapping[str, Sequence[Finished]], score: _Score
) -> dict[str, SegmentScore]:
    sizes: Counter[str] = Counter()
    for (_, segment), count in assigned.items():
        sizes[segment or UNSEGMENTED] += count
    members: dict[str, list[Sequence[Finished]]] = defaultdict(list)
    responses: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for turns in answered.values():
        segment = turns[0].segment or UNSEGMENTED
        members[segment].append(turns)
        responses[segment] |= {(turn.agent_id, turn.arm) for turn in turns if turn.is_answered}
    breakdown = {}
    for segment, size in sorted(sizes.items()):
        value, interval, _ = score.of(members[segment])
        breakdown[segment] = SegmentScore(
            assigned=size,
            total_responses=len(responses[segment]),
            response_rate=_share(len(responses[segment]), size),
            mean_score=value,
            confidence_interval=interval,
        )
    return breakdown


def _evidence(plan: Plan, agents: Mapping[str, Sequence[Finished]], *, is_offline: bool, is_complete: bool) -> Evidence:
    """Who has not answered yet is not lost: until all have finished only failures count, and no ratio is checked."""
    from libs.stats import SampleRatio, grade_c, sample_ratio

    answered = {agent: mine for agent, mine in agents.items() if any(turn.is_answered for turn in mine)}
    completed = Counter(
        arm for _, arm in {(t.agent_id, t.arm) for mine in agents.values() for t in mine if t.is_answered}
    )
    met = Counter(arm for _, arm in {(turn.agent_id, turn.arm) for mine in agents.values() for turn in mine})
    due = plan.planned_n if is_complete else met
    check = sample_ratio(plan.planned_n, completed) if is_complete else SampleRatio(None, None, False)
    units = units_of((turn.agent_id, turn.cluster_id) for turns in answered.values() for turn in turns)
    worth = grade_c(len(set(units.values())), is_offline=is_offline)
    return Evidence(
        grade=worth.grade,
        effective_n=worth.effective_n,
        effective_n_basis=worth.effective_n_basis,
        caveat=worth.caveat,
        clusters=len(set(units.values())),
        attrition={arm: (due[arm] - completed[arm]) / n for arm, n in plan.planned_n.items() if n},
        sample_ratio=SampleRatioCheck(
            planned=plan.planned_n,
            completed={arm: completed[arm] for arm in plan.planned_n},
            p_value=check.p_value,
            is_flagged=check.is_flagged,
        ),
        correction=NO_CORRECTION,
        looks=1,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
