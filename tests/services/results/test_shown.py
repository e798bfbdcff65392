"""What people met stands in the report before what came of it: texts, contacts in their order, questions."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from libs.contracts.protocol import Arm, Condition, Contact, Conversation, Plan, Step, Stimulus
from services.results.domain.records import Study
from services.results.domain.report.page import to_html
from services.results.domain.shown import SHORT, beginning, shown
from services.results.domain.wording import duration
from tests.services.results import build
from tests.services.results.test_report import Page
from tests.services.results.told import findings

CLICKED = build.instrument("click_through", question="Would you click?")
LONG = "A very long letter. " * 60


def section(study: Study) -> str:
    """The part of the report about what was shown, as text."""
    seen = Page(to_html(findings(study, []))).text
    start = seen.index("Shown and asked")
    return seen[start : seen.index("Simulated respondents ·", start)]


def contact(name: str, day: int, content: str, condition: Condition | None = None, **fields: str) -> Contact:
    stimulus = Stimulus.model_validate({"content": content, "channel": "email", "timing": "morning", **fields})
    at_s = timedelta(days=day).total_seconds()
    return Contact(name=name, stimulus=stimulus, at_s=at_s, metrics=(), condition=condition, responds=True, rich=None)


def journey() -> Plan:
    """One mail against three contacts, of which the second is only for some."""
    some = Condition(metric="click_through", step_id="welcome_mail", operator="is", value=False)
    contacts = (
        contact("welcome_mail", 0, "Half price until Sunday."),
        contact("reminder", 3, "Still hungry?", some, channel="push"),
        contact("offer", 7, LONG),
    )
    made = build.plan(("one", "three"), [CLICKED], {"one": 4, "three": 4}, measured_after_s=604_800.0)
    arms: list[Arm] = [made.arms[0], made.arms[1].model_copy(update={"contacts": contacts})]
    return made.model_copy(update={"arms": tuple(arms)})


def met(step_id: str, content: str | None, **fields: Any) -> Step:
    stimuli = {"all": Stimulus(content=content, channel="email", timing="", source="Ruth")} if content else {}
    given = {"kind": "deliver", "step_id": step_id, "round": 1, "stimuli": stimuli, "instruments": (), **fields}
    return Step.model_validate(given)


def without_plan(*steps: Step) -> Study:
    return build.study(None, instruments=(CLICKED,), steps={step.step_id: step for step in steps})


def test_the_text_of_each_arm_and_the_questions_come_before_any_number() -> None:
    study, turns = build.campaign()
    seen = Page(to_html(findings(study, turns))).text
    before = seen[: seen.index("Each row is one arm minus the baseline")]
    for words in (*build.EMAILS.values(), "email · morning", "baseline", *(i.question for i in study.instruments)):
        assert words in before


def test_contacts_stand_in_their_order_with_name_channel_timing_moment_and_for_whom() -> None:
    said = section(build.study(journey()))
    order = [
        "welcome mail email · morning · at the start",
        "Half price until Sunday.",
        "reminder push · morning · after 3 days",
        "only those whose click through at welcome mail is no",
        "Still hungry?",
        "offer email · morning · after 7 days",
        "Asked 7 days after the last contact.",
        "Would you click?",
    ]
    places = [said.index(words) for words in order]
    assert places == sorted(places)


def test_a_long_text_is_cut_with_a_mark_and_whole_behind_a_click_and_a_short_one_is_whole() -> None:
    body = to_html(findings(build.study(journey()), [])).decode()
    start, behind = body.split("<summary>Cut here: show all 1,200 letters</summary>")
    assert "A very long letter. A very" in start
    assert LONG not in start
    assert "A very long …" in start
    assert LONG in behind.split("</details>")[0]
    assert beginning("x" * SHORT) == "x" * SHORT
    assert len(beginning("x" * (SHORT + 1))) < SHORT


def test_without_a_plan_touchpoints_have_their_name_and_moment() -> None:
    at = build.START
    first = met("step-1-1", "Half price.", name="welcome_mail", simulated_at=at)
    some = Condition(metric="click_through", step_id="step-1-1", operator="one_of", value=("a", "b"))
    second = met("step-1-2", "Still hungry?", round=2, name="reminder", condition=some)
    said = section(without_plan(first, second))
    assert "welcome mail email · 22 November 2026, 09:00 · from Ruth" in said
    assert "only those whose click through at welcome mail is one of a or b" in said


def test_nothing_is_called_primary_where_nothing_was_planned() -> None:
    asked = build.instrument("click_through", role="primary")
    assert "primary" not in section(replace(without_plan(), instruments=(asked,)))
    assert "primary" in section(build.study(build.plan(("a",), [asked], {"a": 1})))


def test_what_no_stimulus_can_change_is_called_a_control() -> None:
    asked = build.instrument("born_on_a_weekday", is_control=True)
    assert "born on a weekdaycontrol" in section(build.study(build.plan(("a",), [asked], {"a": 1})))


def test_of_a_conversation_each_prompt_is_there_once_and_a_round_without_one_is_not() -> None:
    talk = Conversation(
        conversation_id="talk-1",
        kind="focus_group",
        broadcast_if_no_target=True,
        turn_taking="sequential",
        network=False,
    )
    rounds = [
        met(f"step-{n}", content, round=n, conversation=talk) for n, content in enumerate(("Oats?", None, "Why?"), 1)
    ]
    again = replace(without_plan(*rounds), steps={f"{n}-{one.step_id}": one for n in range(2) for one in rounds})
    assert [(one.name, one.content) for one in shown(again)["all"]] == [
        ("focus group, round 1", "Oats?"),
        ("focus group, round 3", "Why?"),
    ]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"metric": "age", "about": "attribute", "operator": "at_least", "value": 30}, "whose age is at least 30"),
        (
            {"metric": "", "about": "words", "operator": "one_of", "value": ("no", "too dear")},
            "who said no or too dear",
        ),
        (
            {"metric": "liked", "operator": "is_not", "value": 3, "before": True},
            "liked is not 3 in the simulation before",
        ),
        (
            {"metric": "", "operator": "is", "value": None, "proposition": "has doubts"},
            "of whom it is true: has doubts",
        ),
    ],
)
def test_for_whom_alone_something_was_is_said(condition: dict[str, Any], said: str) -> None:
    some = Condition.model_validate({"metric": "", "step_id": None, **condition})
    assert said in section(without_plan(met("step-1", "Hello", condition=some)))


def test_a_copy_and_a_placebo_are_called_so() -> None:
    made = build.plan(("a", "aa", "none"), [CLICKED], {"a": 1, "aa": 1, "none": 1})
    copy, placebo = (
        made.arms[1].model_copy(update={"copy_of": "a"}),
        made.arms[2].model_copy(update={"is_placebo": True}),
    )
    said = section(build.study(made.model_copy(update={"arms": (made.arms[0], copy, placebo)})))
    assert "the same as a" in said
    assert "placebo" in said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(21_600, "6 hours"), (172_800, "2 days"), (93_784, "1 day and 2 hours"), (61, "1 minute and 1 second")],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said
