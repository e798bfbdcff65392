"""What is away is told now and then, and its return once."""

from libs.telemetry import Absences


def test_a_line_that_repeats_is_told_once_in_its_time_and_another_one_at_once() -> None:
    absences = Absences(every_s=3600)
    assert [absences.is_due(line) for line in ("refused", "refused", "timed out")] == [True, False, True]
    assert [Absences(every_s=0).is_due("refused") for _ in range(2)] == [True, True]


def test_a_return_is_told_where_the_absence_was_and_then_all_begins_anew() -> None:
    absences = Absences()
    assert not absences.end()
    absences.is_due("refused")
    assert [absences.end(), absences.end()] == [True, False]
    assert absences.is_due("refused")
