"""Two samples held against each other: distances, equivalence, spread, segments, and the verdict they lead to."""

import math
from collections.abc import Sequence
from itertools import repeat

import numpy as np

from libs.contracts.comparisons import MetricDeclaration
from libs.contracts.evidence import Interval
from libs.contracts.instruments import MetricType
from libs.stats import (
    Estimated,
    Grouped,
    Moments,
    compare_shares,
    equivalent_means,
    equivalent_proportions,
    holm,
    sample_variance,
    variance_ratio,
)
from libs.stats.distances import Distance
from services.validation.domain.comparison.judging import (
    ALPHA,
    ENOUGH,
    FAILS_BELOW,
    HIGHEST_RATIO,
    LOWEST_RATIO,
    MARGIN_IN_SD,
    MARGIN_OF_SHARES,
    TOLERATED,
    caveat_of,
    conclude,
    judge,
)
from services.validation.domain.comparison.model import (
    ComparisonResult,
    DistanceView,
    EquivalenceView,
    Floor,
    NoiseCeiling,
    SampleSummary,
    SegmentComparison,
    VarianceRatio,
    Verdict,
)
from services.validation.domain.comparison.reading import Answer, Sample
from services.validation.domain.comparison.supports import Support, support_of

SEED = 20_061
DRAWS = 1_000
WIDE = 2_000
"""Values of a support beyond which fewer draws are made: a thousand of each would take seconds."""
OF_DISTANCE = "bootstrap interval of the distance, below the margin"
OF_UNITS = "a mean for each unit"
NO_TEST = "nobody differs from anybody, so there is no test"
AS_NUMBERS = {MetricType.ORDINAL, MetricType.NUMERIC}


def compare(
    metric: MetricDeclaration, human: Sample, simulated: Sample, margin: float | None = None
) -> ComparisonResult:
    """The simulated answers against those of people. The same samples always give the same result, to the last bit."""
    support = support_of(metric, human, simulated)
    found = _distances(support, simulated, human, list(support.measures))
    decides = next(iter(support.measures))
    summaries = [_summary(metric, support, sample) for sample in (human, simulated)]
    result = ComparisonResult(
        verdict="inconclusive",
        reasons=[],
        score=1 - found[decides].value if found else 0.0,
        metric=metric.name,
        type=metric.type,
        human=summaries[0],
        simulated=summaries[1],
        distances={name: _view(one) for name, one in found.items()},
        noise_ceiling=_ceiling(decides, found[decides]) if found else None,
        floors=_floor(found[decides], _guess(support, human)) if found else None,
        equivalence=_equivalence(metric, human, simulated, found.get(decides), margin),
        variance_ratio=_variance_ratio(support, human, simulated),
        segments=_segments(metric, human, simulated),
        caveat=caveat_of(summaries[1]),
    )
    verdict, reasons = judge(result)
    return result.model_copy(update={"verdict": verdict, "reasons": reasons})


def _distances(
    support: Support, simulated: Sample, human: Sample, names: Sequence[str], draws: int = DRAWS
) -> dict[str, Distance]:
    if not simulated.n or not human.n:
        return {}
    measures = {name: support.measures[name] for name in names}
    if len(support.values) > WIDE:
        draws //= 5
    counts, baseline = support.counts(simulated), support.counts(human)
    assert not isinstance(baseline, Grouped)
    return compare_shares(measures, counts, baseline, seed=SEED, draws=draws, features=support.features)


def _view(one: Distance) -> DistanceView:
    return DistanceView(value=one.value, corrected=one.corrected, interval=one.interval)


def _ceiling(name: str, one: Distance) -> NoiseCeiling:
    return NoiseCeiling(metric=name, mean=one.noise_mean, upper=one.noise_upper, p_value=one.p_value)


def _floor(one: Distance, uniform: float | None) -> Floor:
    return Floor(uniform=uniform, is_beaten=None if uniform is None else one.value < uniform)


def _guess(support: Support, human: Sample) -> float | None:
    """How far a uniform guess is from the people."""
    if support.uniform is None:
        return None
    people = np.asarray(support.counts(human)) / human.n
    return float(next(iter(support.measures.values()))(support.uniform[None, :], people[None, :])[0])


def _equivalence(
    metric: MetricDeclaration, human: Sample, simulated: Sample, distance: Distance | None, margin: float | None
) -> EquivalenceView:
    """Two one-sided tests of units: of means, of shares; of anything else the distance's interval below the margin."""
    if metric.type in AS_NUMBERS | {MetricType.BINARY} and human.n and simulated.n:
        own, others = simulated.numbers, human.numbers
        agents, people = Moments.of(own), Moments.of(others)
        of_sd = MARGIN_IN_SD * (people.standard_deviation or 0.0) if metric.type in AS_NUMBERS else 0.0
        margin = margin or of_sd or MARGIN_OF_SHARES
        is_plain = metric.type is MetricType.BINARY and {*own, *others} <= {0.0, 1.0}
        found = (
            equivalent_proportions(int(sum(own)), len(own), int(sum(others)), len(others), margin, ALPHA)
            if is_plain
            else equivalent_means(agents, people, margin, ALPHA)
        )
        if found is not None:
            method = found.method if simulated.grouping is None else f"{found.method}, {OF_UNITS}"
            return _view_of(method, found.difference, found.interval, found.p_value, found.margin[1])
    elif distance is not None:
        return _view_of(OF_DISTANCE, distance.value, distance.interval, None, margin or MARGIN_OF_SHARES)
    return _view_of(NO_TEST, None, None, None, margin or MARGIN_OF_SHARES)


