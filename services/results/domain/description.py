"""What was answered, without a test: distributions, funnel and segments.

Segments are exploratory: estimates with their intervals, no p-values, because nobody planned those comparisons.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.evidence import Estimate, Evidence, Interval
from libs.contracts.ids import ONLY_ARM
from libs.contracts.instruments import Answer, Instrument, MetricType
from services.results.domain.analysis import estimate
from services.results.domain.evidence import Evidences, evidences
from services.results.domain.journeys import (
    HazardTest,
    StageContrast,
    TimeToEvent,
    hazard_tests,
    stage_contrasts,
    times_to_event,
)
from services.results.domain.moods import Association, Mood, Point, associations, moods, series
from services.results.domain.outcomes import SCORING, Measure, outcomes_of
from services.results.domain.records import Study
from services.results.domain.replies import Replies, Reply
from services.results.domain.samples import Units, count_heads, sample_of, score_of, values_by_arm
from services.results.domain.themes import Themes, Written, themes_by_rules

MOST_POINTS = 21  # a longer scale is shown in equal classes
CLASSES = 10
REST = "unsegmented"


class Bin(Data):
    """One answer, or one class of answers."""

    label: str
    count: int
    share: float = Field(description="Of the answers that count; of all answered turns for a binary metric.")


class Distribution(Data):
    """Answers to one metric in one arm, counted by turn."""

    metric: str
    type: MetricType
    arm: str
    n: int = Field(description="Answers that count.")
    missing: int = Field(description="Answered turns without such an answer, most often because of the funnel.")
    bins: tuple[Bin, ...] = Field(description="Empty for texts. Of a ranking: how often an option came first.")


class FunnelStage(Data):
    """A binary metric of a funnel in one arm."""

    metric: str
    requires: str | None
    depth: int
    arm: str
    reached: int = Field(description="Answered turns in which the metric before was true.")
    passed: int
    share_of_reached: float | None
    share_of_all: float | None
    reached_interval: Interval | None = Field(default=None, description="Of share_of_reached; 95 %, turns as units.")
    all_interval: Interval | None = Field(default=None, description="Of share_of_all.")


class SegmentEstimate(Data):
    """An outcome in one arm of one segment."""

    metric: str
    option: str | None
    arm: str
    measure: Measure
    n: int
    value: float | None
    interval: Interval | None


class Segment(Data):
    """The estimates within one segment, and what they are worth."""

    segment: str | None = Field(description="Null for people who belong to no segment.")
    n: int
    score: SegmentEstimate | None = Field(description="The score's metric over all arms.")
    estimates: tuple[SegmentEstimate, ...]
    evidence: Evidence

    @property
    def label(self) -> str:
        """A name for the segment, also for the rest of the population."""
        return self.segment if self.segment is not None else REST


class Description(Data):
    """Everything counted, beside the analysis."""

    score: Estimate | None = Field(description="One metric over all arms: of everybody, comparing nothing.")
    distributions: tuple[Distribution, ...]
    funnel: tuple[FunnelStage, ...]
    segments: tuple[Segment, ...]
    evidence: Evidence
    moods: tuple[Mood, ...] = Field(default=(), description="Engagement and sentiment by arm.")
    series: tuple[Point, ...] = Field(default=(), description="By step and round, where there are several.")
    associations: tuple[Association, ...] = Field(
        default=(), description="What goes with who people are: exploratory, without a test."
    )
    stage_contrasts: tuple[StageContrast, ...] = Field(default=(), description="Where arms part along a funnel.")
    times_to_event: tuple[TimeToEvent, ...] = Field(default=(), description="Of yes/no metrics asked repeatedly.")
    hazard_tests: tuple[HazardTest, ...] = Field(default=(), description="Whether it comes at another pace in an arm.")
    themes: tuple[Themes, ...] = Field(default=(), description="Of texts, in two codings, with their agreement.")


def describe(study: Study, replies: Replies, written: Mapping[str, Written], *, looks: int = 1) -> Description:
    """Distributions, funnel and segments of all turns, and themes of what was written."""
    every, arms = replies.all, study.arms_among(replies.arms)
    heads = count_heads(study, arms, every)
    worth = evidences(study, heads, looks, replies.models)
    answered = [reply for reply in every if reply.is_answered]
    by_arm = {arm: [reply for reply in answered if reply.arm == arm] for arm in arms}
    return Description(
        score=score(study, arms, answered, worth),
        distributions=tuple(
            distribution(instrument, arm, by_arm[arm]) for instrument in study.instruments for arm in arms
        ),
        funnel=tuple(funnel(study.instruments, by_arm)),
        segments=tuple(segments(study, arms, answered, worth)),
        evidence=worth.overall(heads),
        moods=tuple(moods(study, arms, every, worth)),
        series=tuple(series(study, arms, every)),
        associations=tuple(associations(study, replies)),
        stage_contrasts=tuple(stage_contrasts(study, arms, every)),
        times_to_event=tuple(times_to_event(study, arms, every)),
        hazard_tests=tuple(hazard_tests(study, arms, every)),
        themes=tuple(themes_by_rules(written)),
    )


def distribution(instrument: Instrument, arm: str, replies: Sequence[Reply]) -> Distribution:
    """Answers of one arm's answered turns to one instrument."""
    answers = [reply.answers[instrument.name] for reply in replies if instrument.name in reply.answers]
    labels = [_label(instrument, answer) for answer in answers]
    counts = Counter(label for label in labels if label is not None)
    n = sum(counts.values())
    bins = tuple(
        Bin(label=label, count=counts[label], share=counts[label] / n if n else 0.0) for label in _labels(instrument)
    )
    return Distribution(metric=instrument.name, type=instrument.type, arm=arm, n=n, missing=len(answers) - n, bins=bins)


