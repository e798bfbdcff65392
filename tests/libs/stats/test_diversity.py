"""Diversity and distances against scipy, and what must hold for any counts."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from libs.stats import diversity, jensen_shannon, kolmogorov_smirnov, total_variation

COUNTS = st.lists(st.integers(0, 500), min_size=2, max_size=8).filter(any)


@given(COUNTS)
def test_entropy_is_scipys_and_even_classes_have_the_most(counts: list[int]) -> None:
    found = diversity(counts)
    assert found is not None
    assert found.entropy == pytest.approx(stats.entropy(counts, base=2), abs=1e-12)
    assert 1 <= found.effective_classes <= sum(map(bool, counts)) + 1e-9
    assert 0 <= found.gini_simpson < 1
    even = diversity([7] * len(counts))
    assert even is not None
    assert even.evenness == pytest.approx(1.0)
    assert even.effective_classes == pytest.approx(len(counts))


def test_one_class_has_no_diversity_and_nobody_has_none_that_could_be_stated() -> None:
    one = diversity([0, 9])
    assert one is not None
    assert (one.entropy, one.evenness, one.effective_classes, one.gini_simpson) == (0, None, 1, 0)
    assert diversity([0, 0]) is None
    assert diversity([]) is None


@given(COUNTS, st.randoms())
def test_distances_of_shares_are_scipys(counts: list[int], draw: random.Random) -> None:
    other = draw.sample(counts, len(counts))
    shares = [[count / sum(given) for count in given] for given in (counts, other)]
    assert jensen_shannon(counts, other) == pytest.approx(jensenshannon(*shares, base=2), abs=1e-7)
    assert jensen_shannon(counts, [3 * count for count in counts]) == pytest.approx(0, abs=1e-7)
    assert total_variation(counts, other) == pytest.approx(sum(abs(p - q) for p, q in zip(*shares, strict=True)) / 2)


def test_classes_without_a_common_member_are_as_far_apart_as_can_be() -> None:
    assert total_variation([5, 0], [0, 9]) == 1
    assert jensen_shannon([5, 0], [0, 9]) == 1
    assert kolmogorov_smirnov([1, 2], [3, 4]) == 1


def test_the_largest_gap_between_two_distributions_is_scipys() -> None:
    draw = random.Random(3)
    x, y = [draw.randint(18, 80) for _ in range(200)], [draw.randint(25, 90) for _ in range(150)]
    assert kolmogorov_smirnov(x, y) == pytest.approx(stats.ks_2samp(x, y).statistic)


def test_nobody_is_at_no_distance() -> None:
    assert total_variation([0, 0], [1, 2]) is None
    assert jensen_shannon([1, 2], [0, 0]) is None
    assert kolmogorov_smirnov([], [1]) is None


def test_impossible_counts_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^counts:"):
        diversity([1, -1])
    with pytest.raises(ValueError, match=r"^baseline:"):
        total_variation([1, 2], [1])
