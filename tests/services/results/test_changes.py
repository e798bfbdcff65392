"""What is asked twice is compared with itself: those who answered both times, each unit once."""

import random

import pytest
from scipy.stats import ttest_rel

from libs.contracts.evidence import Shift
from services.results.domain.records import Turn
from services.results.domain.report.page import to_html
from tests.services.results import build
from tests.services.results.told import analyse, findings

LIKED = build.instrument("liked", "numeric", role="primary", minimum=0, maximum=100)
BOUGHT = build.instrument("bought")
STUDY = build.study(None, instruments=(LIKED, BOUGHT))


def asked(number: int, round_number: int, liked: float, *, bought: bool, group: str | None = None) -> Turn:
    answers = {"liked": liked, "bought": bought}
    return build.turn(number, "all", answers, round=round_number, step_id=f"step-{round_number}", cluster_id=group)


def twice(people: int, seed: int = 1) -> list[tuple[float, float]]:
    """Answers that go together, the second one 5 higher on average."""
    draw = random.Random(seed)
    starts = [draw.uniform(20, 70) for _ in range(people)]
    return [(start, start + 5 + draw.gauss(0, 8)) for start in starts]


def shifts(turns: list[Turn]) -> dict[str, Shift]:
    return {one.metric: one for one in analyse(STUDY, turns).changes or ()}


def test_a_change_of_means_is_the_paired_t_test_of_the_first_and_the_last_round() -> None:
    both = twice(40)
    turns = [asked(n, place, pair[place - 1], bought=False) for n, pair in enumerate(both, 1) for place in (1, 2)]
    found = shifts(turns)["liked"]
    first, last = zip(*both, strict=True)
    expected = ttest_rel(last, first)
    interval = expected.confidence_interval(0.95)
    assert found.difference == pytest.approx(sum(last) / 40 - sum(first) / 40)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.interval == pytest.approx((interval.low, interval.high))
    assert (found.first_round, found.last_round, found.n) == (1, 2, 40)


def test_a_change_of_shares_counts_those_who_changed() -> None:
    turns = [asked(n, 1, 50, bought=n <= 5) for n in range(1, 41)] + [
        asked(n, 2, 50, bought=n <= 17) for n in range(1, 41)
    ]
    found = shifts(turns)["bought"]
    assert (found.first, found.last, found.difference) == pytest.approx((5 / 40, 17 / 40, 12 / 40))
    assert found.method.startswith("McNemar")
    assert found.p_value is not None
    assert found.p_value < 0.001


def test_only_who_answered_both_times_counts_and_rounds_between_do_not() -> None:
    turns = [asked(n, place, 10.0 * place, bought=False) for n in range(1, 9) for place in (1, 2, 3)]
    late = [asked(n, 3, 100, bought=True) for n in range(9, 30)]
    found = shifts(turns + late)["liked"]
    assert (found.first, found.last, found.n) == (10, 30, 8)
    assert found.last_round == 3


def test_of_a_group_the_same_people_are_compared_at_both_times() -> None:
    """A few of each group are asked before they talk, and all of them afterwards."""
    first = [asked(n, 1, 40 + n % 3, bought=False, group=f"group-{n % 3}") for n in range(9)]
    last = [asked(n, 2, 40 + n % 3, bought=False, group=f"group-{n % 3}") for n in range(9)]
    late = [asked(n, 2, 95, bought=False, group=f"group-{n % 3}") for n in range(9, 60)]
    found = shifts(first + last + late)["liked"]
    assert (found.first, found.last, found.difference, found.n) == (41, 41, 0, 3)


def test_those_who_heard_each_other_count_as_one() -> None:
    turns = [
        asked(n, place, first + place, bought=False, group=f"group-{n % 3}")
        for n, (first, _) in enumerate(twice(12), 1)
        for place in (1, 2)
    ]
    assert shifts(turns)["liked"].n == 3


def test_what_was_asked_once_has_not_changed() -> None:
    turns = [asked(n, 1, first, bought=False) for n, (first, _) in enumerate(twice(9), 1)]
    assert analyse(STUDY, turns).changes is None
    others = [build.turn(n, "all", {"bought": True}, round=2, step_id="step-2") for n in range(1, 10)]
    assert set(shifts(turns + others)) == {"bought"}


def test_swapping_the_rounds_turns_the_change_around() -> None:
    both = twice(25)
    turns = [asked(n, place, pair[place - 1], bought=False) for n, pair in enumerate(both, 1) for place in (1, 2)]
    turned = [asked(n, 3 - place, pair[place - 1], bought=False) for n, pair in enumerate(both, 1) for place in (1, 2)]
    assert shifts(turns)["liked"].difference == pytest.approx(-shifts(turned)["liked"].difference)


def test_the_verdict_of_one_arm_says_from_where_to_where_and_the_report_has_a_table() -> None:
    turns = [asked(n, place, pair[place - 1], bought=False) for n, pair in enumerate(twice(40), 1) for place in (1, 2)]
    said = analyse(STUDY, turns).verdict
    assert said.startswith("Liked went from ")
    assert " in round 1 to " in said
    assert "a change of +" in said
    assert b"Changes by metric and arm" in to_html(findings(STUDY, turns))
    assert b"Changes by metric and arm" not in to_html(findings(STUDY, turns[::2]))


def test_a_change_whose_interval_holds_0_is_said_to_be_no_clear_one() -> None:
    both = [(start, start + (6 if n % 2 else -5)) for n, (start, _) in enumerate(twice(12))]
    turns = [asked(n, place, pair[place - 1], bought=False) for n, pair in enumerate(both, 1) for place in (1, 2)]
    said = analyse(STUDY, turns).verdict
    assert said.startswith("No clear change in liked: it went from ")
    assert "a change of +0.50 (95% interval −3." in said


def test_a_change_of_a_few_does_not_stand_for_all_who_answered() -> None:
    both = [asked(n, place, 40 + 20 * place + n % 3, bought=False) for n in range(4) for place in (1, 2)]
    late = [asked(n, 2, 70 + n % 5, bought=False) for n in range(4, 50)]
    said = analyse(STUDY, both + late).verdict
    assert said.startswith("Liked is 71.9 on a scale from 0 to 100 (95% interval ")
    assert "; liked went from 60.8 in round 1 to 80.8 in round 2" in said
    assert "4 units asked both times)" in said
