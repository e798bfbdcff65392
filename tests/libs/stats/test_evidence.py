"""What a simulated estimate is worth about people."""

import pytest

from libs.stats import fit_spread, grade_a, grade_b, grade_c, rectified_mean
from libs.stats.shipped import shipped


def test_answers_of_the_offline_model_are_worth_no_people() -> None:
    worth = grade_c(10_000, is_offline=True)
    assert (worth.grade, worth.effective_n) == ("C", 0.0)
    assert "not a language model" in worth.effective_n_basis
    assert "not to decide" in worth.caveat


def test_more_agents_of_an_uncalibrated_model_are_never_worth_more_than_fifteen_people() -> None:
    worths = [grade_c(n, is_offline=False).effective_n for n in (0, 1, 10, 100, 1_000, 1_000_000)]
    assert worths == sorted(worths)
    assert worths[0] == 0
    assert worths[2] == pytest.approx(10 / 1.676)
    assert 14.7 < worths[-1] < 15


def test_an_uncalibrated_estimate_says_to_read_the_direction_only() -> None:
    worth = grade_c(200, is_offline=False)
    assert worth.grade == "C"
    assert worth.caveat.startswith("uncalibrated: read the direction, not the size")
    assert "0.26" in worth.effective_n_basis


def test_the_texts_do_not_depend_on_the_number_of_agents() -> None:
    for is_offline in (True, False):
        few, many = grade_c(5, is_offline=is_offline), grade_c(5_000, is_offline=is_offline)
        assert (few.caveat, few.effective_n_basis) == (many.caveat, many.effective_n_basis)


def test_a_negative_number_of_agents_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^n:"):
        grade_c(-1, is_offline=False)


def test_a_calibrated_estimate_is_worth_what_past_comparisons_leave_open_and_no_more_with_more_agents() -> None:
    bias = shipped().variants["GPT5"].bias
    few, many = (grade_b(bias, n, simulator="GPT5") for n in (200, 1_000_000))
    assert few is not None
    assert many is not None
    assert (few.grade, many.grade) == ("B", "B")
    assert few.effective_n < many.effective_n < 3
    assert "64 outcomes of 11 studies" in few.effective_n_basis
    borrowed = grade_b(bias, 200, simulator="GPT5", is_borrowed=True)
    assert borrowed is not None
    assert "another simulator" in borrowed.caveat


def test_fewer_than_ten_studies_make_no_grade() -> None:
    bias = fit_spread([[0.1], [0.3], [0.2]])
    assert bias is not None
    assert grade_b(bias, 200, simulator="mine") is None


def test_a_rectified_estimate_is_worth_at_least_the_people_behind_it() -> None:
    found = rectified_mean([1.0, 2.0, 4.0, 3.0, 5.0], [1.0, 2.0, 3.5, 3.0, 5.0], [1.0, 2.0, 3.0, 4.0, 5.0] * 20)
    assert found is not None
    worth = grade_a(found)
    assert worth.grade == "A"
    assert worth.effective_n > 5
    assert "5 people who answered" in worth.effective_n_basis
