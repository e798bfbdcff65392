"""What past comparisons teach: calibrated means and shrunk effects, on drawn studies and on the public twins.

The twins are judged one study left out: what is learnt on the others has to hold for it.
"""

import math
from collections.abc import Callable
from itertools import groupby

import numpy as np
import pytest

from libs.stats import (
    Slope,
    Spread,
    fit_slope,
    fit_spread,
    human_mean,
    human_sd_ratio,
    predict,
    shrink,
    worth_of_calibrated,
)
from tests.support.twins import Outcome, outcomes_by_simulator

SIZES = (16, 4, 4, 2, 3, 7, 6, 1, 10, 1, 10)


def spread_of(studies: list[list[float]]) -> Spread:
    found = fit_spread(studies)
    assert found is not None
    return found


def slope_of(rows: list[Outcome]) -> Slope:
    effects = [one for one in rows if one.simulated_effect is not None and one.human_effect is not None]
    found = fit_slope(
        [one.simulated_effect or 0.0 for one in effects],
        [one.human_effect or 0.0 for one in effects],
        [one.study for one in effects],
    )
    assert found is not None
    return found


def by_study(rows: list[Outcome], value: Callable[[Outcome], float]) -> dict[str, list[float]]:
    ordered = sorted(rows, key=lambda one: one.study)
    return {study: [value(one) for one in of] for study, of in groupby(ordered, key=lambda one: one.study)}


def bias(one: Outcome) -> float:
    return (one.simulated_mean - one.human_mean) / one.human_sd


# --- drawn studies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("between", "within"), [(0.5, 0.5), (0.2, 0.6), (0.8, 0.3), (0.0, 0.6)])
def test_the_interval_of_the_next_outcome_holds_it_as_often_as_it_says(between: float, within: float) -> None:
    draw, runs = np.random.default_rng(1), 2_000
    held = 0
    for _ in range(runs):
        studies = [draw.normal(draw.normal(0.1, between), within, size).tolist() for size in SIZES]
        low, high = predict(spread_of(studies)).interval
        held += low <= draw.normal(draw.normal(0.1, between), within) <= high
    assert 0.93 < held / runs < 0.97


def test_the_spreads_are_those_that_the_studies_were_drawn_with() -> None:
    draw = np.random.default_rng(2)
    found = spread_of([draw.normal(draw.normal(0.3, 0.5), 0.2, 8).tolist() for _ in range(2_000)])
    assert (found.centre, found.between_sd, found.within_sd) == pytest.approx((0.3, 0.5, 0.2), abs=0.03)


def test_outcomes_of_one_study_teach_little() -> None:
    one_study_many_outcomes = predict(spread_of([[0.5, 0.52, 0.48, 0.51] * 25, [-0.5, -0.49]]))
    many_studies = predict(spread_of([[0.5], [-0.5]] * 51))
    width = many_studies.interval[1] - many_studies.interval[0]
    assert one_study_many_outcomes.interval[1] - one_study_many_outcomes.interval[0] > 5 * width


def test_one_study_teaches_nothing() -> None:
    assert fit_spread([[0.1, 0.4, 0.2]]) is None
    assert fit_spread([[], [0.1]]) is None
    assert fit_slope([0.1, 0.2], [0.1, 0.3], ["a", "a"]) is None
    assert fit_slope([0.0, 0.0], [0.1, 0.3], ["a", "b"]) is None


def test_a_calibrated_mean_takes_the_mean_bias_off_and_hardly_profits_from_more_agents() -> None:
    learnt = spread_of([[0.4, 0.6], [0.3, 0.5], [0.6, 0.2], [0.1, 0.9]])
    few = human_mean(3.0, 2.0, learnt, variance_of_mean=4.0 / 200)
    many = human_mean(3.0, 2.0, learnt, variance_of_mean=4.0 / 1_000_000)
    assert few.value == many.value == pytest.approx(3.0 - 2.0 * 0.45)
    assert few.interval[0] < many.interval[0] < many.value < many.interval[1] < few.interval[1]
    assert (
        worth_of_calibrated(learnt, 200) < worth_of_calibrated(learnt, 10**9) < 1 / predict(learnt).standard_error ** 2
    )
    assert worth_of_calibrated(learnt, 0) == 0
    with pytest.raises(ValueError, match=r"^human_sd:"):
        human_mean(3.0, 0.0, learnt)


