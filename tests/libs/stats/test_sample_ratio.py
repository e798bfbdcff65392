"""The check that the arms did not lose people unequally."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.stats import sample_ratio


def test_arms_that_all_finished_are_not_flagged() -> None:
    check = sample_ratio({"a": 63, "b": 62}, {"a": 63, "b": 62})
    assert (check.statistic, check.p_value, check.is_flagged) == (0.0, 1.0, False)


def test_one_arm_or_no_finished_response_leaves_the_check_undefined() -> None:
    assert sample_ratio({"all": 50}, {"all": 40}).p_value is None
    assert sample_ratio({"a": 50, "b": 50}, {}).p_value is None
    assert sample_ratio({}, {}).p_value is None
    assert not sample_ratio({"a": 50, "b": 50}, {"a": 0}).is_flagged


def test_an_arm_that_lost_a_third_of_its_people_is_flagged() -> None:
    check = sample_ratio({"a": 63, "b": 62}, {"a": 63, "b": 40})
    # Pearson's chi-square of the table [[63, 0], [40, 22]].
    assert check.statistic == pytest.approx(125 * (63 * 22 - 0 * 40) ** 2 / (63 * 62 * 103 * 22))
    assert check.p_value == pytest.approx(1.9e-7, rel=0.01)
    assert check.is_flagged


def test_equal_losses_in_unequal_arms_are_not_flagged() -> None:
    check = sample_ratio({"a": 900, "b": 100}, {"a": 450, "b": 50})
    assert check.p_value == pytest.approx(1.0)


def test_an_arm_that_nobody_was_planned_for_is_left_out() -> None:
    assert sample_ratio({"a": 50, "b": 50, "c": 0}, {"a": 40, "b": 45}) == sample_ratio(
        {"a": 50, "b": 50}, {"a": 40, "b": 45}
    )


@pytest.mark.parametrize("completed", [{"b": 51}, {"c": 1}, {"a": -1}])
def test_responses_that_cannot_be_are_refused_by_arm(completed: dict[str, int]) -> None:
    (arm,) = completed
    with pytest.raises(ValueError, match=rf"^completed\['{arm}'\]:"):
        sample_ratio({"a": 50, "b": 50}, completed)


@given(st.dictionaries(st.sampled_from("abcd"), st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=4))
def test_the_check_is_defined_or_none_and_ignores_the_order_of_arms(arms: dict[str, tuple[int, int]]) -> None:
    planned = {arm: max(counts) for arm, counts in arms.items()}
    completed = {arm: min(counts) for arm, counts in arms.items()}
    check = sample_ratio(planned, completed)
    assert check.p_value is None or 0 <= check.p_value <= 1
    backwards = dict(reversed(planned.items())), dict(reversed(completed.items()))
    assert sample_ratio(*backwards) == check


def test_equal_attrition_is_flagged_about_once_in_a_thousand_studies() -> None:
    random = np.random.default_rng(11)
    finished = random.binomial([120, 80], 0.85, size=(20_000, 2))
    flags = sum(sample_ratio({"a": 120, "b": 80}, {"a": int(a), "b": int(b)}).is_flagged for a, b in finished)
    assert 5 <= flags <= 40
