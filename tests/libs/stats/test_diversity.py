"""Diversity against scipy, and what must hold for any counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from libs.stats import diversity

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


def test_impossible_counts_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^counts:"):
        diversity([1, -1])
