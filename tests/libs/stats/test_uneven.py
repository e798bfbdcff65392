"""Arms of unequal size, by simulation: where most answers are the same, t-tests and ranks find what is not there."""

from collections.abc import Callable

import numpy as np
import pytest

from libs.stats import compare_means, compare_ordinal, compare_rearranged, is_uneven, permutation_test
from libs.stats.means import Moments

STUDIES = 60
MOST = 0.05 + 3.29 * (0.05 * 0.95 / STUDIES) ** 0.5

Draw = Callable[[np.random.Generator, int], np.ndarray]
NULL: dict[str, tuple[int, int, Draw]] = {
    "93 % of one level": (50, 10, lambda random, n: np.where(random.random(n) < 0.93, 1.0, 7.0)),
    "three levels": (100, 20, lambda random, n: random.choice([1.0, 2.0, 7.0], p=[0.8, 0.15, 0.05], size=n)),
    "mostly nothing spent": (50, 10, lambda random, n: np.where(random.random(n) < 0.84, 0.0, random.normal(10, 1, n))),
}


@pytest.mark.parametrize("name", NULL)
def test_equal_arms_of_unequal_size_are_rarely_told_apart_and_the_interval_holds_zero(name: str) -> None:
    n, m, draw = NULL[name]
    random = np.random.default_rng(1)
    found = [compare_rearranged(draw(random, n), draw(random, m)) for _ in range(STUDIES)]
    assert sum(one.p_value is not None and one.p_value <= 0.05 for one in found) / STUDIES <= MOST
    assert sum(one.interval is not None and not one.interval[0] <= 0 <= one.interval[1] for one in found) <= (
        MOST * STUDIES
    )


def test_a_t_test_and_a_test_of_ranks_find_too_much_there() -> None:
    n, m, draw = NULL["93 % of one level"]
    random = np.random.default_rng(1)
    arms = [(draw(random, n), draw(random, m)) for _ in range(STUDIES)]
    ranks = sum((compare_ordinal(x, y).p_value or 1) <= 0.05 for x, y in arms)
    means = sum((compare_means(Moments.of(x.tolist()), Moments.of(y.tolist())).p_value or 1) <= 0.05 for x, y in arms)
    assert min(ranks, means) / STUDIES > MOST


def test_the_interval_holds_the_difference_of_arms_that_differ() -> None:
    random, inside = np.random.default_rng(2), 0
    for _ in range(STUDIES):
        arm, baseline = random.random(100) < 0.4, random.random(20) < 0.07
        interval = compare_rearranged(1.0 + 6 * arm, 1.0 + 6 * baseline).interval
        inside += interval is not None and interval[0] <= 6 * 0.33 <= interval[1]
    assert inside / STUDIES >= 1 - MOST


@pytest.mark.parametrize(("n", "m"), [(40, 15), (9, 4)])
def test_the_interval_excludes_zero_exactly_when_p_is_at_most_its_level(n: int, m: int) -> None:
    random = np.random.default_rng(3)
    for shift in (0.0, 1.0, 2.0, 4.0):
        x, y = random.integers(1, 8, n) + shift, random.integers(1, 8, m).astype(float)
        found, tested = compare_rearranged(x, y), permutation_test(x, y)
        assert found.interval is not None
        assert tested is not None
        assert found.p_value == tested.p_value
        assert (tested.p_value <= 0.05) == (not found.interval[0] <= 0 <= found.interval[1])
        turned = compare_rearranged(y, x)
        assert turned.p_value == tested.p_value
        assert turned.interval == pytest.approx((-found.interval[1], -found.interval[0]))


def test_no_rearrangement_is_extreme_enough_in_arms_of_two_so_there_is_no_interval() -> None:
    found = compare_rearranged([1.0, 2.0, 3.0, 4.0], [8.0, 9.0])
    assert found.p_value == pytest.approx(1 / 15)
    assert found.interval is None


@pytest.mark.parametrize(
    ("sizes", "answer"), [((30, 20), False), ((31, 20), True), ((20, 31), True), ((400, 200), False)]
)
def test_arms_are_uneven_beyond_one_and_a_half_to_one_while_the_smaller_has_less_than_two_hundred(
    sizes: tuple[int, int], answer: bool
) -> None:
    assert is_uneven(*sizes) is answer