def score(study: Study, arms: Sequence[str], answered: Sequence[Reply], worth: Evidences) -> Estimate | None:
    """The primary metric over all arms, or the first one with a rate or a mean; None when there is none."""
    scorable = [outcome for outcome in outcomes_of(study.instruments) if outcome.option is None]
    primary = [outcome for outcome in scorable if outcome.instrument.role == "primary"]
    chosen = next(iter(primary + scorable), None)
    if chosen is None:
        return None
    everybody = [reply for reply in answered if reply.arm in arms]
    values = sample_of(everybody, score_of(chosen), Units(everybody))
    return estimate(chosen, ONLY_ARM, values, worth, study.confidence_level)


def funnel(instruments: Sequence[Instrument], by_arm: dict[str, list[Reply]]) -> list[FunnelStage]:
    """The binary metrics that require another one or are required, parents before children."""
    binary = [instrument for instrument in instruments if instrument.type is MetricType.BINARY]
    required = {instrument.requires for instrument in binary if instrument.requires}
    return [
        _stage(instrument, depth, arm, replies)
        for instrument, depth in _by_depth(binary, None, 0)
        if instrument.requires or instrument.name in required
        for arm, replies in by_arm.items()
    ]


def segments(study: Study, arms: Sequence[str], answered: Sequence[Reply], worth: Evidences) -> list[Segment]:
    """Estimates by segment, in the order of their names, the people without one last; none when there is one group."""
    groups: dict[str | None, list[Reply]] = defaultdict(list)
    for reply in answered:
        groups[reply.segment].append(reply)
    if set(groups) <= {None}:
        return []
    names = sorted(groups, key=lambda name: (name is None, name or ""))
    return [_segment(study, name, arms, groups[name], worth) for name in names]


