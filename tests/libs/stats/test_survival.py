"""Times until something happens, of people who may have heard each other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import survdiff

from libs.stats import Watched, clustered_log_rank, kaplan_meier, log_rank, median_survival

TIMES = st.lists(st.tuples(st.integers(1, 12).map(float), st.booleans()), min_size=1, max_size=20)


def watched(rows: list[tuple[float, bool]]) -> Watched:
    return Watched([time for time, _ in rows], [is_event for _, is_event in rows])


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


@given(TIMES, TIMES, st.lists(st.integers(0, 5), min_size=60, max_size=60))
def test_the_clustered_log_rank_test_adds_up_score_residuals_of_cox_by_cluster(
    first: list[tuple[float, bool]], second: list[tuple[float, bool]], names: list[int]
) -> None:
    clusters = names[: len(first)], names[len(first) : len(first) + len(second)]
    ours = clustered_log_rank(
        replace(watched(first), clusters=clusters[0]), replace(watched(second), clusters=clusters[1])
    )
    both = [(*row, place) for place, rows in enumerate((second, first)) for row in rows]
    if ours is None:
        return
    time, status, is_first = (np.array(column) for column in zip(*both, strict=True))
    model = PHReg(time, is_first[:, None].astype(float), status=status.astype(int), ties="breslow")
    residuals = np.nan_to_num(model.score_residuals(np.zeros(1))[:, 0])  # no number: who left before any event
    moved = np.bincount([*clusters[1], *clusters[0]], residuals)
    assert ours.statistic == pytest.approx(moved.sum() ** 2 / (moved**2).sum(), abs=1e-9)


def groups(draw: np.random.Generator, count: int, size: int, *, is_mixed: bool) -> tuple[Watched, Watched]:
    """Rounds until a yes in two arms without an effect: each group has a pace of its own, some leave before."""
    pace = np.repeat(np.clip(0.15 * draw.gamma(2, 0.5, count), 0, 0.9), size)
    group = np.repeat(np.arange(count), size)
    yes, gone = draw.geometric(np.maximum(pace, 1e-9)), draw.integers(1, 10, count * size)
    times, events = np.minimum(np.minimum(yes, gone), 5), (yes <= gone) & (yes <= 5)
    arm = np.arange(count * size) % 2 if is_mixed else group % 2
    sides = [[column[arm == one].tolist() for column in (times, events, group)] for one in (1, 0)]
    return Watched(*sides[0]), Watched(*sides[1])


@pytest.mark.parametrize(("count", "size", "is_mixed"), [(20, 6, False), (16, 6, True), (40, 2, True)])
def test_groups_that_have_much_in_common_find_nothing_in_nineteen_of_twenty_studies(
    count: int, size: int, is_mixed: bool
) -> None:
    draw = np.random.default_rng(5)
    tests = [clustered_log_rank(*groups(draw, count, size, is_mixed=is_mixed)) for _ in range(600)]
    share = sum(one is not None and one.p_value < 0.05 for one in tests) / len(tests)
    assert 0.03 < share < 0.075
    if not is_mixed:
        naive = [log_rank(groups(draw, count, size, is_mixed=is_mixed)) for _ in range(200)]
        assert sum(one is not None and one.p_value < 0.05 for one in naive) > 20


def test_curves_of_groups_hold_the_truth_where_those_of_people_do_not() -> None:
    draw, held = np.random.default_rng(6), np.zeros(2)
    large = Watched(*(list(column) for column in zip(*_all_of(groups(draw, 40_000, 2, is_mixed=True)), strict=True)))
    truth = next(step.survival for step in kaplan_meier(large) if step.time == 3)
    for _ in range(300):
        own, _ = groups(draw, 40, 6, is_mixed=False)
        for place, one in enumerate((own, replace(own, clusters=None))):
            interval = [step for step in kaplan_meier(one) if step.time <= 3][-1].interval
            assert interval is not None
            held[place] += interval[0] <= truth <= interval[1]
    assert held[0] / 300 > 0.92
    assert held[1] / 300 < 0.9


def _all_of(sides: tuple[Watched, Watched]) -> list[tuple[float, bool]]:
    return [row for side in sides for row in zip(side.times, side.is_event, strict=True)]


def test_a_group_that_is_a_whole_arm_says_nothing_of_its_pace() -> None:
    one, other = Watched([1.0, 2.0], [True, True], ["x", "x"]), Watched([1.0, 2.0], [True, False], ["y", "z"])
    assert clustered_log_rank(one, other) is None
    assert clustered_log_rank(replace(one, is_event=[False, False], clusters=None), other) is not None
    assert all(step.interval is None for step in kaplan_meier(one))


def test_times_that_cannot_be_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^times:"):
        Watched([-1.0], [True])
    with pytest.raises(ValueError, match=r"^is_event:"):
        Watched([1.0], [])
    assert log_rank([]) is None
    assert log_rank([Watched([1.0], [True])]) is None
