"""How much answers differ among themselves, held against how much those of others do.

Answers are points: a number on its scale, 0 or 1 for each option, a rank for each thing that is ranked. Units (a
person, or all agents who heard each other) are independent and count the same; the answers of one unit are not.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from libs.stats.arguments import Numbers, finite_numbers, require_as_many, require_level
from libs.stats.contrast import Estimated
from libs.stats.distributions import t_critical
from libs.stats.means import satterthwaite_df

LOG_RATIO = "t interval of the log ratio of sample variances, each with its own kurtosis"
NO_SPREAD = "Clopper-Pearson limit of the share who differ, where nobody was seen to"


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """A row for each answer, with its unit (0 … G-1) and its weight in it; the weights of a unit add up to 1.

    `own` is the square of those coordinates of a row that no other row has.
    """

    rows: Numbers
    units: NDArray[np.intp]
    weights: Numbers
    own: Numbers

    @classmethod
    def of(
        cls,
        rows: ArrayLike,
        *,
        units: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        own: ArrayLike | None = None,
    ) -> "Points":
        """Answers as points; without units each is one."""
        points = finite_numbers("rows", rows)
        points = points[:, None] if points.ndim == 1 else points
        n = len(points)
        found = cls(
            points,
            np.arange(n) if units is None else np.asarray(units, dtype=np.intp),
            np.ones(n) if weights is None else finite_numbers("weights", weights),
            np.zeros(n) if own is None else finite_numbers("own", own),
        )
        for name, given in (("units", found.units), ("weights", found.weights), ("own", found.own)):
            require_as_many(name, given, "rows", points)
        totals = np.bincount(found.units, found.weights) if n else np.ones(1)
        if not np.allclose(totals, 1):
            raise ValueError("weights: those of a unit must add up to 1")
        return found

    @property
    def n(self) -> int:
        """How many units."""
        return int(self.units.max()) + 1 if len(self.units) else 0

    @property
    def only(self) -> Numbers | None:
        """The point that all answers are; None where two differ."""
        is_one = len(self.rows) and (self.rows == self.rows[0]).all() and not self.own.any()
        return self.rows[0] if is_one else None

    def squares(self, point: Numbers) -> Numbers:
        """The mean squared distance of each unit's answers from a point."""
        return self.per_unit(((self.rows - point) ** 2).sum(axis=1) + self.own)

    def per_unit(self, values: Numbers) -> Numbers:
        """The weighted mean of each unit."""
        found: Numbers = np.bincount(self.units, self.weights * values, minlength=self.n).astype(np.float64)
        return found


def sample_variance(points: Points) -> float | None:
    """Σ_g Q_g / G + Σ_g |M_g - M|² / (G (G - 1)): unbiased for the variance of an answer, also of units of several.

    Q_g is the mean squared distance of unit g's answers from the mean M of all unit means M_g. With one answer a unit
    it is Σ |x - M|² / (n - 1). The second term is what M, being the mean of these G units, takes from the first: its
    own variance (Cochran, Sampling Techniques (1977), §9.2). None below two units.
    """
    found = _spread(points)
    return None if found is None else found[0]


def variance_ratio(sample: Points, baseline: Points, confidence_level: float = 0.95) -> Estimated | None:
    """s² / s₀² with exp(ln(s²/s₀²) ± t √(v/s⁴ + v₀/s₀⁴)), t on Satterthwaite's df of G - 1 and G₀ - 1.

    v = Σ_g (Q_g - Q)² / (G (G - 1)) + 2 tr(S²) / (G (G - 1)), S the covariance of unit means: the variance of s², which
    is (μ₄ - σ⁴)/n + 2 σ⁴/(n (n - 1)) with one number a unit (Cramér, Mathematical Methods of Statistics (1946), §27.4);
    on logarithms, with the kurtosis of the data and not of a normal law: Layard, JASA 68 (1973) 195-198.

    Where all answers of the sample are one point c, the ratio is 0 and its upper limit is that of the share who differ,
    1 - (α/2)^(1/G) (Clopper & Pearson, Biometrika 26 (1934) 404-413), if these lie as the baseline's do who are not at
    c. None below two units, or where the baseline does not vary.
    """
    require_level(confidence_level)
    own, others = _spread(sample), _spread(baseline)
    if own is None or others is None or others[0] == 0:
        return None
    if own[0] == 0:
        return Estimated(0.0, (0.0, _most_unseen(sample, baseline, others[0], 1 - confidence_level)), NO_SPREAD)
    parts = [(v / (s2 * s2), n - 1) for (s2, v), n in ((own, sample.n), (others, baseline.n))]
    ratio, error = own[0] / others[0], math.sqrt(sum(v for v, _ in parts))
    half = t_critical(confidence_level, satterthwaite_df(*parts)) * error
    return Estimated(ratio, (ratio * math.exp(-half), ratio * math.exp(half)), LOG_RATIO)


def _spread(points: Points) -> tuple[float, float] | None:
    """s² and its variance."""
    n = points.n
    if n < 2:
        return None
    if points.only is not None:
        return 0.0, 0.0
    moved = points.rows - points.weights @ points.rows / n
    squares = points.per_unit((moved**2).sum(axis=1) + points.own)
    means = np.zeros((n, moved.shape[1]))
    np.add.at(means, points.units, points.weights[:, None] * moved)
    # S and the matrix of the units' products have the same trace, and so do their squares.
    products = (means.T @ means if means.shape[1] < n else means @ means.T) / (n - 1)
    s2 = float(squares.mean()) + float(np.trace(products)) / n
    v = float(squares.var(ddof=1)) / n + 2 * float((products**2).sum()) / (n * (n - 1))
    return s2, v


def _most_unseen(sample: Points, baseline: Points, variance: float, alpha: float) -> float:
    point = sample.only
    assert point is not None
    away = baseline.squares(point)
    apart = float(baseline.per_unit((((baseline.rows - point) ** 2).sum(axis=1) + baseline.own > 0) * 1.0).mean())
    share = 1 - math.pow(alpha / 2, 1 / sample.n)
    return min(1.0, share / apart) * float(away.mean()) / variance