def test_the_ratio_of_spreads_counts_studies_alike_and_leaves_out_agents_who_all_agree() -> None:
    assert human_sd_ratio([[2.0, 2.0, 2.0], [1.0]], [[1.0, 1.0, 1.0], [2.0]]) == pytest.approx(1.0)
    assert human_sd_ratio([[2.0, 1.0]], [[1.0, 0.0]]) == pytest.approx(2.0)
    assert human_sd_ratio([[2.0]], [[0.0]]) is None


def test_the_slope_is_the_one_that_effects_were_drawn_with_and_its_interval_holds_the_next_effect() -> None:
    draw, runs = np.random.default_rng(3), 1_000
    slopes, held = [], 0
    for _ in range(runs):
        studies = np.repeat(np.arange(12), 4)
        simulated = draw.normal(0, 0.8, 49)
        own = np.append(draw.normal(0, 0.15, 12)[studies], draw.normal(0, 0.15))
        human = 0.4 * simulated + own + draw.normal(0, 0.1, 49)
        learnt = fit_slope(simulated[:48].tolist(), human[:48].tolist(), studies.tolist())
        assert learnt is not None
        slopes.append(learnt.slope)
        low, high = shrink(float(simulated[48]), learnt).interval
        held += low <= human[48] <= high
    assert np.mean(slopes) == pytest.approx(0.4, abs=0.01)
    assert 0.93 < held / runs < 0.97


def test_turning_arms_around_turns_the_shrunk_effect_around() -> None:
    learnt = fit_slope([0.5, -0.9, 1.2, 0.3], [0.2, -0.5, 0.3, 0.1], ["a", "a", "b", "c"])
    swapped = fit_slope([-0.5, 0.9, 1.2, 0.3], [-0.2, 0.5, 0.3, 0.1], ["a", "a", "b", "c"])
    assert learnt is not None
    assert swapped is not None
    assert learnt.slope == pytest.approx(swapped.slope)
    there, back = shrink(0.7, learnt), shrink(-0.7, learnt)
    assert there.value == pytest.approx(-back.value)
    assert there.interval == pytest.approx((-back.interval[1], -back.interval[0]))


def test_people_who_do_the_opposite_of_what_was_simulated_leave_no_effect() -> None:
    learnt = fit_slope([0.5, 1.0], [-0.4, -0.9], ["a", "b"])
    assert learnt is not None
    assert shrink(0.8, learnt).value == 0


# --- the public twins, one study left out ----------------------------------------------------------------------------


def test_the_calibrated_interval_holds_nine_human_means_in_ten_at_the_width_that_is_documented() -> None:
    for simulator, rows in outcomes_by_simulator().items():
        biases = by_study(rows, bias)
        held, naive, widths = [], [], []
        for one in rows:
            learnt = spread_of([of for study, of in biases.items() if study != one.study])
            found = human_mean(one.simulated_mean, one.human_sd, learnt)
            held.append(found.interval[0] <= one.human_mean <= found.interval[1])
            widths.append((found.interval[1] - found.interval[0]) / 2 / one.human_sd)
            naive.append(abs(one.simulated_mean - one.human_mean) <= 1.96 * one.simulated_sd / math.sqrt(200))
        assert np.mean(held) >= 0.90, simulator
        assert np.mean(widths) <= 1.55, simulator
        assert np.mean(naive) < 0.30, simulator


def test_shrunk_effects_are_nearer_to_those_of_people_than_raw_ones_and_than_none() -> None:
    better = []
    for rows in outcomes_by_simulator().values():
        effects = [one for one in rows if one.simulated_effect is not None]
        errors: dict[str, list[float]] = {"raw": [], "none": [], "shrunk": []}
        for study in sorted({one.study for one in effects}):
            learnt = slope_of([one for one in effects if one.study != study])
            pairs = [(one.simulated_effect or 0.0, one.human_effect or 0.0) for one in effects if one.study == study]
            for name, guess in (("raw", 1.0), ("none", 0.0), ("shrunk", learnt.slope)):
                errors[name].append(math.sqrt(np.mean([(guess * s - h) ** 2 for s, h in pairs])))
        means = {name: np.mean(values) for name, values in errors.items()}
        better.append(means["shrunk"] < min(means["raw"], means["none"]))
    assert sum(better) >= 13
    assert len(better) == 15
