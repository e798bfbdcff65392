"""What holds for every comparison of two samples, whichever method: swapped, reordered, rescaled, degenerate."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.stats import (
    Bivariate,
    Clustered,
    Contrast,
    Moments,
    compare_clustered,
    compare_cuped,
    compare_means,
    compare_ordinal,
    compare_paired_means,
    compare_post_stratified,
    compare_ratios,
    compare_weighted,
    monitor_means,
    monitor_paired_means,
)

Values = list[float]
Compare = Callable[[Values, Values], Contrast]
SIZES = st.one_of(st.floats(-1e90, 1e90), st.floats(-1e-90, 1e-90), st.integers(-3, 3).map(float))
EXTREME = st.lists(st.tuples(SIZES, SIZES), min_size=4, max_size=8)
PAIRS = st.lists(st.tuples(*[st.integers(-20, 20).map(float)] * 2), min_size=4, max_size=14)


def clustered(x: Values, y: Values) -> Contrast:
    """Two values a cluster, in the order of the values, so that it does not depend on that of the list."""
    return compare_clustered(
        Clustered(sorted(x), [f"a{place // 2}" for place in range(len(x))]),
        Clustered(sorted(y), [f"b{place // 2}" for place in range(len(y))]),
    )


def stratified(x: Values, y: Values) -> Contrast:
    """Two strata: the lower and the upper half."""

    def strata(values: Values) -> dict[str, Moments]:
        ordered, half = sorted(values), len(values) // 2
        return {"low": Moments.of(ordered[:half]), "high": Moments.of(ordered[half:])}

    return compare_post_stratified(strata(x), strata(y), {"low": 2, "high": 1})


def adjusted_by_its_own_rank(x: Values, y: Values) -> Contrast:
    return compare_cuped(*(Bivariate.of(sorted(v), [float(place) for place in range(len(v))]) for v in (x, y)))


def ratios(x: Values, y: Values) -> Contrast:
    """Over a denominator that does not vary."""
    return compare_ratios(*(Bivariate.of(values, [2.0] * len(values)) for values in (x, y)))


UNPAIRED: dict[str, Compare] = {
    "means": lambda x, y: compare_means(Moments.of(x), Moments.of(y)),
    "ordinal": compare_ordinal,
    "clustered": clustered,
    "post-stratified": stratified,
    "weighted": lambda x, y: compare_weighted(x, [2.0] * len(x), y, [1.0] * len(y)),
    "CUPED": adjusted_by_its_own_rank,
    "ratio": ratios,
    "monitored": lambda x, y: monitor_means(Moments.of(x), Moments.of(y), 100),
}
PAIRED: dict[str, Compare] = {
    "paired": lambda x, y: compare_paired_means(Bivariate.of(x, y)),
    "monitored pairs": lambda x, y: monitor_paired_means(Bivariate.of(x, y), 100),
}
ALL = UNPAIRED | PAIRED


def parts(pairs: list[tuple[float, float]]) -> tuple[Values, Values]:
    return [x for x, _ in pairs], [y for _, y in pairs]


def close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-7, abs_tol=1e-7)


@pytest.mark.parametrize("name", ALL)
@given(PAIRS)
def test_swapping_the_arms_flips_every_sign(name: str, pairs: list[tuple[float, float]]) -> None:
    x, y = parts(pairs)
    one, other = ALL[name](x, y), ALL[name](y, x)
    assert close(one.difference, -(other.difference or 0.0))
    assert close(one.p_value, other.p_value)
    assert (one.interval is None) == (other.interval is None)
    if one.interval is not None and other.interval is not None:
        assert close(one.interval[0], -other.interval[1])
        assert close(one.interval[1], -other.interval[0])


@pytest.mark.parametrize("name", ALL)
@given(PAIRS)
def test_the_order_of_people_changes_nothing(name: str, pairs: list[tuple[float, float]]) -> None:
    one, other = ALL[name](*parts(pairs)), ALL[name](*parts(pairs[::-1]))
    assert close(one.difference, other.difference)
    assert close(one.p_value, other.p_value)


@pytest.mark.parametrize("name", ALL)
@given(PAIRS)
def test_other_units_scale_the_difference_and_leave_the_p_value(name: str, pairs: list[tuple[float, float]]) -> None:
    x, y = parts(pairs)
    one, other = ALL[name](x, y), ALL[name]([4 * value for value in x], [4 * value for value in y])
    factor = 1.0 if name == "ordinal" else 4.0
    assert close(other.difference, factor * (one.difference or 0.0))
    assert close(one.p_value, other.p_value)
    assert close(one.effect_size, other.effect_size)


@pytest.mark.parametrize("name", ALL)
@given(PAIRS)
def test_an_interval_holds_its_estimate_and_agrees_with_the_p_value(
    name: str, pairs: list[tuple[float, float]]
) -> None:
    found = ALL[name](*parts(pairs))
    assert found.p_value is None or 0 <= found.p_value <= 1
    if found.interval is None or found.difference is None or found.p_value is None:
        return
    low, high = found.interval
    assert low - 1e-9 <= found.difference <= high + 1e-9
    if abs(found.p_value - 0.05) > 1e-6 and min(abs(low), abs(high)) > 1e-9:
        assert (found.p_value < 0.05) == (not low <= 0 <= high)


@pytest.mark.parametrize("name", ALL)
@given(EXTREME)
def test_no_number_is_ever_infinite_or_nan(name: str, pairs: list[tuple[float, float]]) -> None:
    found = ALL[name](*parts(pairs))
    numbers = [found.difference, found.p_value, found.statistic, found.df, found.relative_lift, found.effect_size]
    for interval in (found.interval, found.relative_lift_interval, found.effect_size_interval):
        numbers += interval or ()
    assert all(number is None or math.isfinite(number) for number in numbers)


@pytest.mark.parametrize("name", ALL)
def test_equal_answers_everywhere_have_no_difference_and_no_interval(name: str) -> None:
    found = ALL[name]([3.0] * 6, [3.0] * 6)
    assert (found.difference, found.interval) == (0.0, None)
    assert found.p_value in (None, 1.0)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_not_a_number_is_refused(name: str, wrong: float) -> None:
    with pytest.raises(ValueError, match=r"^(values|baseline|x|y):"):
        ALL[name]([1.0, 2.0, wrong, 4.0], [1.0, 2.0, 3.0, 4.0])
