"""Contrasts of several arms."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from libs.stats import Moments
from libs.stats.linear import compare_weighted


def test_one_arm_against_another_is_welch_s_test() -> None:
    a, b = [3.0, 4, 5, 6, 9], [1.0, 2, 4, 3]
    found = compare_weighted([(Moments.of(a), 1.0), (Moments.of(b), -1.0)])
    expected = scipy_stats.ttest_ind(a, b, equal_var=False)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.interval == pytest.approx(tuple(expected.confidence_interval()))


def test_a_main_effect_is_the_mean_of_its_simple_effects() -> None:
    generator = np.random.default_rng(1)
    arms = [generator.normal(mean, 1, 40).tolist() for mean in (0, 1, 0.5, 1.5)]
    weights = (-0.5, 0.5, -0.5, 0.5)
    found = compare_weighted([(Moments.of(arm), weight) for arm, weight in zip(arms, weights, strict=True)])
    means = [float(np.mean(arm)) for arm in arms]
    assert found.difference == pytest.approx((means[1] - means[0] + means[3] - means[2]) / 2)


def test_what_varies_not_at_all_or_adds_up_to_something_is_no_contrast() -> None:
    same = Moments.of([1.0, 1.0, 1.0])
    assert compare_weighted([(same, 1.0), (same, -1.0)]).p_value is None
    assert compare_weighted([(Moments.of([1.0]), 1.0), (same, -1.0)]).p_value is None
    with pytest.raises(ValueError, match="weights"):
        compare_weighted([(same, 1.0)])
