"""Associations against scipy and pandas-like definitions, and chance against all pairings."""

import itertools
import math
import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats
from scipy.stats.contingency import association as scipy_association

from libs.stats import Association, correlation_ratio, cramers_v, midranks, spearman

DRAW = random.Random(11)
TABLES = [
    [[DRAW.randint(0, 30) + 1 for _ in range(columns)] for _ in range(rows)]
    for rows, columns in ((2, 2), (2, 5), (4, 3), (6, 6))
]


@pytest.mark.parametrize("table", TABLES)
def test_cramers_v_is_scipys(table: list[list[int]]) -> None:
    found = cramers_v(table)
    assert found is not None
    assert found.value == pytest.approx(scipy_association(np.array(table), method="cramer"))
    assert found.n == sum(map(sum, table))


def test_an_empty_class_changes_neither_the_value_nor_what_chance_gives() -> None:
    assert cramers_v([[9, 0, 4], [5, 0, 8], [0, 0, 0]]) == cramers_v([[9, 4], [5, 8]])


@pytest.mark.parametrize("n", [5, 40, 300])
def test_spearman_is_scipys_with_ties_too(n: int) -> None:
    x = [DRAW.randint(1, 7) for _ in range(n)]
    y = [value + DRAW.gauss(0, 3) for value in x]
    found = spearman(x, y)
    assert found is not None
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert midranks(x).tolist() == stats.rankdata(x).tolist()


def test_the_correlation_ratio_is_the_root_of_the_share_of_variance_that_scipys_anova_explains() -> None:
    codes = [DRAW.randrange(4) for _ in range(80)]
    values = [code * 0.5 + DRAW.gauss(0, 1) for code in codes]
    groups = [[value for value, code in zip(values, codes, strict=True) if code == group] for group in range(4)]
    f = stats.f_oneway(*groups).statistic
    found = correlation_ratio(codes, values)
    assert found is not None
    assert found.value == pytest.approx(math.sqrt(f * 3 / (f * 3 + 76)))


def root_mean_square(found: Sequence[Association | None]) -> float:
    values = [one.value for one in found if one is not None]
    return math.sqrt(sum(value * value for value in values) / len(values))


def contingency(x: Sequence[int], y: Sequence[int]) -> list[list[int]]:
    table = [[0] * 3 for _ in range(3)]
    for a, b in zip(x, y, strict=True):
        table[a][b] += 1
    return table


@pytest.mark.parametrize(
    "measure",
    [lambda x, y: cramers_v(contingency(x, y)), correlation_ratio, spearman],
    ids=["cramers_v", "correlation_ratio", "spearman"],
)
def test_by_chance_is_the_root_mean_square_over_all_pairings(
    measure: Callable[[Sequence[int], Sequence[int]], Association | None],
) -> None:
    x, y = [0, 0, 0, 1, 1, 2, 2], [0, 1, 2, 2, 0, 1, 2]
    found = measure(x, y)
    assert found is not None
    everything = [measure(x, order) for order in itertools.permutations(y)]
    assert root_mean_square(everything) == pytest.approx(found.by_chance)


def test_what_goes_together_completely_has_the_value_one() -> None:
    for found in (
        cramers_v([[7, 0], [0, 5]]),
        correlation_ratio([0, 0, 1, 1], [2.0, 2.0, 5.0, 5.0]),
        spearman([1, 2, 3], [1, 10, 100]),
    ):
        assert found is not None
        assert found.value == pytest.approx(1.0)
        assert found.excess > 0
    assert spearman([1, 2, 3], [3, 2, 1]).value == pytest.approx(-1.0)  # type: ignore[union-attr]


def test_what_does_not_vary_goes_together_with_nothing() -> None:
    assert cramers_v([[3, 4]]) is None
    assert correlation_ratio([0, 0], [1.0, 2.0]) is None
    assert correlation_ratio([0, 1], [2.0, 2.0]) is None
    assert correlation_ratio([], []) is None
    assert spearman([1, 1], [1, 2]) is None
    assert spearman([], []) is None


def test_values_that_do_not_belong_together_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^values:"):
        correlation_ratio([0, 1], [1.0])
    with pytest.raises(ValueError, match=r"^y:"):
        spearman([1, 2], [1])
    with pytest.raises(ValueError, match=r"^values:"):
        spearman([1, math.nan], [1, 2])
