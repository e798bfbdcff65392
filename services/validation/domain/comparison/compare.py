"""Two samples held against each other: distances, equivalence, spread, segments, and the verdict they lead to."""

from collections.abc import Sequence

import numpy as np

from libs.contracts.comparisons import MetricDeclaration
from libs.contracts.evidence import Interval
from libs.contracts.instruments import MetricType
from libs.stats import Equivalence, Moments, compare_shares, equivalent_means, equivalent_proportions, holm
from libs.stats.distances import Distance
from services.validation.domain.comparison.judging import (
    ALPHA,
    CAVEAT,
    ENOUGH,
    FAILS_BELOW,
    HIGHEST_RATIO,
    LOWEST_RATIO,
    MARGIN_IN_SD,
    MARGIN_OF_SHARES,
    TOLERATED,
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
from services.validation.domain.comparison.supports import Numbers, Support, support_of

SEED = 20_061
DRAWS = 1_000
WIDE = 2_000
"""Values of a support beyond which fewer draws are made: a thousand of each would take seconds."""
OF_DISTANCE = "bootstrap interval of the distance, below the margin"
NO_TEST = "nobody differs from anybody, so there is no test"
AS_NUMBERS = {MetricType.ORDINAL, MetricType.NUMERIC}


def compare(
    metric: MetricDeclaration, human: Sample, simulated: Sample, margin: float | None = None
) -> ComparisonResult:
    """The simulated answers against those of people. The same samples always give the same result, to the last bit."""
    support = support_of(metric, human.answers, simulated.answers)
    counts, baseline = support.counts(simulated.answers), support.counts(human.answers)
    found = _distances(support, counts, baseline)
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
        floors=_floor(found[decides], _guess(support, baseline)) if found else None,
        equivalence=_equivalence(metric, human.answers, simulated.answers, found.get(decides), margin),
        variance_ratio=_variance_ratio(support, counts, baseline),
        segments=_segments(metric, human, simulated),
        caveat=CAVEAT,
    )
    verdict, reasons = judge(result)
    return result.model_copy(update={"verdict": verdict, "reasons": reasons})


def _distances(support: Support, counts: Numbers, baseline: Numbers) -> dict[str, Distance]:
    if not counts.sum() or not baseline.sum():
        return {}
    draws = DRAWS if len(counts) <= WIDE else DRAWS // 5
    return compare_shares(support.measures, counts, baseline, seed=SEED, draws=draws, features=support.features)


def _view(one: Distance) -> DistanceView:
    return DistanceView(value=one.value, corrected=one.corrected, interval=one.interval)


def _ceiling(name: str, one: Distance) -> NoiseCeiling:
    return NoiseCeiling(metric=name, mean=one.noise_mean, upper=one.noise_upper, p_value=one.p_value)


def _floor(one: Distance, uniform: float | None) -> Floor:
    return Floor(uniform=uniform, is_beaten=None if uniform is None else one.value < uniform)


def _guess(support: Support, baseline: Numbers) -> float | None:
    """How far a uniform guess is from the people."""
    if support.uniform is None:
        return None
    people = baseline / baseline.sum()
    return float(next(iter(support.measures.values()))(support.uniform[None, :], people[None, :])[0])


def _equivalence(
    metric: MetricDeclaration,
    human: Sequence[Answer],
    simulated: Sequence[Answer],
    distance: Distance | None,
    margin: float | None,
) -> EquivalenceView:
    """Two one-sided tests: of the means, of the shares; of anything else the distance's interval below the margin."""
    found: Equivalence | None = None
    if metric.type in AS_NUMBERS:
        people, agents = (Moments.of([x for x in of if isinstance(x, float)]) for of in (human, simulated))
        margin = margin or MARGIN_IN_SD * (people.standard_deviation or 0.0) or MARGIN_OF_SHARES
        found = equivalent_means(agents, people, margin, ALPHA)
    elif metric.type is MetricType.BINARY and human and simulated:
        margin = margin or MARGIN_OF_SHARES
        found = equivalent_proportions(*_successes(simulated), *_successes(human), margin, ALPHA)
    elif distance is not None:
        margin = margin or MARGIN_OF_SHARES
        return _view_of(OF_DISTANCE, distance.value, distance.interval, None, margin)
    if found is None:
        return _view_of(NO_TEST, None, None, None, margin or MARGIN_OF_SHARES)
    return _view_of(found.method, found.difference, found.interval, found.p_value, found.margin[1])


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


