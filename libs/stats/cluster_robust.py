"""Answers that are not independent: several draws of one persona, people in one conversation, agents of one world.

The cluster is the unit. Taken as independent, ten draws of each of forty personas find an effect in half of all
comparisons without one. Below some ten clusters an arm no interval is reliable: use `permutation_test` or
`sign_flip_test` on the means of the clusters.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import special

from libs.stats.arguments import Numbers, finite_numbers, require_as_many, require_level
from libs.stats.contrast import Contrast
from libs.stats.means import HEDGES_G, Moments
from libs.stats.omnibus import FTest
from libs.stats.two_means import FIELLER, TTest, TwoMeans, contrast_of, t_test

CLUSTER_ROBUST = "cluster-robust t-test and interval"
CLUSTER_OMNIBUS = "cluster-robust Hotelling test"


@dataclass(frozen=True, slots=True)
class Clustered:
    """Values with the cluster of each; the same cluster in both arms is the same persona or group."""

    values: Sequence[float]
    clusters: Sequence[Hashable]

    def __post_init__(self) -> None:
        require_as_many("clusters", self.clusters, "values", self.values)
        finite_numbers("values", self.values)

    def by_cluster(self) -> dict[Hashable, list[float]]:
        """The values of each cluster."""
        found: dict[Hashable, list[float]] = {}
        for value, cluster in zip(self.values, self.clusters, strict=True):
            found.setdefault(cluster, []).append(value)
        return found


def compare_clustered(sample: Clustered, baseline: Clustered, confidence_level: float = 0.95) -> Contrast:
    """Means of all values with a variance from cluster totals of residuals: Welch's and the paired t-test,
    generalised.

    A cluster moves an arm's mean by a_g = Σ_i (y_i - m) / (n √(1 - n_g/n)) (CR2, unbiased for independent values of
    one variance); the difference has Σ_g (a_g - a0_g)², where a cluster of one arm only has no part in the other. df as
    in `clustered_contrast`. With one value a cluster it is Welch's test, with one in each arm the paired t-test. Bell
    and McCaffrey, Survey Methodology 28 (2002) 169-181; Liang and Zeger, Biometrika 73 (1986) 13-22. All None where an
    arm is empty; no interval where all of an arm is one cluster.
    """
    require_level(confidence_level)
    means = clustered_means(sample, baseline)
    if means is not None:
        return _sized(contrast_of(means, confidence_level, CLUSTER_ROBUST), sample, baseline)
    difference = None
    if len(sample.values) and len(baseline.values):
        difference = math.fsum(sample.values) / len(sample.values) - math.fsum(baseline.values) / len(baseline.values)
    return Contrast(difference, None, confidence_level, None, None, None, CLUSTER_ROBUST, relative_lift_method=FIELLER)


def _sized(contrast: Contrast, sample: Clustered, baseline: Clustered) -> Contrast:
    """With g = J d, d = difference / s, s² pooled over all values of each arm and taken as known for the interval.

    Hedges, J. Educational and Behavioral Statistics 32 (2007) 341-370, without its factor for the ICC, which is near 1.
    """
    each = [Moments.of(one.values) for one in (sample, baseline)]
    df = len(sample.values) + len(baseline.values) - 2
    pooled = math.sqrt(math.fsum((one.n - 1) * (one.variance or 0.0) for one in each) / df)
    if not pooled or contrast.difference is None:
        return replace(contrast, effect_size_name=HEDGES_G)
    scale = (1 - 3 / (4 * df - 1)) / pooled
    ends = contrast.interval and (contrast.interval[0] * scale, contrast.interval[1] * scale)
    return replace(
        contrast,
        effect_size=contrast.difference * scale,
        effect_size_interval=ends,
        effect_size_name=HEDGES_G,
    )


def clustered_means(sample: Clustered, baseline: Clustered) -> TwoMeans | None:
    """The two means with their cluster-robust errors; None unless each is of two clusters or more."""
    arm, base = _cell(sample), _cell(baseline)
    if arm is None or base is None:
        return None
    return TwoMeans(
        arm.mean, base.mean, arm.v, base.v, _degrees_of_freedom((arm, base), (1.0, -1.0)), _covariance(arm, base)
    )


def clustered_contrast(
    samples: Sequence[Clustered], weights: Sequence[float], confidence_level: float = 0.95
) -> TTest | None:
    """Σ w m over samples that may have clusters in common, variance Σ_g (Σ w a_g)²: see `compare_clustered`.

    df = (Σ w² v)² / Σ_jk ω_j ω_k tr(P_j P_k), ω = w² v / tr P, P_gh = δ_gh n_g α_g² - n_g n_h α_g α_h / n and
    α_g = 1 / (n √(1 - n_g/n)): Satterthwaite's, for values that are independent with a variance of their own in every
    sample. Bell and McCaffrey, Survey Methodology 28 (2002) 169-181; Imbens and Kolesár, Review of Economics and
    Statistics 98 (2016) 701-712. None where a sample is of fewer than two clusters, or where nothing varies.
    """
    require_as_many("weights", weights, "samples", samples)
    require_level(confidence_level)
    cells = [cell for sample in samples if (cell := _cell(sample)) is not None]
    if not cells or len(cells) < len(samples):
        return None
    moved: dict[Hashable, float] = {}
    for weight, cell in zip(weights, cells, strict=True):
        for cluster, part in cell.parts.items():
            moved[cluster] = moved.get(cluster, 0.0) + weight * part
    estimate = math.fsum(weight * cell.mean for weight, cell in zip(weights, cells, strict=True))
    return t_test(estimate, math.sqrt(_squares(moved.values())), _degrees_of_freedom(cells, weights), confidence_level)


def clustered_omnibus(samples: Sequence[Clustered]) -> FTest | None:
    """Is any mean different, where clusters may be in several samples? Hotelling's T² of differences from the first.

    F = (η - q + 1) / (η q) d' V⁻¹ d on q and η - q + 1 df, q one less than samples, η the least df of the differences.
    Hotelling, Annals of Mathematical Statistics 2 (1931) 360-378; the df after Pustejovsky and Tipton, J. Business &
    Economic Statistics 36 (2018) 672-683, simplified. None with fewer clusters than that needs, or where V is singular.
    """
    cells = [cell for sample in samples if (cell := _cell(sample)) is not None]
    q = len(samples) - 1
    if q < 1 or len(cells) < len(samples):
        return None
    first, others = cells[0], cells[1:]
    df = min(_degrees_of_freedom((cell, first), (1.0, -1.0)) for cell in others)
    clusters = sorted({cluster for cell in cells for cluster in cell.parts}, key=repr)
    moved = np.array([[cell.parts.get(c, 0.0) - first.parts.get(c, 0.0) for c in clusters] for cell in others])
    differences = np.array([cell.mean - first.mean for cell in others])
    variance = moved @ moved.T
    if not df - q + 1 > 0 or np.linalg.matrix_rank(variance) < q:
        return None
    statistic = float(differences @ np.linalg.solve(variance, differences)) * (df - q + 1) / (df * q)
    p_value = float(special.fdtrc(q, df - q + 1, statistic))
    return FTest(statistic, q, p_value, CLUSTER_OMNIBUS, df - q + 1)


def intraclass_correlation(sample: Clustered) -> float | None:
    """ICC of the one-way analysis of variance: (MSB - MSW) / (MSB + (m₀ - 1) MSW), m₀ the average cluster size.

    m₀ = (n - Σ m²/n) / (G - 1); may be below 0 by chance. Donner and Koval, Biometrics 36 (1980) 19-25. None with fewer
    than two clusters, or without a cluster of two, or where nothing varies.
    """
    groups = sorted(sorted(values) for values in sample.by_cluster().values())
    n, g = len(sample.values), len(groups)
    if g < 2 or n == g:
        return None
    mean = math.fsum(sample.values) / n
    own = [math.fsum(values) / len(values) for values in groups]
    between = math.fsum(len(values) * (m - mean) ** 2 for values, m in zip(groups, own, strict=True)) / (g - 1)
    within = math.fsum((value - m) ** 2 for values, m in zip(groups, own, strict=True) for value in values) / (n - g)
    size = (n - math.fsum(len(values) ** 2 for values in groups) / n) / (g - 1)
    total = between + (size - 1) * within
    return (between - within) / total if total > 0 else None


def cluster_means(sample: Clustered) -> Numbers:
    """One value a cluster, in ascending order: what the tests of independent units take."""
    return np.sort([math.fsum(values) / len(values) for values in sample.by_cluster().values()])


class _Weight(NamedTuple):
    """What P is made of: the same for all clusters of one size."""

    square: float
    """n_g α_g²: the diagonal of P before its mean is taken off."""
    root: float
    """n_g α_g / √n."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """A mean, by how much each cluster moves it, and what P of `clustered_contrast` is made of."""

    mean: float
    parts: dict[Hashable, float]
    weights: "dict[Hashable, _Weight]"

    @property
    def v(self) -> float:
        """The squared standard error of the mean."""
        return _squares(self.parts.values())


def _cell(sample: Clustered) -> _Cell | None:
    """None with fewer than two clusters, which show nothing of how much they differ."""
    groups, n = sample.by_cluster(), len(sample.values)
    if len(groups) < 2:
        return None
    low, high = min(sample.values), max(sample.values)
    mean = low if low == high else math.fsum(sample.values) / n
    alpha = {size: 1 / (n * math.sqrt(1 - size / n)) for size in set(map(len, groups.values()))}
    weights = {size: _Weight(size * a**2, size * a / math.sqrt(n)) for size, a in alpha.items()}
    return _Cell(
        mean,
        {c: alpha[len(values)] * math.fsum(value - mean for value in values) for c, values in groups.items()},
        {c: weights[len(values)] for c, values in groups.items()},
    )


def _degrees_of_freedom(cells: Sequence[_Cell], weights: Sequence[float]) -> float:
    own = [weight * weight * cell.v for weight, cell in zip(weights, cells, strict=True)]
    known = [(v, cell) for v, cell in zip(own, cells, strict=True) if v > 0]
    if not known:
        return math.inf
    total = math.fsum(v for v, _ in known)
    trace = [_squares(one.root for one in cell.weights.values()) for _, cell in known]
    diagonal = [math.fsum(one.square for one in cell.weights.values()) for _, cell in known]
    share = [v / total / (d - t) for (v, _), d, t in zip(known, diagonal, trace, strict=True)]
    return 1 / math.fsum(
        a * b * _trace_of_product(one, other)
        for a, (_, one) in zip(share, known, strict=True)
        for b, (_, other) in zip(share, known, strict=True)
    )


def _trace_of_product(one: _Cell, other: _Cell) -> float:
    """tr(P Q), with P = D - u u' of each."""
    shared = [(weight, other.weights[c]) for c, weight in one.weights.items() if c in other.weights]
    crossed = math.fsum(a.root * b.root for a, b in shared)
    return crossed * crossed + math.fsum(
        a.square * b.square - a.square * b.root**2 - b.square * a.root**2 for a, b in shared
    )


def _covariance(one: _Cell, other: _Cell) -> float:
    return math.fsum(part * other.parts[cluster] for cluster, part in one.parts.items() if cluster in other.parts)


def _squares(parts: Iterable[float]) -> float:
    return math.fsum(part * part for part in parts)
