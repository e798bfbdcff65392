"""Two numbers of each person: moments with their covariance, from which ratio metrics, CUPED and pairs are made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from libs.stats.arguments import require_as_many, require_finite, require_level
from libs.stats.contrast import Contrast
from libs.stats.means import Moments, satterthwaite_df
from libs.stats.two_means import FIELLER, TwoMeans, contrast_of

RATIOS = "delta method with effective n: t-test and interval"


@dataclass(frozen=True, slots=True)
class Bivariate:
    """x and y of the same n people; `covariance` (n - 1) needs n >= 2, else None."""

    x: Moments
    y: Moments
    covariance: float | None

    def __post_init__(self) -> None:
        if self.x.n != self.y.n:
            raise ValueError(f"y: {self.y.n} of them, but {self.x.n} x")
        if (self.covariance is None) != (self.x.n < 2):
            raise ValueError(f"covariance: {self.covariance} does not fit n = {self.x.n}")
        require_finite("covariance", self.covariance or 0.0)

    @classmethod
    def of(cls, x: Sequence[float], y: Sequence[float]) -> "Bivariate":
        """From the values themselves, in the same order; the order itself changes nothing to the last bit."""
        require_as_many("y", y, "x", x)
        first, second = Moments.of(x), Moments.of(y)
        if first.mean is None or second.mean is None or len(x) < 2:
            return cls(first, second, None)
        products = ((a - first.mean) * (b - second.mean) for a, b in zip(x, y, strict=True))
        return cls(first, second, math.fsum(products) / (len(x) - 1))

    @classmethod
    def from_sums(cls, x: Moments, y: Moments, total_of_products: float) -> "Bivariate":
        """From the moments of each and Σ x y."""
        if x.mean is None or y.mean is None or x.n < 2:
            return cls(x, y, None)
        return cls(x, y, (total_of_products - x.n * x.mean * y.mean) / (x.n - 1))

    @property
    def n(self) -> int:
        """How many people."""
        return self.x.n

    def paired(self) -> TwoMeans | None:
        """x against y in the same people; None with fewer than two."""
        if self.covariance is None or self.x.mean is None or self.y.mean is None:
            return None
        v, v0 = (self.x.variance or 0.0) / self.n, (self.y.variance or 0.0) / self.n
        return TwoMeans(self.x.mean, self.y.mean, v, v0, self.n - 1, self.covariance / self.n)


def compare_ratios(sample: Bivariate, baseline: Bivariate, confidence_level: float = 0.95) -> Contrast:
    """Two ratio metrics R = Σx / Σy: v = Σ(x - R y)² / (Σy)² · m / (m - 1), m = (Σy)² / Σy², on Satterthwaite's df of
    m - 1 each.

    m is how many people the denominator is worth. Where events are rare, or few people have most of them, the plain
    delta method is too narrow: 94.1 % for 95 % with 33 openings among 100 people, and this one 95.0 %. Kish, Survey
    Sampling (1965) for m; Royall and Cumberland, J. American Statistical Association 76 (1981) 66-77 for the factor.
    All None where an arm has no m above 1.
    """
    require_level(confidence_level)
    arms = [_ratio(sample), _ratio(baseline)]
    known = [one for one in arms if one is not None]
    if len(known) < len(arms):
        return Contrast(None, None, confidence_level, None, None, None, RATIOS, relative_lift_method=FIELLER)
    (ratio, v, df), (base, v0, df0) = known
    both = satterthwaite_df((v, df), (v0, df0)) if v + v0 else math.inf
    return contrast_of(TwoMeans(ratio, base, v, v0, both), confidence_level, RATIOS)


def _ratio(sample: Bivariate) -> tuple[float, float, float] | None:
    """Σx / Σy, its squared standard error and that one's degrees of freedom."""
    n, plain = sample.n, ratio_moments(sample)
    if plain is None or plain.mean is None or sample.y.mean is None:
        return None
    spread = (sample.y.variance or 0.0) * (n - 1) / n / sample.y.mean**2
    worth = n / (1 + spread)
    if worth <= 1:
        return None
    return plain.mean, (plain.variance or 0.0) / n * (n - 1) / n * worth / (worth - 1), worth - 1


def ratio_moments(sample: Bivariate) -> Moments | None:
    """The ratio metric Σ x / Σ y as a mean with the variance of `ratio_variance`; with few events use `compare_ratios`.

    None with fewer than two people or where Σ y = 0.
    """
    x, y = sample.x, sample.y
    if sample.covariance is None or x.mean is None or not y.mean:
        return None
    variance = ratio_variance(x.mean, x.variance or 0.0, y.mean, y.variance or 0.0, sample.covariance)
    return Moments(sample.n, x.mean / y.mean, variance)


def ratio_variance(mean: float, variance: float, base: float, base_variance: float, covariance: float) -> float:
    """Of R = x̄ / ȳ by the delta method, times n: that of (x - R y) / ȳ, which is (s_x² - 2 R s_xy + R² s_y²) / ȳ².

    Deng, Knoblich and Lu, KDD 2018, 233-242.
    """
    ratio = mean / base
    return max(0.0, variance - 2 * ratio * covariance + ratio * ratio * base_variance) / base / base