def _segment(
    study: Study, name: str | None, arms: Sequence[str], replies: Sequence[Reply], worth: Evidences
) -> Segment:
    found, units = [], Units(replies)
    for outcome in outcomes_of(study.instruments):
        values = values_by_arm(outcome, arms, replies, units)
        found += [_brief(estimate(outcome, arm, values[arm], worth, study.confidence_level)) for arm in arms]
    people = {reply.own for reply in replies}
    whole = score(study, arms, replies, worth)
    return Segment(
        segment=name,
        n=len(people),
        score=_brief(whole) if whole else None,
        estimates=tuple(found),
        evidence=worth.of(len(set(map(units.of, people)))),
    )


def _brief(full: Estimate) -> SegmentEstimate:
    return SegmentEstimate.model_validate(full.model_dump(include=set(SegmentEstimate.model_fields)))


def _stage(instrument: Instrument, depth: int, arm: str, replies: Sequence[Reply]) -> FunnelStage:
    asked = [reply.answers for reply in replies if instrument.name in reply.answers]
    reached = [a for a in asked if instrument.requires is None or a.get(instrument.requires) is True]
    from libs.stats import wilson_interval

    passed = sum(answers[instrument.name] is True for answers in reached)
    return FunnelStage(
        metric=instrument.name,
        requires=instrument.requires,
        depth=depth,
        arm=arm,
        reached=len(reached),
        passed=passed,
        share_of_reached=passed / len(reached) if reached else None,
        share_of_all=passed / len(asked) if asked else None,
        reached_interval=wilson_interval(passed, len(reached)),
        all_interval=wilson_interval(passed, len(asked)),
    )


def _by_depth(binary: Sequence[Instrument], parent: str | None, depth: int) -> list[tuple[Instrument, int]]:
    """The forest of `requires` in depth-first order."""
    found = []
    for instrument in binary:
        if instrument.requires == parent and depth < len(binary):
            found += [(instrument, depth), *_by_depth(binary, instrument.name, depth + 1)]
    return found


def _labels(instrument: Instrument) -> list[str]:
    """The bins of an instrument, in the order in which they are shown."""
    match instrument.type:
        case MetricType.BINARY:
            return ["yes", "no", "not reached"] if instrument.requires else ["yes", "no"]
        case MetricType.ORDINAL | MetricType.NUMERIC:
            return [label for _, label in _classes(instrument)]
        case MetricType.CHOICE | MetricType.RANKING:
            return list(instrument.options)
        case _:
            return []


def _label(instrument: Instrument, answer: Answer) -> str | None:
    """The bin of an answer; None when it does not count."""
    match instrument.type:
        case MetricType.BINARY:
            if answer is None:
                return "not reached" if instrument.requires else None
            return {True: "yes", False: "no"}.get(answer) if isinstance(answer, bool) else None
        case MetricType.ORDINAL | MetricType.NUMERIC:
            score = SCORING[instrument.type].score(instrument, None, answer)
            return None if score is None else _class_of(instrument, score)
        case MetricType.CHOICE:
            return answer if isinstance(answer, str) and answer in instrument.options else None
        case MetricType.RANKING:
            first = answer[0] if isinstance(answer, list | tuple) and answer else None
            return first if first in instrument.options else None
        case MetricType.TEXT:
            return "text" if isinstance(answer, str) and answer.strip() else None


def _classes(instrument: Instrument) -> list[tuple[float, str]]:
    """Upper end and label of each class: every whole point of a short scale, else ten equal classes."""
    low, high = instrument.minimum or 0.0, instrument.maximum if instrument.maximum is not None else 1.0
    if instrument.type is MetricType.ORDINAL and low.is_integer() and 1 <= high - low < MOST_POINTS:
        return [(low + step, f"{low + step:g}") for step in range(int(high - low) + 1)]
    width = (high - low) / CLASSES
    ends = [low + width * (step + 1) for step in range(CLASSES)]
    return [(end, f"{end - width:g}–{end:g}") for end in ends]


def _class_of(instrument: Instrument, score: float) -> str:
    classes = _classes(instrument)
    return next((label for end, label in classes if score <= end + 1e-9), classes[-1][1])