def _view_of(
    method: str, difference: float | None, interval: Interval | None, p_value: float | None, margin: float
) -> EquivalenceView:
    return EquivalenceView(
        conclusion=conclude(interval, -margin, margin),
        method=method,
        difference=difference,
        interval=interval,
        p_value=p_value,
        margin=margin,
    )


def _variance_ratio(support: Support, human: Sample, simulated: Sample) -> VarianceRatio:
    """Alike by two one-sided tests at 5 %, which is the 90 % interval; different by the 95 % one, which is shown."""
    found, narrow = (_ratio(support, human, simulated, level) for level in (0.95, 0.90))
    interval, inner = (one.interval if one else None for one in (found, narrow))
    conclusion = conclude(interval, LOWEST_RATIO, HIGHEST_RATIO)
    if conclude(inner, LOWEST_RATIO, HIGHEST_RATIO) == "equivalent":
        conclusion = "equivalent"
    return VarianceRatio(
        value=found.value if found else None,
        interval=interval,
        lowest=LOWEST_RATIO,
        highest=HIGHEST_RATIO,
        conclusion=conclusion,
        method=found.method if found else None,
        note=support.of,
    )


def _ratio(support: Support, human: Sample, simulated: Sample, level: float) -> Estimated | None:
    agents, people = support.points_of(simulated), support.points_of(human)
    return None if agents is None or people is None else variance_ratio(agents, people, level)


def _segments(metric: MetricDeclaration, human: Sample, simulated: Sample) -> list[SegmentComparison]:
    """Every segment that both samples have, by name, each against its own people."""
    named = sorted({one for one in human.segments if one} & {one for one in simulated.segments if one})
    pairs = [(human.of(name), simulated.of(name)) for name in named]
    found = [_of_segment(metric, *pair) for pair in pairs]
    adjusted = holm([distance.p_value for distance, _ in found])
    return [
        SegmentComparison(
            segment=name,
            human_n=people.n,
            simulated_n=agents.n,
            score=1 - distance.value,
            distance=distance.value,
            noise_upper=distance.noise_upper,
            p_adjusted=p,
            variance_ratio=ratio,
            verdict=_verdict_of_segment(min(people.n, agents.n), distance, p),
        )
        for name, (people, agents), (distance, ratio), p in zip(named, pairs, found, adjusted, strict=True)
    ]


def _of_segment(metric: MetricDeclaration, human: Sample, simulated: Sample) -> tuple[Distance, float | None]:
    support = support_of(metric, human, simulated)
    decides = next(iter(support.measures))
    ratio = _ratio(support, human, simulated, 0.95)
    return _distances(support, simulated, human, [decides], DRAWS // 2)[decides], ratio.value if ratio else None


def _verdict_of_segment(n: int, distance: Distance, p: float | None) -> Verdict:
    if n < ENOUGH or p is None:
        return "inconclusive"
    if p < FAILS_BELOW and distance.corrected > TOLERATED:
        return "fail"
    return "pass" if distance.value <= distance.noise_upper else "inconclusive"


def _summary(metric: MetricDeclaration, support: Support, sample: Sample) -> SampleSummary:
    moments, grouping = Moments.of(sample.numbers), sample.grouping
    deviation = moments.standard_deviation
    if grouping is not None and deviation is not None:
        points = support.points_of(sample)
        deviation = math.sqrt(sample_variance(points) or 0.0) if points else None
    shares = None
    if metric.type not in {MetricType.NUMERIC, MetricType.TEXT} and sample.n:
        given: list[Answer] = [answer[0] if isinstance(answer, tuple) else answer for answer in sample.answers]
        options = metric.labels if metric.type in {MetricType.CHOICE, MetricType.RANKING} else support.values
        amounts = dict.fromkeys(options, 0.0)
        for answer, weight in zip(given, grouping.weights if grouping else repeat(1.0), strict=False):
            amounts[answer] += weight
        shares = {_label(metric, option): amount / sample.n for option, amount in amounts.items()}
    return SampleSummary(
        n=sample.n,
        missing=sample.missing,
        unrecognised=sample.unrecognised,
        mean=moments.mean,
        standard_deviation=deviation,
        shares=shares,
        answers=None if grouping is None else len(sample.answers),
        agents=sample.agents,
    )


def _label(metric: MetricDeclaration, option: Answer) -> str:
    if not isinstance(option, float):
        return str(option)
    if metric.type is MetricType.BINARY:
        return (metric.labels or ("no", "yes"))[int(option)]
    return metric.labels[int(option) - 1] if metric.labels else f"{option:g}"
