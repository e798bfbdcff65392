"""Intervals valid at every look, and posteriors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.stats import (
    Bivariate,
    Moments,
    Prior,
    always_valid,
    bernoulli_sequence,
    compare_means,
    lift_posterior,
    mixture_bound,
    mixture_rho,
    monitor_means,
    monitor_paired_means,
    posterior,
    two_means,
    two_proportions,
    wilson_interval,
)

ESTIMATES = st.tuples(st.floats(-5, 5), st.floats(0.05, 3))


def test_the_bound_is_narrowest_for_its_width_near_the_planned_n() -> None:
    def relative(n: float) -> float:
        return mixture_bound(n, mixture_rho(1_000)) / math.sqrt(n)

    assert relative(1_000) < relative(100)
    assert relative(1_000) < relative(10_000)


@given(ESTIMATES, st.integers(10, 10_000))
def test_the_interval_excludes_zero_exactly_when_p_is_below_its_level(estimate: tuple[float, float], n: int) -> None:
    interval, p_value = always_valid(*estimate, n, 1_000)
    if abs(p_value - 0.05) > 1e-9:
        assert (p_value < 0.05) == (not interval[0] <= 0 <= interval[1])


def test_an_always_valid_interval_is_wider_than_a_fixed_one_at_every_n() -> None:
    random = np.random.default_rng(1)
    for n in (20, 200, 2_000):
        arms = Moments.of(list(random.normal(5, 1, n))), Moments.of(list(random.normal(5, 1, n)))
        watched, fixed = monitor_means(*arms, 400), compare_means(*arms)
        assert watched.difference == fixed.difference
        assert watched.interval is not None
        assert fixed.interval is not None
        assert watched.interval[0] < fixed.interval[0] < fixed.interval[1] < watched.interval[1]


def test_pairs_are_monitored_by_their_differences() -> None:
    random = np.random.default_rng(2)
    base = random.normal(5, 3, 100)
    pairs = Bivariate.of(list(base + random.normal(0.5, 0.5, 100)), list(base))
    watched, unpaired = monitor_paired_means(pairs, 100), monitor_means(pairs.x, pairs.y, 200)
    assert (watched.p_value or 1) < 0.001
    assert (unpaired.p_value or 0) > 0.05


def test_nothing_to_monitor_yet_has_no_interval() -> None:
    same = Moments.of([3.0, 3.0])
    for arms in ((Moments.of([]), Moments.of([])), (Moments.of([1.0]), same), (same, same)):
        contrast = monitor_means(*arms, 100)
        assert (contrast.interval, contrast.p_value, contrast.relative_lift_interval) == (None, None, None)


@given(st.integers(0, 300), st.integers(1, 300))
def test_a_proportion_lies_in_its_sequence_which_is_wider_than_wilsons(successes: int, n: int) -> None:
    if successes > n:
        return
    found = bernoulli_sequence(successes, n)
    fixed = wilson_interval(successes, n)
    assert found is not None
    assert fixed is not None
    assert found.interval is not None
    assert 0 <= found.interval[0] <= found.value <= found.interval[1] <= 1
    assert found.interval[1] - found.interval[0] > fixed[1] - fixed[0]
    turned = bernoulli_sequence(n - successes, n)
    assert turned is not None
    assert turned.interval == pytest.approx((1 - found.interval[1], 1 - found.interval[0]), abs=1e-9)


def test_a_sequence_of_nothing_is_undefined_and_impossible_arguments_are_refused_by_name() -> None:
    assert bernoulli_sequence(0, 0) is None
    for wrong, argument in (((1.0, 0.0, 5, 9), "error"), ((1.0, 1.0, 0, 9), "n"), ((1.0, 1.0, 5, 0), "planned_v")):
        with pytest.raises(ValueError, match=rf"^{argument}:"):
            always_valid(*wrong)


@given(ESTIMATES)
def test_a_flat_prior_changes_nothing_and_losses_differ_by_the_effect(estimate: tuple[float, float]) -> None:
    flat, turned = posterior(*estimate), posterior(-estimate[0], estimate[1])
    assert (flat.mean, flat.standard_deviation) == pytest.approx(estimate)
    assert flat.loss_of_baseline - flat.loss_of_arm == pytest.approx(estimate[0], abs=1e-9)
    assert flat.chance_to_win == pytest.approx(1 - turned.chance_to_win)
    assert flat.loss_of_arm == pytest.approx(turned.loss_of_baseline, abs=1e-12)


def test_a_prior_pulls_the_estimate_towards_itself() -> None:
    doubtful = posterior(0.2, 0.1, Prior(0.0, 0.01))
    assert doubtful.mean == pytest.approx(0.1)
    assert doubtful.standard_deviation == pytest.approx(0.1 / math.sqrt(2))
    with pytest.raises(ValueError, match=r"^variance:"):
        Prior(0.0, 0.0)


def test_the_posterior_of_a_lift_is_undefined_over_nothing() -> None:
    assert two_proportions(1, 2, 0, 0) is None
    means = two_proportions(3, 10, 0, 10)
    assert means is not None
    assert lift_posterior(means) is None
    pair = two_means(Moments.of([1.0, 2.0]), Moments.of([2.0, 4.0]))
    assert pair is not None
    assert lift_posterior(pair) is not None
