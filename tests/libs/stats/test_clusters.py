"""Answers that depend on each other: cluster-robust comparisons, bootstrap and permutation of clusters."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multivariate import test_mvmean as hotelling

from libs.stats import (
    Bivariate,
    Clustered,
    Moments,
    bootstrap,
    cluster_means,
    clustered_contrast,
    clustered_omnibus,
    compare_clustered,
    compare_means,
    compare_paired_means,
    intraclass_correlation,
    permutation_test,
    sign_flip_test,
)

VALUES = st.lists(st.integers(-20, 20).map(float), min_size=3, max_size=12)


def median(values: np.ndarray) -> float:
    return float(np.median(values))


def mean(values: np.ndarray) -> float:
    return float(values.mean())


def draws(random: np.random.Generator, personas: int, each: int) -> Clustered:
    """Several answers of each persona, which have a persona in common."""
    values = random.normal(size=(personas, 1)) + random.normal(scale=0.5, size=(personas, each))
    return Clustered(list(values.ravel()), [place for place in range(personas) for _ in range(each)])


@given(VALUES, VALUES)
def test_with_one_answer_in_each_cluster_it_is_welchs_test(x: list[float], y: list[float]) -> None:
    ours = compare_clustered(Clustered(x, range(len(x))), Clustered(y, [f"b{place}" for place in range(len(y))]))
    welch = compare_means(Moments.of(x), Moments.of(y))
    assert ours.difference == pytest.approx(welch.difference)
    if welch.interval is not None:
        assert (ours.statistic, ours.df) == pytest.approx((welch.statistic, welch.df))
        assert ours.interval == pytest.approx(welch.interval)


@given(
    VALUES.flatmap(
        lambda x: st.tuples(st.just(x), st.lists(st.integers(-9, 9).map(float), min_size=len(x), max_size=len(x)))
    )
)
def test_with_one_answer_in_each_arm_it_is_the_paired_t_test(both: tuple[list[float], list[float]]) -> None:
    x, y = both
    people = range(len(x))
    ours, paired = (
        compare_clustered(Clustered(x, people), Clustered(y, people)),
        compare_paired_means(Bivariate.of(x, y)),
    )
    if paired.interval is not None:
        assert ours.df == pytest.approx(paired.df)
        assert ours.interval == pytest.approx(paired.interval, abs=1e-6)


def test_clusters_in_both_arms_have_the_errors_of_statsmodels() -> None:
    random = np.random.default_rng(3)
    groups, arm = np.repeat(np.arange(20), 5), np.tile([0.0, 0.0, 1.0, 1.0, 1.0], 20)
    y = random.normal(size=20)[groups] + random.normal(scale=0.5, size=100) + 0.3 * arm
    theirs = sm.OLS(y, sm.add_constant(arm)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    ours = compare_clustered(*(Clustered(list(y[arm == one]), list(groups[arm == one])) for one in (1, 0)))
    assert ours.difference == pytest.approx(theirs.params[1])
    assert ours.statistic == pytest.approx(theirs.params[1] / (theirs.bse[1] * math.sqrt(20 / 19)))
    assert ours.df == pytest.approx(19)


def mixed(seed: int = 4, arms: int = 2) -> list[Clustered]:
    """Groups of unequal size, most of them with people of several arms, and people alone."""
    random = np.random.default_rng(seed)
    effect = random.normal(size=12)
    found: list[tuple[list[float], list[int]]] = [([], []) for _ in range(arms)]
    for group in range(12):
        for _ in range(int(random.integers(1, 7))):
            values, groups = found[int(random.integers(arms))]
            values.append(float(effect[group] + random.normal()))
            groups.append(group)
    return [Clustered(*one) for one in found]


def by_matrices(samples: list[Clustered], weights: np.ndarray) -> tuple[float, float, float]:
    """Estimate, CR2 error and degrees of freedom by the definition."""
    y = np.concatenate([one.values for one in samples])
    groups = np.concatenate([one.clusters for one in samples])
    cell = np.repeat(np.arange(len(samples)), [len(one.values) for one in samples])
    x = np.eye(len(samples))[cell]
    bread = np.linalg.inv(x.T @ x)
    left = np.eye(len(y)) - x @ bread @ x.T
    inside = [groups == group for group in np.unique(groups)]
    moved = np.array([bread @ x[own].T @ _root(left, own) @ (left @ y)[own] for own in inside])
    variance = moved.T @ moved

    def columns(contrast: np.ndarray) -> np.ndarray:
        return np.array([left[:, own] @ _root(left, own) @ x[own] @ bread @ contrast for own in inside])

    # A variance of its own in every sample, as large as its error says.
    each = [np.sum(columns(row) ** 2) for row in np.diag(weights)]
    scale = (weights**2 * np.diag(variance) / each)[cell]
    p = columns(weights) @ np.diag(scale) @ columns(weights).T
    error = math.sqrt(weights @ variance @ weights)
    return float(weights @ bread @ x.T @ y), error, float(np.trace(p) ** 2 / np.sum(p * p))


def _root(left: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """(I - H)^-1/2 of a cluster, without what has no spread."""
    values, vectors = np.linalg.eigh(left[np.ix_(inside, inside)])
    root: np.ndarray = vectors @ np.diag([0 if value < 1e-9 else value**-0.5 for value in values]) @ vectors.T
    return root


@pytest.mark.parametrize("weights", [[1.0, -1.0], [1.0, -0.5, -0.5], [1.0, -1.0, -1.0, 1.0]])
def test_any_contrast_has_the_error_and_degrees_of_freedom_of_the_definition(weights: list[float]) -> None:
    samples = mixed(arms=len(weights))
    found = clustered_contrast(samples, weights)
    assert found is not None
    assert (found.difference, found.error, found.df) == pytest.approx(by_matrices(samples, np.array(weights)))
    if len(weights) == 2:
        ours = compare_clustered(*samples)
        assert (ours.statistic, ours.df) == pytest.approx((found.t, found.df))


def test_several_arms_of_the_same_people_have_hotellings_test() -> None:
    random = np.random.default_rng(8)
    rows = random.normal(size=(15, 1)) + random.normal(size=(15, 3)) + [0.0, 0.5, 1.0]
    found = clustered_omnibus([Clustered(list(column), range(15)) for column in rows.T])
    theirs = hotelling(rows[:, 1:] - rows[:, :1])
    assert found is not None
    assert (found.statistic, found.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert clustered_omnibus([Clustered([1.0, 2.0], ["a", "b"])] * 3) is None


def test_the_order_of_the_answers_changes_nothing() -> None:
    sample, baseline = draws(np.random.default_rng(1), 8, 4), draws(np.random.default_rng(2), 9, 3)
    base = Clustered(baseline.values, [f"b{cluster}" for cluster in baseline.clusters])
    turned = Clustered(list(sample.values)[::-1], list(sample.clusters)[::-1])
    assert compare_clustered(sample, base).p_value == pytest.approx(compare_clustered(turned, base).p_value)
    assert intraclass_correlation(sample) == intraclass_correlation(turned)
    assert np.array_equal(cluster_means(sample), cluster_means(turned))


def test_one_cluster_shows_no_spread() -> None:
    contrast = compare_clustered(Clustered([1.0, 2.0], ["a", "a"]), Clustered([3.0, 5.0], ["b", "b"]))
    assert (contrast.difference, contrast.interval, contrast.p_value) == (-2.5, None, None)
    assert compare_clustered(Clustered([], []), Clustered([1.0], ["a"])).difference is None


def test_values_without_clusters_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^clusters:"):
        Clustered([1.0, 2.0], ["a"])
    with pytest.raises(ValueError, match=r"^values:"):
        Clustered([math.nan], ["a"])


def test_the_intraclass_correlation_is_the_share_of_variance_between_personas() -> None:
    found = intraclass_correlation(draws(np.random.default_rng(5), 2_000, 4))
    assert found == pytest.approx(1 / 1.25, abs=0.02)
    same = intraclass_correlation(Clustered([1.0, 1.0, 3.0, 3.0], ["a", "a", "b", "b"]))
    assert same == 1.0
    assert intraclass_correlation(Clustered([1.0, 2.0], ["a", "b"])) is None
    assert intraclass_correlation(Clustered([2.0, 2.0, 2.0], ["a", "a", "b"])) is None


def test_the_bootstrap_is_that_of_scipy_within_its_own_chance() -> None:
    x, y = np.random.default_rng(6).exponential(size=40), np.random.default_rng(7).exponential(size=30)
    ours = bootstrap([[[v] for v in x], [[v] for v in y]], lambda a, b: float(a.mean() - b.mean()), seed=1, draws=4_000)
    theirs = stats.bootstrap(
        (x, y),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        method="BCa",
        n_resamples=4_000,
        random_state=1,
    )
    assert ours is not None
    assert ours.interval == pytest.approx(tuple(theirs.confidence_interval), abs=0.05)


def test_the_same_seed_gives_the_same_interval_in_any_order_of_clusters() -> None:
    clusters = [[1.0, 2.0], [4.0], [3.0, 3.5, 9.0], [2.0, 2.5], [7.0]]
    one, other = bootstrap([clusters], mean, seed=3), bootstrap([clusters[::-1]], mean, seed=3)
    assert one == other
    assert one != bootstrap([clusters], mean, seed=4)


def test_the_bootstrap_of_clusters_is_wider_than_that_of_their_rows() -> None:
    sample = draws(np.random.default_rng(8), 30, 10)
    by_cluster = bootstrap([list(sample.by_cluster().values())], median, seed=1, draws=500)
    by_row = bootstrap([[[value] for value in sample.values]], median, seed=1, draws=500)
    assert by_cluster is not None
    assert by_row is not None
    assert by_cluster.interval is not None
    assert by_row.interval is not None
    assert by_cluster.interval[1] - by_cluster.interval[0] > 1.5 * (by_row.interval[1] - by_row.interval[0])


def test_too_few_clusters_or_equal_values_have_no_interval() -> None:
    assert bootstrap([[]], median, seed=1) is None
    few, same = bootstrap([[[1.0], [2.0]]], median, seed=1), bootstrap([[[2.0]] * 9], median, seed=1)
    assert few is not None
    assert same is not None
    assert (few.value, few.interval) == (1.5, None)
    assert (same.value, same.interval) == (2.0, None)
    with pytest.raises(ValueError, match=r"^samples:"):
        bootstrap([[[math.nan], [1.0], [2.0]]], median, seed=1)


@pytest.mark.parametrize(("n", "p_value"), [(1, 1.0), (5, 0.0625), (6, 0.03125)])
def test_the_smallest_p_value_of_a_sign_flip_test_is_that_of_all_signs_alike(n: int, p_value: float) -> None:
    found = sign_flip_test([1.0] * n)
    assert found is not None
    assert found.p_value == p_value


def test_darwins_maize_has_the_p_value_fisher_counted() -> None:
    """Fisher (1935), §21: of 32,768 ways to choose the signs, 863 give a sum as large one way, 1,726 both ways."""
    differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    found = sign_flip_test(differences)
    assert found is not None
    assert found.p_value == 1_726 / 32_768


def test_a_permutation_test_is_that_of_scipy_for_arms_of_equal_size() -> None:
    """With equal sizes Welch's t and the difference of means order the rearrangements alike, but for the spread."""
    x, y = [3.1, 4.4, 5.0, 2.2, 4.9], [1.0, 2.1, 3.3, 2.0, 1.9]
    theirs = stats.permutation_test(
        (x, y), lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis), vectorized=True
    )
    found = permutation_test(x, y)
    assert found is not None
    assert found.p_value == pytest.approx(theirs.pvalue, abs=0.01)


@settings(max_examples=30)
@given(VALUES, VALUES)
def test_permutation_tests_do_not_depend_on_order_arms_or_scale(x: list[float], y: list[float]) -> None:
    plain = permutation_test(x, y)
    assert plain == permutation_test(x[::-1], y[::-1])
    assert plain == permutation_test([4 * value for value in x], [4 * value for value in y])
    assert sign_flip_test(x) == sign_flip_test([-value for value in x[::-1]])


def test_large_samples_are_rearranged_by_a_seeded_draw() -> None:
    x = np.random.default_rng(1).normal(size=40)
    one, other = sign_flip_test(x, seed=1), sign_flip_test(x, seed=2)
    assert one is not None
    assert other is not None
    assert one == sign_flip_test(x, seed=1)
    assert one.p_value == pytest.approx(other.p_value, abs=0.03)
    assert one.p_value == pytest.approx(stats.ttest_1samp(x, 0).pvalue, abs=0.03)


def test_nothing_to_rearrange_is_undefined() -> None:
    assert sign_flip_test([]) is None
    assert permutation_test([], [1.0]) is None
    with pytest.raises(ValueError, match=r"^differences:"):
        sign_flip_test([math.nan])
