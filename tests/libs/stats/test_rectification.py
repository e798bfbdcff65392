"""Prediction-powered inference: coverage whatever the predictions are worth, and never wider than people alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from libs.stats import (
    Moments,
    Rectified,
    best_split,
    effective_people,
    gain_of_more,
    mean_interval,
    rectified_cloned_difference,
    rectified_difference,
    rectified_mean,
)
from tests.support.twins import paired_answers

CASES = {case["id"]: case for case in json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))}
RUNS = 1_500


def found(rectified: Rectified | None) -> Rectified:
    assert rectified is not None
    return rectified


def width(interval: tuple[float, float]) -> float:
    return interval[1] - interval[0]


@pytest.mark.parametrize(("scale", "noise"), [(1.0, 0.3), (1.0, 3.0), (-1.0, 0.5), (0.0, 1.0)])
def test_the_interval_holds_the_mean_of_people_however_wrong_the_predictions(scale: float, noise: float) -> None:
    draw = np.random.default_rng(1)
    held = []
    for _ in range(RUNS):
        people, others = draw.normal(0, 1, 100), draw.normal(0, 1, 400)
        predicted, rest = (2 + scale * of + draw.normal(0, noise, len(of)) for of in (people, others))
        one = found(rectified_mean(people + draw.normal(0, 0.3, 100), predicted, rest))
        held.append(one.interval[0] <= 0 <= one.interval[1])
        assert width(one.interval) <= width(one.human_interval) * (1 + 1e-9)
    assert 0.93 < np.mean(held) < 0.97


def test_worthless_predictions_leave_what_people_said() -> None:
    draw = np.random.default_rng(2)
    people = draw.normal(5, 2, 60)
    one = found(rectified_mean(people, -people, draw.normal(0, 2, 500)))
    assert (one.weight, one.narrower, one.effective_n) == (0, 0, 60)
    own = mean_interval(Moments.of(people.tolist()))
    assert one.interval == one.human_interval == pytest.approx(own)


def test_good_predictions_are_worth_many_people() -> None:
    draw = np.random.default_rng(3)
    people, others = draw.normal(0, 1, 100), draw.normal(0, 1, 5_000)
    one = found(rectified_mean(people, people + draw.normal(0, 0.3, 100), others + draw.normal(0, 0.3, 5_000)))
    assert one.correlation == pytest.approx(0.96, abs=0.02)
    assert one.effective_n > 500
    assert one.narrower > 0.5


def test_the_reference_estimate_with_a_given_weight() -> None:
    case = CASES["ppi_identity"]["input"]
    one = found(rectified_mean(case["Y"], case["Yhat"], case["Yhat_unlabeled"], weight=case["lambda"]))
    assert one.value == pytest.approx(0.0, abs=1e-12)


def test_the_best_split_of_a_budget_is_worth_no_less_than_that_of_the_reference() -> None:
    case = CASES["ppi_power_oracle"]
    for place, correlation in enumerate(case["input"]["rho"]):
        people, agents = best_split(1_000, 1, 0.01, correlation)
        n, n_simulated = (case["expected"][name][place] for name in ("n", "N"))
        assert people * 1.01 + agents * 0.01 <= 1_000 + 1e-9
        assert effective_people(people, agents, correlation) >= effective_people(n, n_simulated, correlation) - 1e-9
        assert (people, agents) == pytest.approx((n, n_simulated), rel=0.02)


def test_predictions_are_worth_at_most_what_their_correlation_allows() -> None:
    for correlation, most in ((0.2, 1.04), (0.3, 1.10), (0.5, 1.33), (0.7, 1.96), (0.9, 5.3)):
        assert effective_people(100, 10**9, correlation) / 100 == pytest.approx(most, abs=0.04)
    assert effective_people(0, 100, 0.5) == 0


def test_the_difference_of_two_groups_is_covered_as_often_as_it_says() -> None:
    draw, held = np.random.default_rng(4), []
    for _ in range(RUNS):
        means = []
        for effect in (0.3, 0.0):
            people, others = draw.normal(effect, 1, 60), draw.normal(effect, 1, 300)
            means.append(found(rectified_mean(people, people * 0.7 + draw.normal(1, 0.7, 60), others * 0.7 + 1)))
        one = rectified_difference(*means)
        held.append(one.interval[0] <= 0.3 <= one.interval[1])
        assert width(one.interval) <= width(one.human_interval) * (1 + 1e-9)
    assert 0.93 < np.mean(held) < 0.97


def test_a_difference_of_people_alone_is_welchs_but_for_its_degrees_of_freedom() -> None:
    draw = np.random.default_rng(5)
    a, b, nothing = draw.normal(1, 1, 40), draw.normal(0, 2, 40), np.zeros(40)
    one = rectified_difference(found(rectified_mean(a, nothing, [0, 0])), found(rectified_mean(b, nothing, [0, 0])))
    welch = stats.ttest_ind(a, b, equal_var=False)
    assert one.value / one.standard_error == pytest.approx(welch.statistic)


def test_agents_who_were_in_both_arms_narrow_a_difference_that_is_covered_as_often_as_it_says() -> None:
    draw, held, narrower = np.random.default_rng(6), [], []
    for _ in range(RUNS):
        person, agent = draw.normal(0, 1, 120), draw.normal(0, 1, 800)
        answers = [person[:60] + 0.3 + draw.normal(0, 0.4, 60), person[60:] + draw.normal(0, 0.4, 60)]
        predictions = [person[:60] + 0.9, person[60:]]
        one = found(
            rectified_cloned_difference(
                (answers[0], predictions[0]),
                (answers[1], predictions[1]),
                (agent + 0.9, agent + draw.normal(0, 0.1, 800)),
            )
        )
        held.append(one.interval[0] <= 0.3 <= one.interval[1])
        narrower.append(one.narrower)
    assert 0.93 < np.mean(held) < 0.97
    assert np.mean(narrower) > 0.4


def test_a_handful_of_people_rectifies_nothing() -> None:
    assert rectified_mean([1.0], [1.0], [1.0, 2.0]) is None
    assert rectified_cloned_difference(([1, 2, 3], [1, 2, 3]), ([1, 2, 3], [1, 2, 3]), ([1, 2], [1, 2])) is None
    with pytest.raises(ValueError, match=r"^predictions:"):
        rectified_mean([1.0, 2.0], [1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"^simulated:"):
        rectified_cloned_difference(([1, 2, 3], [1, 2, 3]), ([1, 2, 3], [1, 2, 3]), ([1, 2], [1]))


def test_more_agents_do_not_help_where_the_predictions_say_little_or_are_many_already() -> None:
    draw = np.random.default_rng(7)
    people = draw.normal(0, 1, 100)
    poor = gain_of_more(found(rectified_mean(people, draw.normal(0, 1, 100), draw.normal(0, 1, 300))))
    assert not poor.agents_help
    assert 280 <= poor.people_for_half <= 310
    good = people + draw.normal(0, 0.3, 100)
    few = gain_of_more(found(rectified_mean(people, good, draw.normal(0, 1, 50))))
    assert few.agents_help
    assert few.with_endless_agents < few.with_twice_the_people < few.half_width
    many = gain_of_more(found(rectified_mean(people, good, draw.normal(0, 1, 100_000))))
    assert not many.agents_help


def test_a_hundred_people_and_their_public_twins() -> None:
    draw, held = np.random.default_rng(8), []
    for human, simulated in paired_answers():
        answers, twins = np.array(human), np.array(simulated)
        for _ in range(40):
            mine, rest = draw.integers(0, len(answers), 100), draw.integers(0, len(answers), 1_000)
            one = rectified_mean(answers[mine], twins[mine], twins[rest])
            if one is not None:
                held.append(one.interval[0] <= answers.mean() <= one.interval[1])
                assert width(one.interval) <= 1.02 * width(one.human_interval)
    assert 0.93 < np.mean(held) < 0.97
