"""What a simulated estimate is worth about people."""

import pytest

from libs.stats import grade_c


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
