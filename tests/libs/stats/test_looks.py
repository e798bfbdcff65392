"""Looking after every answer, by seeded simulation: an interval for any look holds the truth as often as it says.

Each test looks from the second answer on, where nothing was known of the spread yet. Bounds are the 99.9 % range of a
binomial count.
"""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from libs.stats import (
    Bivariate,
    Estimated,
    Interval,
    Moments,
    bounded_sequence,
    monitor_mean,
    monitor_means,
    monitor_paired_means,
)

STUDIES = 120
SIX_COMPARISONS = 0.05 / 6

Draw = Callable[[np.random.Generator, int], np.ndarray]
ANSWERS: dict[str, Draw] = {
    "a scale, evenly": lambda random, n: random.integers(1, 8, n).astype(float),
    "a scale, skewed": lambda random, n: random.choice([1.0, 2.0, 7.0], p=[0.6, 0.3, 0.1], size=n),
    "a rare yes": lambda random, n: (random.random(n) < 0.05).astype(float),
    "amounts": lambda random, n: random.lognormal(0, 1.2, n),
}


def most(rate: float, studies: int = STUDIES) -> float:
    return rate + 3.29 * math.sqrt(rate * (1 - rate) / studies)


def looks(values: np.ndarray) -> Iterator[Moments]:
    """The moments of the first two values, of the first three, and so on."""
    n = np.arange(1, len(values) + 1)
    means = values.cumsum() / n
    squares = np.maximum(0.0, (values**2).cumsum() - n * means**2)
    for place in range(1, len(values)):
        yield Moments(place + 1, float(means[place]), float(squares[place]) / place)


def leaves_out(interval: Interval | None, truth: float) -> bool:
    return interval is not None and not interval[0] - 1e-9 <= truth <= interval[1] + 1e-9


@pytest.mark.parametrize("name", ANSWERS)
def test_two_equal_arms_are_rarely_told_apart_at_any_look(name: str) -> None:
    random, wrong = np.random.default_rng(1), 0
    for _ in range(STUDIES):
        arm, baseline = (looks(ANSWERS[name](random, 30)) for _ in range(2))
        found = (monitor_means(x, y, 60, 1 - SIX_COMPARISONS) for x, y in zip(arm, baseline, strict=True))
        wrong += any(leaves_out(one.interval, 0) for one in found)
    assert wrong / STUDIES <= most(SIX_COMPARISONS)  # from the second answer on: 1.7 to 8 %


def test_arms_that_have_answered_unequally_wait_for_each_other() -> None:
    random = np.random.default_rng(2)
    arm, baseline = (Moments.of(list(random.normal(5, 1, n))) for n in (20, 31))
    found = monitor_means(arm, baseline, 100)
    assert (found.interval, found.p_value) == (None, None)
    assert found.method.endswith("; while no arm has more than 1.5 times the answers of the other")
    assert monitor_means(arm, Moments.of(list(random.normal(5, 1, 30))), 100).interval is not None


def test_the_same_people_are_rarely_told_apart_at_any_look() -> None:
    random, wrong = np.random.default_rng(3), 0
    for _ in range(STUDIES):
        steps = random.choice([-1.0, 0.0, 1.0], p=[0.25, 0.5, 0.25], size=60)
        base = random.integers(2, 7, 60).astype(float)
        found = (
            monitor_paired_means(Bivariate.of(list((base + steps)[:n]), list(base[:n])), 60, 1 - SIX_COMPARISONS)
            for n in range(2, 61)
        )
        wrong += any(leaves_out(one.interval, 0) for one in found)
    assert wrong / STUDIES <= most(SIX_COMPARISONS)


@pytest.mark.parametrize("name", ["a scale, evenly", "a scale, skewed"])
def test_the_mean_of_a_scale_is_in_its_interval_at_every_look(name: str) -> None:
    random, wrong = np.random.default_rng(4), 0
    truth = {"a scale, evenly": 4.0, "a scale, skewed": 1.9}[name]
    for _ in range(STUDIES):
        found = (bounded_sequence(one, 1, 7) for one in looks(ANSWERS[name](random, 25)))
        wrong += any(one is None or leaves_out(one.interval, truth) for one in found)
    assert wrong / STUDIES <= most(0.05)  # asymptotic ones: 20 and 44 %


def test_the_mean_of_skewed_amounts_is_in_its_interval_at_every_look() -> None:
    random, wrong = np.random.default_rng(5), 0
    for _ in range(STUDIES):
        found = (monitor_mean(one, 700) for one in looks(ANSWERS["amounts"](random, 700)))
        wrong += any(one is None or leaves_out(one.interval, math.exp(0.72)) for one in found)
    assert wrong / STUDIES <= most(0.05)  # from the second answer on: 35 %


def test_before_there_are_enough_answers_the_method_says_from_how_many_on() -> None:
    few = Moments.of([1.0, 2.0, 3.0])
    alone = monitor_mean(few, 1_000)
    assert alone is not None
    assert alone.interval is None
    assert alone.method.endswith("; from 500 answers on")
    assert monitor_means(few, few, 100).method.endswith("; from 20 answers in each arm on")
    pairs = Bivariate.of([1.0, 2.0, 4.0], [1.0, 1.0, 1.0])
    assert monitor_paired_means(pairs, 100).method.endswith("; from 40 pairs on")


def test_an_interval_between_two_ends_stays_between_them_and_narrows() -> None:
    def of(n: int, mean: float = 3.0, variance: float = 2.0) -> Estimated:
        found = bounded_sequence(Moments(n, mean, variance), 1, 7)
        assert found is not None
        return found

    assert of(2).interval == (1, 7)
    widths = [high - low for low, high in (of(n).interval or (0, 0) for n in (20, 200, 2_000))]
    assert widths[0] > 2 * widths[1] > 4 * widths[2]
    turned = of(200, 5.0).interval
    assert turned is not None
    assert of(200).interval == pytest.approx((8 - turned[1], 8 - turned[0]))
    assert of(50, 1.0, 0.0).interval is not None
    assert bounded_sequence(Moments(0, None, None), 1, 7) is None
    with pytest.raises(ValueError, match=r"^high:"):
        bounded_sequence(Moments(2, 1.0, 0.0), 7, 7)
    with pytest.raises(ValueError, match=r"^mean:"):
        bounded_sequence(Moments(2, 8.0, 0.0), 1, 7)
