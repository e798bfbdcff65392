"""Answers that are not independent: several draws of one persona, people in one conversation, agents of one world.

The cluster is the unit. Taken as independent, ten draws of each of forty personas find an effect in half of all
comparisons without one. Below some ten clusters an arm no interval is reliable: use `permutation_test` or
`sign_flip_test` on the means of the clusters.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from libs.stats.arguments import Numbers, finite_numbers, require_as_many, require_level
from libs.stats.contrast import Contrast
from libs.stats.means import satterthwaite_df
from libs.stats.two_means import FIELLER, TwoMeans, contrast_of

CLUSTER_ROBUST = "cluster-robust t-test and interval"


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

    An arm's v = G/(G-1) Σ_g (Σ_i (y_i - m))² / n². Clusters of one arm only: v + v0 on Satterthwaite's df of G - 1
    and G0 - 1. Clusters in both arms: Σ_g u_g² G/(G-1) with u_g the difference of their parts, on G - 1 df. With one
    value a cluster it is Welch's test, with one in each arm the paired t-test. Liang and Zeger, Biometrika 73 (1986)
    13-22; Cameron and Miller, J. Human Resources 50 (2015) 317-372. All None where an arm is empty.
    """
    require_level(confidence_level)
    means = clustered_means(sample, baseline)
    if means is not None:
        return contrast_of(means, confidence_level, CLUSTER_ROBUST)
    difference = None
    if len(sample.values) and len(baseline.values):
        difference = math.fsum(sample.values) / len(sample.values) - math.fsum(baseline.values) / len(baseline.values)
    return Contrast(difference, None, confidence_level, None, None, None, CLUSTER_ROBUST, relative_lift_method=FIELLER)


def clustered_means(sample: Clustered, baseline: Clustered) -> TwoMeans | None:
    """The two means with their cluster-robust errors; None unless there are two clusters to compare."""
    if not sample.values or not baseline.values:
        return None
    mean, parts = _parts(sample)
    mean0, parts0 = _parts(baseline)
    shared = parts.keys() & parts0.keys()
    if not shared:
        g, g0 = len(parts), len(parts0)
        if g < 2 or g0 < 2:
            return None
        v, v0 = _squares(parts.values()) * g / (g - 1), _squares(parts0.values()) * g0 / (g0 - 1)
        return TwoMeans(mean, mean0, v, v0, satterthwaite_df((v, g - 1), (v0, g0 - 1)) if v + v0 else g + g0 - 2)
    g = len(parts.keys() | parts0.keys())
    if g < 2:
        return None
    factor = g / (g - 1)
    covariance = math.fsum(parts[cluster] * parts0[cluster] for cluster in shared) * factor
    return TwoMeans(
        mean, mean0, _squares(parts.values()) * factor, _squares(parts0.values()) * factor, g - 1, covariance
    )


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


def _parts(sample: Clustered) -> tuple[float, dict[Hashable, float]]:
    """The mean, and by how much each cluster moves it: the sum of its residuals / n."""
    n = len(sample.values)
    low, high = min(sample.values), max(sample.values)
    mean = low if low == high else math.fsum(sample.values) / n
    return mean, {
        cluster: math.fsum(value - mean for value in values) / n for cluster, values in sample.by_cluster().items()
    }


def _squares(parts: Iterable[float]) -> float:
    return math.fsum(part * part for part in parts)
