"""How far two samples are apart: whole distributions, never a mean alone.

A distance is never negative, so two samples of the same people are at a distance above 0: compare it with the noise of
sampling (`sampling_noise`), not with 0. Intervals are bootstrapped and moved by the bias that this gives a distance.
Everything works on shares of a finite support, so one resampling serves classes, scales, numbers, rankings and words.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from libs.stats.arguments import require_count, require_level
from libs.stats.distributions import Interval

Numbers: TypeAlias = NDArray[np.float64]
Measure: TypeAlias = Callable[[Numbers, Numbers], Numbers]
"""A distance of shares: rows of one against rows of the other."""
CELLS = 2_000_000  # shares that are resampled at a time


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """Answers of units that gave several: the place of each on a support of `size`, its unit (0 … G-1), its weight.

    The weights of a unit add up to 1: units count the same, however much they said.
    """

    places: NDArray[np.intp]
    units: NDArray[np.intp]
    weights: Numbers
    size: int

    @property
    def n(self) -> int:
        """How many units."""
        return int(self.units.max()) + 1

    @property
    def shares(self) -> Numbers:
        """The shares of the support."""
        return np.bincount(self.places, self.weights, minlength=self.size) / self.n

    @property
    def width(self) -> int:
        """How much a drawn sample takes up."""
        return max(self.size, len(self.places))

    def drawn(self, random: np.random.Generator, rows: int) -> Numbers:
        """Shares of as many units drawn with replacement, a row for each sample: a unit comes with all it said."""
        times = random.multinomial(self.n, np.full(self.n, 1 / self.n), size=rows)
        cells = np.arange(rows)[:, None] * self.size + self.places[None, :]
        amounts = np.bincount(cells.ravel(), (times[:, self.units] * self.weights).ravel(), minlength=rows * self.size)
        found: Numbers = amounts.reshape(rows, self.size) / self.n
        return found


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance of a sample from a baseline, beside what two samples of the baseline's people would show.

    `corrected` is the distance less what sampling adds to it. `noise_mean` and `noise_upper` (exceeded by 5 %) are of
    two samples of these sizes; `p_value` is the share of them that are at least as far apart as the two at hand.
    """

    value: float
    corrected: float
    interval: Interval
    noise_mean: float
    noise_upper: float
    p_value: float


def total_variation(counts: Sequence[int], baseline: Sequence[int]) -> float | None:
    """½ Σ |p - q|: the share of people who would have to change class to make both alike. None when one has nobody."""
    return _plain(variation_of, counts, baseline)


def jensen_shannon(counts: Sequence[int], baseline: Sequence[int]) -> float | None:
    """√(½ KL(p‖m) + ½ KL(q‖m)) with m = (p+q)/2 and logarithms to base 2: a distance between 0 and 1, None as above.

    Endres & Schindelin, IEEE Transactions on Information Theory 49 (2003) 1858-1860.
    """
    return _plain(divergence_of, counts, baseline)


def wasserstein(
    values: ArrayLike, baseline: ArrayLike, weights: ArrayLike | None = None, baseline_weights: ArrayLike | None = None
) -> float | None:
    """∫ |F - G|: how far answers have to be moved, on average, to make both alike. None when a sample is empty.

    In units of the answers. Vallender, Theory of Probability and its Applications 18 (1974) 784-786.
    """
    x, y = (np.asarray(sample, dtype=np.float64) for sample in (values, baseline))
    if not len(x) or not len(y):
        return None
    places = np.unique(np.concatenate([x, y]))
    p, q = (_on(places, sample, weight) for sample, weight in ((x, weights), (y, baseline_weights)))
    return float(moved(places)(p[None, :], q[None, :])[0])


def kolmogorov_smirnov(values: ArrayLike, baseline: ArrayLike) -> float | None:
    """sup |F - G| of two samples' distribution functions: between 0 and 1; None when one sample is empty.

    Smirnov, Annals of Mathematical Statistics 19 (1948) 279-281.
    """
    x, y = (np.asarray(sample, dtype=np.float64) for sample in (values, baseline))
    if not len(x) or not len(y):
        return None
    places = np.unique(np.concatenate([x, y]))
    return float(gap_of(_on(places, x, None)[None, :], _on(places, y, None)[None, :])[0])


def variation_of(p: Numbers, q: Numbers) -> Numbers:
    """Total variation of shares, row by row."""
    found: Numbers = np.abs(p - q).sum(axis=-1) / 2
    return found


def divergence_of(p: Numbers, q: Numbers) -> Numbers:
    """Jensen–Shannon distance of shares, row by row."""
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [np.where(one > 0, one * np.log2(one / middle), 0.0) for one in (p, q)]
    found: Numbers = np.sqrt(np.clip((terms[0] + terms[1]).sum(axis=-1) / 2, 0.0, 1.0))
    return found


def gap_of(p: Numbers, q: Numbers) -> Numbers:
    """Kolmogorov–Smirnov distance of shares of places in rising order, row by row."""
    found: Numbers = np.abs(np.cumsum(p - q, axis=-1)).max(axis=-1)
    return found


def moved(places: Numbers) -> Measure:
    """The Wasserstein distance of shares of these places in rising order, row by row."""
    steps = np.diff(places)

    def distance(p: Numbers, q: Numbers) -> Numbers:
        found: Numbers = np.abs(np.cumsum(p - q, axis=-1)[..., :-1]) @ steps
        return found

    return distance


