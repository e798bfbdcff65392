"""Chi-square tests of counts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.stats import goodness_of_fit, independence_test, pooled_z

TABLES = st.integers(1, 5).flatmap(
    lambda columns: st.lists(st.lists(st.integers(0, 80), min_size=columns, max_size=columns), max_size=4)
)


@pytest.mark.parametrize(
    ("observed", "expected", "argument"),
    [([1], [1, 1], "expected"), ([-1, 2], [1, 1], "observed"), ([1, 1], [1, 0], "expected")],
)
def test_goodness_of_fit_refuses_impossible_counts_by_name(
    observed: list[int], expected: list[float], argument: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{argument}:"):
        goodness_of_fit(observed, expected)


def test_goodness_of_fit_is_undefined_with_one_class_or_nothing_observed() -> None:
    assert goodness_of_fit([5], [1]) is None
    assert goodness_of_fit([0, 0], [1, 1]) is None


def test_the_smallest_expected_count_is_reported() -> None:
    fit, table = goodness_of_fit([6, 2], [3, 1]), independence_test([[9, 1], [7, 3]])
    assert fit is not None
    assert table is not None
    assert (fit.smallest_expected, table.smallest_expected) == (2.0, 2.0)


def test_a_table_is_undefined_unless_two_rows_and_two_columns_have_counts() -> None:
    for table in ([], [[]], [[3, 4]], [[3], [4]], [[3, 4], [0, 0]], [[0, 4], [0, 5]]):
        assert independence_test(table) is None


def test_an_option_that_nobody_chose_changes_nothing() -> None:
    assert independence_test([[9, 0, 4], [5, 0, 8]]) == independence_test([[9, 4], [5, 8]])


def test_arms_that_share_no_answer_have_the_largest_effect() -> None:
    test = independence_test([[20, 0, 0], [0, 20, 0], [0, 0, 20]])
    assert test is not None
    assert test.cramers_v == pytest.approx(1.0)
    assert test.cohens_w == pytest.approx(math.sqrt(2))


@pytest.mark.parametrize("table", [[[1, 2], [1]], [[1, -2], [1, 2]]])
def test_an_impossible_table_is_refused_by_name(table: list[list[int]]) -> None:
    with pytest.raises(ValueError, match=r"^table:"):
        independence_test(table)


@given(TABLES)
def test_a_table_gives_finite_numbers_in_range_or_none_in_any_orientation(table: list[list[int]]) -> None:
    test = independence_test(table)
    turned = independence_test([list(column) for column in zip(*table, strict=True)])
    assert (test is None) == (turned is None)
    if test is not None and turned is not None:
        assert 0 <= test.p_value <= 1
        assert 0 <= test.cramers_v <= 1
        assert math.isfinite(test.statistic)
        assert turned.statistic == pytest.approx(test.statistic)
        assert (turned.df, turned.p_value) == (test.df, pytest.approx(test.p_value))


@given(st.tuples(st.integers(1, 50), st.integers(1, 50), st.integers(1, 50), st.integers(1, 50)))
def test_for_two_arms_and_yes_or_no_it_is_the_square_of_the_two_proportion_z(counts: tuple[int, int, int, int]) -> None:
    yes, no, baseline_yes, baseline_no = counts
    test = independence_test([[yes, no], [baseline_yes, baseline_no]])
    z = pooled_z(yes, yes + no, baseline_yes, baseline_yes + baseline_no)
    assert test is not None
    assert z is not None
    assert test.statistic == pytest.approx(z * z, abs=1e-12)
