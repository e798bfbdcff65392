"""Who gave no answer: said where it is alike in all arms too, and never of people who were not asked."""

from dataclasses import replace

import pytest

from libs.contracts.chosen import Chosen
from libs.contracts.evidence import Flag
from libs.contracts.instruments import Answer
from services.results.domain.records import Study, Turn
from services.results.domain.report.page import to_html
from services.results.service.files.pdf import to_pdf
from tests.services.results import build
from tests.services.results.test_files import pages
from tests.services.results.told import analyse, findings

BOUGHT = build.instrument("bought", role="primary")
RATED = build.instrument("rated", "ordinal", role="primary", minimum=1, maximum=5)


def two_arms(lost: int, of: int = 100) -> tuple[Study, list[Turn]]:
    """As many fail in one arm as in the other."""
    study = build.study(build.plan(("a", "b"), [BOUGHT], {"a": of, "b": of}))
    turns = [build.turn(i, "ab"[i % 2], None if i < 2 * lost else {"bought": i % 3 == 0}) for i in range(2 * of)]
    return study, turns


def flags(study: Study, turns: list[Turn]) -> list[Flag]:
    return [flag for flag in analyse(study, turns).flags or () if flag.kind == "attrition"]


def each(answers: dict[str, Answer], **fields: object) -> list[Turn]:
    return [build.turn(i, "ab"[i % 2], answers, **fields) for i in range(20)]


@pytest.mark.parametrize(
    ("lost", "severity"), [(0, None), (4, None), (5, "note"), (19, "note"), (20, "caution"), (40, "caution")]
)
def test_losses_that_are_alike_in_all_arms_are_a_note_from_5_and_a_caution_from_20_percent(
    lost: int, severity: str | None
) -> None:
    found = flags(*two_arms(lost))
    assert [(one.arm, one.metric, one.severity) for one in found] == ([(None, "bought", severity)] if severity else [])


def test_the_verdict_says_how_many_gave_no_answer() -> None:
    said = "40% of those asked gave no answer to bought, enough to change what was found — 120 simulated respondents"
    assert said in analyse(*two_arms(40)).verdict
    assert "; 7% of those asked gave no answer to bought — 186" in analyse(*two_arms(7)).verdict
    assert "asked" not in analyse(*two_arms(4)).verdict


def test_report_and_pdf_say_it_and_do_not_distrust_the_whole() -> None:
    found = findings(*two_arms(40))
    body = to_html(found).decode()
    assert "40% of those asked gave no answer to bought" in body
    assert "from 20% on a result may well be another" in body
    assert "nothing below is to be trusted" not in body
    assert b"caution: 40% of those asked gave no answer to bought" in b" ".join(pages(to_pdf(found)))


def test_an_answer_that_is_missing_or_cannot_be_read_is_lost_though_its_turn_was_answered() -> None:
    study = build.study(build.plan(("a", "b"), [RATED], {"a": 10, "b": 10}))
    turns = each({"rated": 3.0})
    turns[:2] = [replace(turn, answers={}) for turn in turns[:2]]
    turns[2:4] = [replace(turn, answers={"rated": 9.0}) for turn in turns[2:4]]
    assert [one.message for one in flags(study, turns)] == [
        "20% of those asked gave no answer to rated, enough to change what was found"
    ]


def test_a_last_turn_that_failed_is_lost_though_earlier_ones_were_answered() -> None:
    study = build.study(build.plan(("a", "b"), [BOUGHT], {"a": 10, "b": 10}))
    asked = each({"bought": True}, step_id="outcome", round=2)
    asked[:2] = [build.turn(i, "ab"[i], None, step_id="outcome", round=2) for i in range(2)]
    [found] = flags(study, [*each({}, step_id="touch-1"), *asked])
    assert (found.metric, found.severity, found.message[:3]) == ("bought", "note", "10%")


def test_whom_a_funnel_or_a_condition_left_out_is_not_lost() -> None:
    opened = build.instrument("opened")
    plan = build.plan(("a", "b"), [opened, RATED.model_copy(update={"requires": "opened"})], {"a": 10, "b": 10})
    assert not flags(build.study(plan), each({"opened": False, "rated": None}))
    study = build.study(build.plan(("a", "b"), [BOUGHT], {"a": 10, "b": 10}))
    chosen = Chosen(alone=frozenset({("bought", "a"), ("bought", "b")}))
    assert flags(study, each({"bought": True})[:10])
    assert not flags(replace(study, chosen=chosen), each({"bought": True})[:10])


def test_without_a_plan_turns_that_failed_are_counted_and_who_took_none_is_not() -> None:
    study = build.study(None, instruments=(BOUGHT,), planned={"all": 50})
    turns = [build.turn(i, "all", {"bought": True} if i > 3 else None) for i in range(10)]
    [found] = flags(study, turns)
    assert (found.metric, found.message) == (None, "40% of turns failed, enough to change what was found")
    assert "; 40% of turns failed, enough" in analyse(study, turns).verdict
    assert not flags(study, turns[4:])
