"""Intervals for any statistic of independent clusters by resampling them: medians, funnels, distances, whatever.

What is drawn with replacement is the cluster (a person with all answers, a conversation), within each sample. The
seed is an argument, so the same data give the same bytes; the order of clusters changes nothing.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from libs.stats.arguments import Numbers, finite_numbers, require_level
from libs.stats.contrast import Estimated
from libs.stats.distributions import t_critical

BCA = "bias-corrected and accelerated (BCa) bootstrap of clusters, expanded for few clusters"
DRAWS = 2_000
FEWEST_CLUSTERS = 3
Clusters = Sequence[ArrayLike]


def bootstrap(
    samples: Sequence[Clusters],
    statistic: Callable[..., float],
    *,
    seed: int,
    draws: int = DRAWS,
    confidence_level: float = 0.95,
) -> Estimated | None:
    """BCa interval of statistic(rows of sample 1, rows of sample 2, …); each sample is a list of clusters of rows.

    The limits are the quantiles Φ(z₀ + (z₀ + z)/(1 - a(z₀ + z))) of the draws, z₀ from the share of draws below the
    estimate, a from leaving out one cluster at a time and z = t(G-1) √(G/(G-1)). Efron, JASA 82 (1987) 171-185;
    several samples as in Davison and Hinkley, Bootstrap Methods (1997), §5.4. None when a sample is empty, no
    interval below three clusters in one, or where the draws are all the same.
    """
    require_level(confidence_level)
    if not samples or not all(len(clusters) for clusters in samples):
        return None
    rows = [_Rows(clusters) for clusters in samples]
    estimate = float(statistic(*(each.all() for each in rows)))
    if min(each.size for each in rows) < FEWEST_CLUSTERS:
        return Estimated(estimate, None, BCA)
    random = np.random.default_rng(seed)
    drawn = np.array(
        [statistic(*(each.take(random.integers(0, each.size, each.size)) for each in rows)) for _ in range(draws)]
    )
    if not np.isfinite(drawn).all():
        raise ValueError("statistic: must be finite for every draw of the clusters")
    if drawn.min() == drawn.max():
        return Estimated(estimate, None, BCA)
    fewest = min(each.size for each in rows)
    # Draws vary less than the clusters do, by (G-1)/G, and know their spread as if exactly.
    z = t_critical(confidence_level, fewest - 1) * math.sqrt(fewest / (fewest - 1))
    return Estimated(estimate, _bca(drawn, estimate, _acceleration(rows, statistic), z), BCA)


class _Rows:
    """The rows of a sample's clusters, in an order that does not depend on the one they came in."""

    def __init__(self, clusters: Clusters) -> None:
        parts = [finite_numbers("samples", cluster) for cluster in clusters]
        parts.sort(key=lambda part: (part.shape, part.tolist()))
        self.size = len(parts)
        self._rows = np.concatenate(parts)
        lengths = np.array([len(part) for part in parts])
        self._is_flat = bool((lengths == 1).all())
        self._places = np.split(np.arange(len(self._rows)), np.cumsum(lengths)[:-1])

    def all(self) -> Numbers:
        return self._rows

    def take(self, chosen: NDArray[np.int64]) -> Numbers:
        places = chosen if self._is_flat else np.concatenate([self._places[cluster] for cluster in chosen])
        rows: Numbers = self._rows[places]
        return rows


def _acceleration(rows: Sequence[_Rows], statistic: Callable[..., float]) -> float:
    """Σ l³/n³ / (6 (Σ l²/n²)^1.5) over all clusters of all samples, l = (n-1)(mean - value without the cluster)."""
    cubes, squares = [], []
    for place, each in enumerate(rows):
        others = [other.all() for other in rows]
        without = []
        for left_out in range(each.size):
            others[place] = each.take(np.delete(np.arange(each.size), left_out))
            without.append(float(statistic(*others)))
        influence = (each.size - 1) * (math.fsum(without) / each.size - np.array(without))
        cubes.append(float((influence**3).sum()) / each.size**3)
        squares.append(float((influence**2).sum()) / each.size**2)
    scale = math.fsum(squares) ** 1.5
    return math.fsum(cubes) / (6 * scale) if scale > 0 and math.isfinite(scale) else 0.0


def _bca(drawn: Numbers, estimate: float, acceleration: float, critical: float) -> tuple[float, float]:
    below = (float((drawn < estimate).sum()) + float((drawn == estimate).sum()) / 2) / len(drawn)
    bias = float(special.ndtri(min(max(below, 1 / len(drawn)), 1 - 1 / len(drawn))))
    limits = []
    for z in (-critical, critical):
        shifted = bias + z
        limits.append(float(special.ndtr(bias + shifted / max(1e-3, 1 - acceleration * shifted))))
    low, high = np.quantile(drawn, limits)
    return float(low), float(high)
