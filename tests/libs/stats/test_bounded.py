"""Intervals of one mean that do not leave the range in which the mean can be."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import t
from statsmodels.stats.proportion import proportion_confint

from libs.stats import CUT_T_INTERVAL, T_INTERVAL, Moments, clustered_share_interval, mean_interval, mean_within

STUDIES = 2_000
shares = st.lists(st.integers(0, 6).map(lambda yes: yes / 6), min_size=2, max_size=12)


def test_the_limits_are_the_shares_whose_score_is_students_t() -> None:
    """By another way: of an assumed share π the error is √(d π(1-π)), d what units vary beside p(1-p)."""
    sample = Moments.of([0.0, 1 / 6, 4 / 6])
    assert sample.mean is not None
    assert sample.variance is not None
    p, critical = sample.mean, float(t.ppf(0.975, 2))
    design = sample.variance / 3 / (p * (1 - p))

    def beyond(share: float) -> float:
        return abs(p - share) - critical * math.sqrt(design * share * (1 - share))

    assert clustered_share_interval(sample) == pytest.approx((brentq(beyond, 1e-9, p), brentq(beyond, p, 1 - 1e-9)))


def test_units_of_one_answer_each_nearly_have_wilsons_interval() -> None:
    values = [1.0] * 300 + [0.0] * 700
    assert clustered_share_interval(Moments.of(values)) == pytest.approx(
        proportion_confint(300, 1_000, method="wilson"), abs=1e-4
    )


@given(shares)
def test_it_holds_the_share_and_stays_between_0_and_1(values: list[float]) -> None:
    sample = Moments.of(values)
    interval = clustered_share_interval(sample)
    assert (interval is None) is (min(values) == max(values))
    if interval is not None and sample.mean is not None:
        assert 0 <= interval[0] <= sample.mean <= interval[1] <= 1


@given(shares)
def test_yes_and_no_are_treated_alike(values: list[float]) -> None:
    found, turned = (clustered_share_interval(Moments.of(given)) for given in (values, [1 - one for one in values]))
    if found is not None and turned is not None:
        assert turned == pytest.approx((1 - found[1], 1 - found[0]))


@pytest.mark.parametrize("groups", [3, 5, 10, 30])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("likeness", [0.05, 0.3])
def test_it_holds_the_true_share_of_groups_of_six_as_often_as_it_says(
    groups: int, share: float, likeness: float
) -> None:
    """Beta-binomial groups whose people are alike to this intraclass correlation."""
    draw = np.random.default_rng(5)
    spread = (1 - likeness) / likeness
    found = draw.binomial(6, draw.beta(share * spread, (1 - share) * spread, (STUDIES, groups))) / 6
    intervals = [clustered_share_interval(Moments.of(study.tolist())) for study in found]
    known = [one for one in intervals if one is not None]
    assert sum(low <= share <= high for low, high in known) / len(known) >= 0.93


@given(st.lists(st.integers(1, 7).map(float), min_size=2, max_size=12))
def test_the_interval_of_a_mean_ends_where_its_scale_does_and_says_so(values: list[float]) -> None:
    sample = Moments.of(values)
    whole, (interval, method) = mean_interval(sample), mean_within(sample, (1, 7))
    if whole is None:
        assert interval is None
    else:
        assert interval == (max(1, whole[0]), min(7, whole[1]))
        assert method == (T_INTERVAL if interval == whole else CUT_T_INTERVAL)


def test_without_a_scale_nothing_is_cut() -> None:
    sample = Moments.of([0.0, 1.0])
    assert mean_within(sample, None) == (mean_interval(sample), T_INTERVAL)
