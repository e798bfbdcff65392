"""Long-run properties by seeded simulation: false positives without an effect, coverage of the true effect.

A rate of 5 % must lie in the 99.9 % range of its binomial count, coverage between 93 and 97 %.
"""

import math

import numpy as np
import pytest

from libs.stats import Moments, benjamini_hochberg, compare_means, compare_proportions, holm

RUNS = 4_000


def around(rate: float) -> tuple[float, float]:
    half = 3.29 * math.sqrt(rate * (1 - rate) / RUNS)
    return rate - half, rate + half


def moments(samples: np.ndarray) -> list[Moments]:
    n = samples.shape[1]
    means, variances = samples.mean(axis=1), samples.var(axis=1, ddof=1)
    return [Moments(n, float(mean), float(variance)) for mean, variance in zip(means, variances, strict=True)]


def test_the_two_proportion_test_rejects_a_true_null_five_times_in_a_hundred() -> None:
    counts = np.random.default_rng(1).binomial(200, 0.35, size=(RUNS, 2))
    rejected = np.mean([(compare_proportions(int(a), 200, int(b), 200).p_value or 0) < 0.05 for a, b in counts])
    low, high = around(0.05)
    assert low < rejected < high


def test_the_exact_test_of_small_arms_never_rejects_a_true_null_too_often() -> None:
    counts = np.random.default_rng(2).binomial(12, 0.2, size=(RUNS, 2))
    rejected = np.mean([(compare_proportions(int(a), 12, int(b), 12).p_value or 0) < 0.05 for a, b in counts])
    assert rejected < around(0.05)[1]


def test_the_newcombe_and_the_lift_interval_cover_the_truth_as_often_as_they_say() -> None:
    counts = np.random.default_rng(3).binomial([63, 62], [0.3, 0.45], size=(RUNS, 2))
    contrasts = [compare_proportions(int(a), 63, int(b), 62) for a, b in counts]
    difference, lift = 0.3 - 0.45, 0.3 / 0.45 - 1
    covered = np.mean([c.interval is not None and c.interval[0] <= difference <= c.interval[1] for c in contrasts])
    lifted = [c.relative_lift_interval for c in contrasts if c.relative_lift_interval is not None]
    assert 0.93 < covered < 0.97
    assert 0.93 < np.mean([low <= lift <= high for low, high in lifted]) < 0.97


def test_welch_rejects_a_true_null_five_times_in_a_hundred_whatever_the_variances() -> None:
    random = np.random.default_rng(4)
    pairs = zip(
        moments(random.normal(5, 1, size=(RUNS, 15))), moments(random.normal(5, 4, size=(RUNS, 40))), strict=True
    )
    rejected = np.mean([(compare_means(sample, baseline).p_value or 0) < 0.05 for sample, baseline in pairs])
    low, high = around(0.05)
    assert low < rejected < high


def test_welch_fieller_and_hedges_cover_the_truth_as_often_as_they_say() -> None:
    random = np.random.default_rng(5)
    samples, baselines = random.normal(5.5, 2, size=(RUNS, 60)), random.normal(5, 2, size=(RUNS, 65))
    contrasts = [compare_means(*pair) for pair in zip(moments(samples), moments(baselines), strict=True)]
    truths = {"interval": 0.5, "relative_lift_interval": 0.1, "effect_size_interval": 0.25}
    for name, truth in truths.items():
        intervals = [getattr(contrast, name) for contrast in contrasts]
        assert 0.93 < np.mean([low <= truth <= high for low, high in intervals]) < 0.97, name


@pytest.mark.parametrize("rule", [holm, benjamini_hochberg])
def test_a_family_without_effects_has_a_false_finding_five_times_in_a_hundred(rule: type) -> None:
    families = np.random.default_rng(6).uniform(size=(RUNS, 6))
    found = np.mean([min(rule([float(p) for p in family])) < 0.05 for family in families])
    low, high = around(0.05)
    assert low < found < high


def test_a_cloned_arm_that_is_analysed_by_row_instead_of_by_agent_finds_effects_that_are_not_there() -> None:
    """Why the agent is the unit: ten draws of each agent taken as people make every other null significant."""
    random = np.random.default_rng(7)
    agents = random.normal(size=(500, 2, 40, 1))
    draws = agents + random.normal(scale=0.5, size=(500, 2, 40, 10))
    by_row = [moments(draws[:, arm].reshape(500, -1)) for arm in (0, 1)]
    by_agent = [moments(draws[:, arm].mean(axis=2)) for arm in (0, 1)]
    rows = np.mean([(compare_means(*pair).p_value or 0) < 0.05 for pair in zip(*by_row, strict=True)])
    means = np.mean([(compare_means(*pair).p_value or 0) < 0.05 for pair in zip(*by_agent, strict=True)])
    assert rows > 0.3
    assert means < 0.09