def _successes(answers: Sequence[Answer]) -> tuple[int, int]:
    return sum(answer == 1.0 for answer in answers), len(answers)


def _variance_ratio(support: Support, counts: Numbers, baseline: Numbers) -> VarianceRatio:
    """Bootstrap percentiles of the ratio, both samples drawn again."""
    value: float | None = None
    interval: Interval | None = None
    if counts.sum() >= 2 and baseline.sum() >= 2:
        agents, people = (of / of.sum() for of in (counts, baseline))
        own = float(support.spread(people[None, :])[0])
        if own > 0:
            value = float(support.spread(agents[None, :])[0]) / own
            interval = _resampled_ratio(support, counts, baseline)
    return VarianceRatio(
        value=value,
        interval=interval,
        lowest=LOWEST_RATIO,
        highest=HIGHEST_RATIO,
        conclusion=conclude(interval, LOWEST_RATIO, HIGHEST_RATIO),
    )


def _resampled_ratio(support: Support, counts: Numbers, baseline: Numbers) -> Interval:
    random, draws = np.random.default_rng(SEED), DRAWS if len(counts) <= WIDE else DRAWS // 5
    spreads = []
    for of in (counts, baseline):
        n = int(of.sum())
        drawn = [random.multinomial(n, of / n, size=min(100, draws)) / n for _ in range(0, draws, 100)]
        spreads.append(np.concatenate([support.spread(rows) for rows in drawn]) * n / (n - 1))
    ratios = spreads[0] / np.maximum(spreads[1], 1e-12)
    low, high = np.quantile(ratios, [0.025, 0.975])
    return float(low), float(high)


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
    support = support_of(metric, human.answers, simulated.answers)
    counts, baseline = support.counts(simulated.answers), support.counts(human.answers)
    decides = next(iter(support.measures))
    deciding = {decides: support.measures[decides]}
    found = compare_shares(deciding, counts, baseline, seed=SEED, draws=DRAWS // 2, features=support.features)
    agents, people = (float(support.spread((of / of.sum())[None, :])[0]) for of in (counts, baseline))
    return found[decides], agents / people if people > 0 else None


def _verdict_of_segment(n: int, distance: Distance, p: float | None) -> Verdict:
    if n < ENOUGH or p is None:
        return "inconclusive"
    if p < FAILS_BELOW and distance.corrected > TOLERATED:
        return "fail"
    return "pass" if distance.value <= distance.noise_upper else "inconclusive"


def _summary(metric: MetricDeclaration, support: Support, sample: Sample) -> SampleSummary:
    numbers = [answer for answer in sample.answers if isinstance(answer, float)]
    moments = Moments.of(numbers)
    shares = None
    if metric.type not in {MetricType.NUMERIC, MetricType.TEXT} and sample.n:
        given: list[Answer] = [answer[0] if isinstance(answer, tuple) else answer for answer in sample.answers]
        options = metric.labels if metric.type in {MetricType.CHOICE, MetricType.RANKING} else support.values
        shares = {_label(metric, option): given.count(option) / sample.n for option in options}
    return SampleSummary(
        n=sample.n,
        missing=sample.missing,
        unrecognised=sample.unrecognised,
        mean=moments.mean,
        standard_deviation=moments.standard_deviation,
        shares=shares,
    )


def _label(metric: MetricDeclaration, option: Answer) -> str:
    if not isinstance(option, float):
        return str(option)
    if metric.type is MetricType.BINARY:
        return (metric.labels or ("no", "yes"))[int(option)]
    return metric.labels[int(option) - 1] if metric.labels else f"{option:g}"
