"""The same people in several arms: against scipy and statsmodels, and what degenerate answers get."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import contingency_tables

from libs.stats import (
    Bivariate,
    PairedCounts,
    cochran_q,
    compare_means,
    compare_paired_means,
    compare_paired_ordinal,
    compare_paired_proportions,
    friedman,
    mcnemar_exact,
    wilcoxon_signed_rank,
)

SCALE = st.integers(1, 7).map(float)
PAIRS = st.lists(st.tuples(SCALE, SCALE), min_size=2, max_size=40)
COUNTS = st.tuples(*[st.integers(0, 60)] * 4).filter(lambda counts: sum(counts) > 0)


def both(pairs: list[tuple[float, float]]) -> Bivariate:
    return Bivariate.of(*map(list, zip(*pairs, strict=True)))


def test_paired_means_are_compared_as_scipy_does() -> None:
    random = np.random.default_rng(1)
    x, y = random.normal(5, 2, 30), random.normal(4, 1, 30)
    contrast, theirs = compare_paired_means(Bivariate.of(list(x), list(y))), stats.ttest_rel(x, y)
    assert contrast.statistic == pytest.approx(theirs.statistic)
    assert contrast.p_value == pytest.approx(theirs.pvalue)
    assert contrast.interval == pytest.approx(tuple(theirs.confidence_interval()))


def test_the_lift_of_pairs_excludes_zero_exactly_when_the_difference_does() -> None:
    random = np.random.default_rng(2)
    for shift in np.linspace(-0.5, 0.5, 41):
        base = random.normal(5, 1, 25)
        contrast = compare_paired_means(Bivariate.of(list(base + random.normal(shift, 1, 25)), list(base)))
        assert contrast.interval is not None
        assert contrast.relative_lift_interval is not None
        assert (contrast.interval[0] > 0) == (contrast.relative_lift_interval[0] > 0)
        assert (contrast.interval[1] < 0) == (contrast.relative_lift_interval[1] < 0)


def test_pairs_that_go_together_have_a_narrower_interval_than_different_people() -> None:
    random = np.random.default_rng(3)
    persona = random.normal(size=50)
    pairs = Bivariate.of(list(persona + random.normal(0.3, 0.3, 50)), list(persona + random.normal(0, 0.3, 50)))
    paired, unpaired = compare_paired_means(pairs), compare_means(pairs.x, pairs.y)
    assert paired.interval is not None
    assert unpaired.interval is not None
    assert paired.interval[1] - paired.interval[0] < (unpaired.interval[1] - unpaired.interval[0]) / 2
    assert paired.effect_size == pytest.approx(unpaired.effect_size, rel=0.02)  # on the same scale


@pytest.mark.parametrize(("n", "p_value"), [(2, 0.5), (6, 0.03125)])
def test_differences_that_are_all_the_same_get_the_exact_p_value_of_their_signs(n: int, p_value: float) -> None:
    base = [float(place) for place in range(n)]
    contrast = compare_paired_means(Bivariate.of([value + 1 for value in base], base))
    assert (contrast.difference, contrast.interval, contrast.p_value) == (1.0, None, p_value)


def test_identical_arms_have_no_difference_and_a_p_value_of_one() -> None:
    contrast = compare_paired_means(Bivariate.of([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]))
    assert (contrast.difference, contrast.p_value) == (0.0, 1.0)


@pytest.mark.parametrize("n", [0, 1])
def test_fewer_than_two_pairs_have_no_p_value(n: int) -> None:
    contrast = compare_paired_means(Bivariate.of([2.0] * n, [1.0] * n))
    assert contrast.difference == (1.0 if n else None)
    assert contrast.p_value is None
    assert contrast.interval is None


def test_arms_of_unequal_length_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^y:"):
        Bivariate.of([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match=r"^baseline:"):
        wilcoxon_signed_rank([1.0, 2.0], [1.0])


@given(PAIRS)
def test_swapping_paired_means_flips_the_signs(pairs: list[tuple[float, float]]) -> None:
    one, other = compare_paired_means(both(pairs)), compare_paired_means(both([(y, x) for x, y in pairs]))
    assert one.difference == -(other.difference or 0.0)
    assert one.p_value == pytest.approx(other.p_value)
    if one.interval is not None and other.interval is not None:
        assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))


def test_the_difference_interval_of_pairs_is_newcombes_as_published() -> None:
    """Airway hyper-responsiveness before and after transplantation: Fagerland, Lydersen and Laake (2014), table 3."""
    interval = compare_paired_proportions(PairedCounts(1, 1, 7, 12)).interval
    assert interval == pytest.approx((-0.507, -0.026), abs=5e-4)


def test_exact_mcnemar_is_that_of_statsmodels_and_its_mid_p_lies_below() -> None:
    assert mcnemar_exact(0, 0) == mcnemar_exact(0, 0, is_mid=True) == 1.0
    for b, c in ((3, 3), (9, 1), (40, 25)):
        theirs = contingency_tables.mcnemar([[5, b], [c, 5]], exact=True).pvalue
        assert mcnemar_exact(b, c) == pytest.approx(min(1.0, theirs))
        assert mcnemar_exact(b, c, is_mid=True) < mcnemar_exact(b, c)


@given(COUNTS)
def test_paired_proportions_agree_with_themselves(counts: tuple[int, int, int, int]) -> None:
    both_, arm_only, baseline_only, neither = counts
    one = compare_paired_proportions(PairedCounts(*counts))
    other = compare_paired_proportions(PairedCounts(both_, baseline_only, arm_only, neither))
    assert one.difference == pytest.approx(-(other.difference or 0.0))
    assert one.p_value == pytest.approx(other.p_value)
    assert one.interval is not None
    assert one.difference is not None
    assert -1 <= one.interval[0] <= one.difference + 1e-12
    assert one.difference - 1e-12 <= one.interval[1] <= 1
    if one.relative_lift_interval is not None and abs(one.interval[0]) > 1e-9 and abs(one.interval[1]) > 1e-9:
        assert (one.interval[0] > 0) == (one.relative_lift_interval[0] > 0)
        assert (one.interval[1] < 0) == (one.relative_lift_interval[1] < 0)


def test_nobody_in_both_arms_is_undefined() -> None:
    contrast = compare_paired_proportions(PairedCounts(0, 0, 0, 0))
    assert (contrast.difference, contrast.interval, contrast.p_value) == (None, None, None)


@given(PAIRS)
def test_paired_ordinal_answers_use_the_order_of_a_persons_two_answers_only(pairs: list[tuple[float, float]]) -> None:
    x, y = [a for a, _ in pairs], [b for _, b in pairs]
    one, other = compare_paired_ordinal(x, y), compare_paired_ordinal(y, x)
    stretched = compare_paired_ordinal([math.exp(a) for a in x], [math.exp(b) for b in y])
    assert one == stretched
    assert one.difference == sum((a > b) - (a < b) for a, b in pairs) / len(pairs)
    assert other.difference == -one.difference
    assert one.p_value == pytest.approx(other.p_value)
    assert one.interval is not None
    assert other.interval is not None
    assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))


def test_paired_ordinal_answers_of_nobody_are_undefined() -> None:
    contrast = compare_paired_ordinal([], [])
    assert (contrast.difference, contrast.interval, contrast.p_value) == (None, None, None)
    with pytest.raises(ValueError, match=r"^baseline:"):
        compare_paired_ordinal([1.0], [])


def test_cochrans_q_is_that_of_statsmodels_and_with_two_arms_mcnemars() -> None:
    answers = np.random.default_rng(4).integers(0, 2, (40, 4)).astype(bool)
    ours, theirs = cochran_q(answers.tolist()), contingency_tables.cochrans_q(answers)
    assert ours is not None
    assert (ours.statistic, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))
    two = cochran_q(answers[:, :2].tolist())
    b, c = int((answers[:, 0] & ~answers[:, 1]).sum()), int((~answers[:, 0] & answers[:, 1]).sum())
    assert two is not None
    assert two.statistic == pytest.approx((b - c) ** 2 / (b + c))


@given(st.lists(st.tuples(SCALE, SCALE, SCALE), min_size=1, max_size=30))
def test_friedman_is_that_of_scipy_in_any_order_of_people(rows: list[tuple[float, float, float]]) -> None:
    ours = friedman(rows)
    assert ours is not None
    assert ours == friedman(rows[::-1])
    assert 0 <= ours.kendalls_w <= 1
    if len(rows) > 1 and any(len(set(row)) > 1 for row in rows):
        theirs = stats.friedmanchisquare(*map(list, zip(*rows, strict=True)))
        assert (ours.statistic, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))


def test_people_who_say_the_same_in_every_arm_show_no_difference() -> None:
    same = cochran_q([[True] * 3, [False] * 3])
    ranks = friedman([[4, 4, 4], [2, 2, 2]])
    assert same is not None
    assert ranks is not None
    assert (same.p_value, ranks.p_value, ranks.kendalls_w) == (1.0, 1.0, 0.0)


def test_one_arm_or_nobody_has_nothing_to_compare() -> None:
    assert cochran_q([]) is None
    assert friedman([[1], [2]]) is None


def test_answers_that_are_not_numbers_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^answers:"):
        friedman([[1, math.nan]])
    with pytest.raises(ValueError, match=r"^answers:"):
        cochran_q([[True, 2]])  # type: ignore[list-item]
