"""Agreement of coders, and times until something happens."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import survdiff
from statsmodels.stats import inter_rater

from libs.stats import Watched, cohens_kappa, fleiss_kappa, kaplan_meier, krippendorff_alpha, log_rank, median_survival

CODINGS = st.lists(st.tuples(*[st.one_of(st.none(), st.integers(1, 5).map(float))] * 3), min_size=1, max_size=15)
TIMES = st.lists(st.tuples(st.integers(1, 12).map(float), st.booleans()), min_size=1, max_size=20)
SCALES = ("nominal", "ordinal", "interval", "ratio")


def watched(rows: list[tuple[float, bool]]) -> Watched:
    return Watched([time for time, _ in rows], [is_event for _, is_event in rows])


@given(CODINGS, st.sampled_from(SCALES))
def test_alpha_depends_on_neither_the_order_of_units_nor_that_of_coders(
    units: list[tuple[float | None, ...]], scale: str
) -> None:
    coders = [list(row) for row in zip(*units, strict=True)]
    alpha = krippendorff_alpha(coders, scale)  # type: ignore[arg-type]
    turned = krippendorff_alpha([row[::-1] for row in coders[::-1]], scale)  # type: ignore[arg-type]
    assert (alpha is None) == (turned is None)
    if alpha is not None:
        assert alpha <= 1
        assert alpha == pytest.approx(turned)


@given(CODINGS)
def test_coders_who_always_agree_have_an_alpha_of_one(units: list[tuple[float | None, ...]]) -> None:
    coder = [unit[0] for unit in units]
    alpha = krippendorff_alpha([coder, coder], "ordinal")
    assert alpha == (1.0 if len({value for value in coder if value is not None}) > 1 else None)


def test_the_alpha_of_intervals_does_not_depend_on_where_they_begin_and_that_of_ratios_does() -> None:
    coders = [[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 4.0, 3.0]]
    moved = [[value + 10 for value in coder] for coder in coders]
    assert krippendorff_alpha(coders, "interval") == pytest.approx(krippendorff_alpha(moved, "interval"))
    assert krippendorff_alpha(coders, "ratio") != pytest.approx(krippendorff_alpha(moved, "ratio"))


def test_coders_of_different_things_have_nothing_to_agree_on() -> None:
    assert krippendorff_alpha([[1.0, None], [None, 2.0]]) is None
    assert krippendorff_alpha([]) is None


def test_impossible_codings_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^scale:"):
        krippendorff_alpha([[1.0], [1.0]], "likert")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^codings:"):
        krippendorff_alpha([[-1.0], [1.0]], "ratio")
    with pytest.raises(ValueError, match=r"^codings:"):
        krippendorff_alpha([[math.nan], [1.0]])


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_cohens_kappa_is_that_of_statsmodels(weights: str) -> None:
    table = [[30, 4, 2], [5, 20, 6], [1, 3, 12]]
    ours = cohens_kappa(table, weights)  # type: ignore[arg-type]
    theirs = inter_rater.cohens_kappa(np.array(table), wt=None if weights == "none" else weights)
    assert ours is not None
    assert (ours.value, *(ours.interval or ())) == pytest.approx((theirs.kappa, theirs.kappa_low, theirs.kappa_upp))


def test_fleiss_kappa_is_that_of_statsmodels() -> None:
    table = np.random.default_rng(1).multinomial(6, [0.5, 0.3, 0.2], size=20)
    assert fleiss_kappa(table.tolist()) == pytest.approx(inter_rater.fleiss_kappa(table))


def test_kappa_is_undefined_where_chance_agrees_always_and_for_impossible_tables() -> None:
    assert cohens_kappa([[5, 0], [0, 0]]) is None
    assert cohens_kappa([[0, 0], [0, 0]]) is None
    assert fleiss_kappa([[3, 0], [3, 0]]) is None
    assert fleiss_kappa([]) is None
    for wrong in ([[1, 2, 3], [1, 2, 3]], [[-1, 0], [0, 1]]):
        with pytest.raises(ValueError, match=r"^table:"):
            cohens_kappa(wrong)
    with pytest.raises(ValueError, match=r"^table:"):
        fleiss_kappa([[3, 0], [1, 1]])
    with pytest.raises(ValueError, match=r"^weights:"):
        cohens_kappa([[1, 0], [0, 1]], "cubic")  # type: ignore[arg-type]


def test_survival_is_that_of_scipy() -> None:
    times, events = np.array([10, 20, 30, 10, 20, 50, 40.0]), np.array([1, 0, 1, 1, 0, 1, 1]).astype(bool)
    theirs = stats.ecdf(stats.CensoredData(uncensored=times[events], right=times[~events])).sf
    with pytest.warns(RuntimeWarning, match="undefined at some observations"):
        limits = theirs.confidence_interval(method="log-log")
    steps = kaplan_meier(Watched(list(times), list(events)))
    assert [step.survival for step in steps] == pytest.approx(theirs.evaluate([step.time for step in steps]).tolist())
    assert [(step.at_risk, step.events) for step in steps] == [(7, 2), (3, 1), (2, 1), (1, 1)]
    for step in steps[:-1]:
        assert step.interval == pytest.approx(
            (float(limits.low.evaluate(step.time)), float(limits.high.evaluate(step.time)))
        )
    assert steps[-1].interval is None


@given(TIMES)
def test_survival_falls_and_its_interval_holds_it(rows: list[tuple[float, bool]]) -> None:
    steps = kaplan_meier(watched(rows))
    shares = [1.0, *(step.survival for step in steps)]
    assert shares == sorted(shares, reverse=True)
    for step in steps:
        if step.interval is not None:
            assert 0 <= step.interval[0] <= step.survival <= step.interval[1] <= 1
    if not any(is_event for _, is_event in rows):
        assert steps == ()
        assert median_survival(watched(rows)) is None
    if all(is_event for _, is_event in rows):
        assert median_survival(watched(rows)) == sorted(time for time, _ in rows)[(len(rows) - 1) // 2]


@given(TIMES, TIMES, TIMES)
def test_the_log_rank_test_is_that_of_statsmodels_in_any_order(
    first: list[tuple[float, bool]], second: list[tuple[float, bool]], third: list[tuple[float, bool]]
) -> None:
    groups = [first, second, third]
    ours, turned = (
        log_rank([watched(rows) for rows in groups]),
        log_rank([watched(rows[::-1]) for rows in groups[::-1]]),
    )
    if ours is None or turned is None:
        assert ours is turned
        return
    assert ours.p_value == pytest.approx(turned.p_value, abs=1e-9)
    rows = [(*row, place) for place, group in enumerate(groups) for row in group]
    time, status, group = (np.array(column) for column in zip(*rows, strict=True))
    if ours.df == 2:
        assert ours.statistic == pytest.approx(survdiff(time, status.astype(int), group)[0], rel=1e-6, abs=1e-9)


def test_times_that_cannot_be_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^times:"):
        Watched([-1.0], [True])
    with pytest.raises(ValueError, match=r"^is_event:"):
        Watched([1.0], [])
    assert log_rank([]) is None
    assert log_rank([Watched([1.0], [True])]) is None
