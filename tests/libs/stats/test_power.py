"""Power, sample size and detectable effects: against statsmodels, published values and simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, multinomial
from statsmodels.stats import power as theirs

from libs.stats import (
    Bivariate,
    Design,
    PairedCounts,
    cluster_design_effect,
    compare_paired_means,
    compare_paired_proportions,
    detectable_lift,
    detectable_means,
    detectable_proportions,
    mcnemar_exact,
    power_of_means,
    power_of_proportions,
    proportion_test,
    sample_size_of_means,
    sample_size_of_proportions,
)

EFFECTS = st.floats(0.05, 2.0)


@pytest.mark.parametrize(("n", "n0"), [(20, 20), (50, 200), (5, 7)])
@pytest.mark.parametrize("effect", [0.1, 0.5, 1.5])
def test_the_power_of_two_means_is_that_of_statsmodels(n: int, n0: int, effect: float) -> None:
    expected = theirs.TTestIndPower().power(effect, n, 0.05, ratio=n0 / n)
    assert power_of_means(effect, Design(n, n0)) == pytest.approx(expected, abs=1e-7)


def test_sixty_four_people_in_each_arm_find_a_medium_effect_four_times_in_five() -> None:
    """Cohen (1988), table 2.4.1: d = 0.5 at a two-sided 5 % needs 64."""
    assert math.ceil(sample_size_of_means(0.5, Design(10)) or 0) == 64
    assert detectable_means(Design(64)) == pytest.approx(0.5, abs=2e-3)


@given(
    EFFECTS,
    st.sampled_from([Design(30), Design(30, 90), Design(30, correlation=0.6), Design(30, cluster_size=5, icc=0.1)]),
)
def test_sample_size_and_detectable_effect_turn_the_power_round(effect: float, design: Design) -> None:
    n = sample_size_of_means(effect, design)
    assert n is not None
    sized = design.sized(n)
    assert power_of_means(effect, sized) >= 0.8 - 1e-9
    if n > 2 * design.cluster_size:
        assert power_of_means(effect, sized) == pytest.approx(0.8, abs=1e-6)
        assert detectable_means(sized) == pytest.approx(effect, rel=1e-4)


def test_pairs_that_go_together_need_fewer_people_and_groups_need_more() -> None:
    different, paired = sample_size_of_means(0.2, Design(10)), sample_size_of_means(0.2, Design(10, correlation=0.8))
    grouped = sample_size_of_means(0.2, Design(10, cluster_size=10, icc=0.05))
    assert different is not None
    assert paired is not None
    assert grouped is not None
    assert paired == pytest.approx(different / 5, rel=0.05)  # 1 - ρ of them
    assert grouped == pytest.approx(different * cluster_design_effect(10, 0.05), rel=0.05)


def test_the_power_of_pairs_is_what_simulation_finds() -> None:
    random, found = np.random.default_rng(1), 0
    for _ in range(1_000):
        persona = random.normal(0, math.sqrt(0.6), 40)
        x, y = (persona + random.normal(shift, math.sqrt(0.4), 40) for shift in (0.4, 0.0))
        found += (compare_paired_means(Bivariate.of(list(x), list(y))).p_value or 0) < 0.05
    assert power_of_means(0.4, Design(40, correlation=0.6)) == pytest.approx(found / 1_000, abs=0.05)


def test_the_power_of_paired_proportions_is_what_simulation_finds() -> None:
    random, found = np.random.default_rng(2), 0
    shared = 0.5 * math.sqrt(0.5 * 0.5 * 0.35 * 0.65)
    both = 0.5 * 0.35 + shared
    cells = [both, 0.5 - both, 0.35 - both, 1 - 0.5 - 0.35 + both]
    for counts in random.multinomial(100, cells, size=1_000):
        found += (compare_paired_proportions(PairedCounts(*map(int, counts))).p_value or 0) < 0.05
    assert power_of_proportions(0.5, 0.35, Design(100, correlation=0.5)) == pytest.approx(found / 1_000, abs=0.05)


@pytest.mark.parametrize(
    ("p", "p0", "n", "n0", "alpha"),
    [
        (0.03, 1e-6, 100, 100, 0.05),  # the normal formula: 0.41
        (0.1, 0.01, 30, 30, 0.05),  # 0.33
        (0.05, 0.001, 100, 100, 0.05 / 6),
        (0.2, 0.1, 50, 50, 0.05),
        (0.9, 0.7, 20, 60, 0.05),
    ],
)
def test_the_power_of_rare_answers_is_that_of_the_test_they_get(
    p: float, p0: float, n: int, n0: int, alpha: float
) -> None:
    """Every pair of counts, tested one by one."""
    expected = 0.0
    for x, chance in enumerate(binom.pmf(np.arange(n + 1), n, p)):
        for x0, chance0 in enumerate(binom.pmf(np.arange(n0 + 1), n0, p0)):
            if chance * chance0 > 1e-9:
                test = proportion_test(x, n, x0, n0)
                expected += chance * chance0 * (test is not None and (test.p_value or 0) <= alpha)
    assert power_of_proportions(p, p0, Design(n, n0, alpha=alpha)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("p", "p0", "n"), [(0.6, 0.5, 20), (0.3, 0.1, 40)])  # the normal formula: 0.138 and 0.77
def test_the_power_of_few_who_change_is_that_of_mcnemars_mid_p(p: float, p0: float, n: int) -> None:
    discordant = p * (1 - p0) + p0 * (1 - p) - 2 * 0.5 * math.sqrt(p * (1 - p) * p0 * (1 - p0))
    up, down = (discordant + p - p0) / 2, (discordant - p + p0) / 2
    expected = sum(
        multinomial.pmf([b, c, n - b - c], n, [up, down, 1 - discordant])
        for b in range(n + 1)
        for c in range(n + 1 - b)
        if mcnemar_exact(b, c, is_mid=True) <= 0.05
    )
    assert power_of_proportions(p, p0, Design(n, correlation=0.5)) == pytest.approx(expected, abs=1e-6)


def test_exact_and_normal_power_meet_where_counts_are_no_longer_few() -> None:
    few, many = (power_of_proportions(0.25, 0.15, Design(n)) for n in (99, 101))
    assert few == pytest.approx(many, abs=0.02)
    pairs, more = (power_of_proportions(0.6, 0.5, Design(n, correlation=0.5)) for n in (75, 80))
    assert pairs == pytest.approx(more, abs=0.03)


def test_the_people_needed_for_rare_answers_are_enough_and_one_fewer_are_not() -> None:
    needed = sample_size_of_proportions(0.06, 0.01, Design(100, 100))
    assert needed is not None
    needed = math.ceil(needed)
    assert (
        power_of_proportions(0.06, 0.01, Design(needed)) >= 0.8 > power_of_proportions(0.06, 0.01, Design(needed - 1))
    )


def test_a_design_that_cannot_find_anything_says_so() -> None:
    assert detectable_proportions(0.9, Design(10)) is None
    assert detectable_lift(0.01, 1.0, Design(20)) is None
    assert detectable_lift(0.0, 1.0, Design(20)) is None
    assert sample_size_of_means(1e-9, Design(10)) is None


def test_looking_all_the_time_costs_power() -> None:
    fixed, watched = (detectable_lift(10, 100, Design(1000), planned_looks_n=looks) for looks in (None, 2000))
    assert fixed is not None
    assert watched is not None
    assert fixed < watched < 2 * fixed


def test_a_correlation_that_proportions_do_not_allow_is_taken_as_the_nearest_one() -> None:
    assert power_of_proportions(0.9, 0.1, Design(50, correlation=0.9)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("wrong", "argument"),
    [
        ({"n": 0}, "n"),
        ({"n": 10, "baseline_n": -1}, "baseline_n"),
        ({"n": 10, "correlation": 1.0}, "correlation"),
        ({"n": 10, "baseline_n": 9, "correlation": 0.5}, "baseline_n"),
        ({"n": 10, "cluster_size": 0.5}, "cluster_size"),
        ({"n": 10, "icc": 2}, "icc"),
        ({"n": 10, "alpha": 0}, "alpha"),
        ({"n": 10, "alternative": "less"}, "alternative"),
    ],
)
def test_an_impossible_design_is_refused_by_name(wrong: dict[str, object], argument: str) -> None:
    with pytest.raises(ValueError, match=rf"^{argument}:"):
        Design(**wrong)  # type: ignore[arg-type]


def test_an_impossible_power_or_proportion_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^power:"):
        sample_size_of_means(0.5, Design(10), 1.0)
    with pytest.raises(ValueError, match=r"^p0:"):
        power_of_proportions(0.5, 0.0, Design(10))
    with pytest.raises(ValueError, match=r"^effect:"):
        power_of_means(math.nan, Design(10))