def through(features: Numbers, measure: Measure) -> Measure:
    """A distance of what the support stands for: shares are first taken to shares of features (rows: support)."""

    def distance(p: Numbers, q: Numbers) -> Numbers:
        return measure(_normal(p @ features), _normal(q @ features))

    return distance


def compare_shares(
    measures: Mapping[str, Measure],
    counts: ArrayLike | Grouped,
    baseline: ArrayLike,
    *,
    seed: int,
    draws: int = 1_000,
    confidence_level: float = 0.95,
    features: ArrayLike | None = None,
) -> dict[str, Distance]:
    """Each distance between two samples counted on one support, with a bootstrap interval and its noise.

    Both samples are drawn again with replacement, which puts them further apart by the bias b. The interval goes from
    the lower percentile - 2b (0 where p > 1 - level: two samples of the same people would be as far apart) to the upper
    percentile. The noise is that of pairs drawn from the baseline alone, the split halves of a human sample. Efron &
    Tibshirani, An Introduction to the Bootstrap (1993), §10.3, §13.3; Davison & Hinkley (1997), §4.4.

    Of a `Grouped` sample units are drawn, each with all of its answers (Davison & Hinkley, §3.8), and the noise is that
    of as many people as it has units: a unit is taken to be worth one person, which is the least it can be worth.

    `features` (a row for each value of the support): what is compared are shares of these, as by `through`.
    """
    require_level(confidence_level)
    others = _counted("baseline", baseline)
    sample = counts if isinstance(counts, Grouped) else _counted("counts", counts)
    if len(sample.shares) != len(others.shares):
        raise ValueError(f"baseline: {len(others.shares)} classes, but counts has {len(sample.shares)}")
    p, q = sample.shares, others.shares
    random, tail = np.random.default_rng(seed), (1 - confidence_level) / 2
    seen = None if features is None else np.asarray(features, dtype=np.float64)
    again = _distances(measures, random, (sample, others), draws, seen)
    halves = _distances(measures, random, (_Counted(q, sample.n), others), draws, seen)
    found = {}
    for name, measure in measures.items():
        value = float(measure(_seen(p[None, :], seen), _seen(q[None, :], seen))[0])
        low, high = (float(end) for end in np.quantile(again[name], [tail, 1 - tail]))
        bias = max(0.0, float(again[name].mean()) - value)
        p_value = (1 + int((halves[name] >= value - 1e-12).sum())) / (1 + draws)
        found[name] = Distance(
            value=value,
            corrected=max(0.0, value - bias),
            interval=(0.0 if p_value > 1 - confidence_level else max(0.0, low - 2 * bias), high),
            noise_mean=float(halves[name].mean()),
            noise_upper=float(np.quantile(halves[name], 0.95)),
            p_value=p_value,
        )
    return found


class _Counted(NamedTuple):
    """Shares of a support, and of how many independent answers they are."""

    shares: Numbers
    n: int

    @property
    def width(self) -> int:
        return len(self.shares)

    def drawn(self, random: np.random.Generator, rows: int) -> Numbers:
        found: Numbers = random.multinomial(self.n, self.shares, size=rows) / self.n
        return found


def _counted(name: str, counts: ArrayLike) -> _Counted:
    amounts = np.asarray(counts, dtype=np.float64)
    n = int(amounts.sum())
    if not n:
        raise ValueError(f"{name}: a sample without anybody is at no distance")
    return _Counted(amounts / n, n)


def _distances(
    measures: Mapping[str, Measure],
    random: np.random.Generator,
    pair: tuple[_Counted | Grouped, _Counted],
    draws: int,
    features: Numbers | None,
) -> dict[str, Numbers]:
    """Distances of `draws` pairs of samples, in portions: wide supports are not to fill the memory."""
    portion = max(1, min(draws, CELLS // max(one.width for one in pair)))
    drawn: dict[str, list[Numbers]] = {name: [] for name in measures}
    for start in range(0, draws, portion):
        rows = min(portion, draws - start)
        p, q = (_seen(one.drawn(random, rows), features) for one in pair)
        for name, measure in measures.items():
            drawn[name].append(measure(p, q))
    return {name: np.concatenate(parts) for name, parts in drawn.items()}


def _seen(shares: Numbers, features: Numbers | None) -> Numbers:
    return shares if features is None else _normal(shares @ features)


def _plain(measure: Measure, counts: Sequence[int], baseline: Sequence[int]) -> float | None:
    if len(counts) != len(baseline):
        raise ValueError(f"baseline: {len(baseline)} classes, but counts has {len(counts)}")
    for name, given in (("counts", counts), ("baseline", baseline)):
        for count in given:
            require_count(name, count)
    if not sum(counts) or not sum(baseline):
        return None
    p, q = (np.asarray(given, dtype=np.float64) / math.fsum(given) for given in (counts, baseline))
    return float(measure(p[None, :], q[None, :])[0])


def _on(places: Numbers, values: Numbers, weights: ArrayLike | None) -> Numbers:
    weight = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    amounts = np.bincount(np.searchsorted(places, values), weight, minlength=len(places))
    return _normal(amounts.astype(np.float64))


def _normal(amounts: Numbers) -> Numbers:
    totals = amounts.sum(axis=-1, keepdims=True)
    shares: Numbers = np.divide(amounts, totals, out=np.zeros_like(amounts), where=totals > 0)
    return shares
