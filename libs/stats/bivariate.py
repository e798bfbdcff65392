"""Two numbers of each person: moments with their covariance, from which ratio metrics, CUPED and pairs are made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from libs.stats.arguments import require_as_many, require_finite
from libs.stats.means import Moments
from libs.stats.two_means import TwoMeans


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


def ratio_moments(sample: Bivariate) -> Moments | None:
    """The ratio metric Σ x / Σ y as a mean with the variance of `ratio_variance`, to be compared by `compare_means`.

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
