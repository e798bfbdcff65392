"""Tools of agents: what is written can be listed and read again, and what is wrong with a use is said."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.minds.artefacts import MAX_CONTENT, Artefact, file_name
from libs.minds.blocks import read_blocks
from libs.minds.prompt import shared_messages
from libs.minds.rules import PLATFORM_TEXT
from libs.minds.schema import ACTION_TYPES, turn_schema
from libs.minds.tools import Made, Outcome, Situation, ToolAction, Toolbox, Tools, Used
from libs.minds.turn import Action, MentalState, Turn, read_turn
from tests.libs.minds.examples import EMAIL, agent

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
REPORT = "# Report\n\n| a | b |\n|---|---|\n| 1 | 2 |"


def acted(*actions: tuple[str, str, str]) -> Turn:
    """A turn of these (type, target, content)."""
    done = tuple(Action(kind, content, target) for kind, target, content in actions)
    return Turn(done, MentalState("", "", "", None), {}, None)


def use(
    box: Toolbox, *actions: tuple[str, str, str], before: tuple[Artefact, ...] = (), turn: str = "t1"
) -> list[Used]:
    return box.use(acted(*actions), turn, agent(), NOW, before)


def box(*names: str) -> Toolbox:
    return Tools().box(names)


WORDS = box("word_processor")
CALENDAR = box("calendar")


# --- word processor --------------------------------------------------------------------------------------------------


def test_a_document_is_an_artefact_of_whoever_wrote_it() -> None:
    [used] = use(WORDS, ("THINK", "", "Let me write."), ("WRITE_DOCUMENT", "Report", REPORT))
    [artefact] = used.artefacts
    assert (used.action, used.tool) == (1, "word_processor")
    assert (artefact.type, artefact.name, artefact.format, artefact.content) == (
        "document",
        "Report",
        "markdown",
        REPORT,
    )
    assert (artefact.agent_id, artefact.author, artefact.created_at) == (agent().agent_id, agent().name, NOW)
    assert used.feedback == "The document 'Report' was saved."


def test_the_form_of_tinytroupe_is_understood() -> None:
    content = json.dumps({"title": "Plan", "content": "Step one.", "author": "somebody else"})
    [used] = use(WORDS, ("WRITE_DOCUMENT", "", content))
    assert [(item.name, item.content, item.author) for item in used.artefacts] == [("Plan", "Step one.", agent().name)]


@pytest.mark.parametrize(
    ("target", "content", "title"),
    [("", "# My title\nText", "My title"), ("", "Text", "Untitled"), ("Given", "# Other\nText", "Given")],
)
def test_a_document_without_a_title_gets_that_of_its_first_heading(target: str, content: str, title: str) -> None:
    [used] = use(WORDS, ("WRITE_DOCUMENT", target, content))
    assert used.artefacts[0].name == title


def test_documents_are_listed_and_read_within_a_turn_and_later() -> None:
    first = use(WORDS, ("WRITE_DOCUMENT", "A", "one"), ("WRITE_DOCUMENT", "B", "two"), ("LIST_DOCUMENTS", "", ""))
    assert first[2].feedback == "Your documents: A; B."
    written = tuple(artefact for used in first for artefact in used.artefacts)
    later = use(WORDS, ("WRITE_DOCUMENT", "a", "one again"), ("READ_DOCUMENT", "A", ""), before=written, turn="t2")
    assert later[1].feedback == "a:\none again", "a document of the same title takes its place"
    assert use(WORDS, ("READ_DOCUMENT", "C", ""))[0].feedback == "You have no document 'C'."
    assert use(WORDS, ("LIST_DOCUMENTS", "", ""))[0].feedback == "You have no documents."


def test_an_empty_document_is_not_saved() -> None:
    [used] = use(WORDS, ("WRITE_DOCUMENT", "A", ""))
    assert (used.artefacts, used.feedback) == ((), "Nothing was written: the document 'A' has no text.")


# --- calendar --------------------------------------------------------------------------------------------------------


def event(**fields: Any) -> str:
    return json.dumps({"start": "2026-01-06T10:00"} | fields)


def test_an_event_is_entered_and_found_on_its_day() -> None:
    [entered] = use(CALENDAR, ("CREATE_EVENT", "Dentist", event(end="2026-01-06T10:30", attendees=["Dr. Wu"])))
    assert entered.feedback == "Entered: 2026-01-06 10:00–10:30 Dentist, with Dr. Wu."
    assert json.loads(entered.artefacts[0].content) == {
        "title": "Dentist",
        "start": "2026-01-06T10:00",
        "end": "2026-01-06T10:30",
        "description": "",
        "attendees": ["Dr. Wu"],
    }
    for wanted, found in (
        ("", True),
        ("2026-01-06", True),
        ("2026-01-06T10:15", True),
        ("2026-01-05", False),
        ("2026-01-05/2026-01-06", True),
        ("2026-01-07/2026-02-01", False),
    ):
        [used] = use(CALENDAR, ("FIND_EVENTS", "", wanted), before=entered.artefacts)
        assert ("Dentist" in used.feedback) == found, wanted


def test_an_event_of_the_same_title_is_moved_and_a_clash_is_told() -> None:
    uses = use(
        CALENDAR,
        ("CREATE_EVENT", "Lunch", event()),
        ("CREATE_EVENT", "Call", event(start="2026-01-06T10:30")),
        ("CREATE_EVENT", "lunch", event(start="2026-01-08 12:00")),
        ("FIND_EVENTS", "", "2026-01-06"),
    )
    assert uses[1].feedback.endswith("It clashes with Lunch.")
    assert uses[3].feedback == "In your calendar: 2026-01-06 10:30–11:30 Call."


@pytest.mark.parametrize(
    ("target", "content", "says"),
    [
        ("", event(), "it needs a title"),
        ("X", "{}", "it needs a `start` like 2026-01-31T09:30"),
        ("X", "tomorrow at ten", "it needs a `start`"),
        ("X", event(start="9999-12-31T23:30"), "it needs a `start`"),
        ("X", event(end="2026-01-05"), "it ends before it starts"),
    ],
)
def test_an_event_that_cannot_be_entered_says_why(target: str, content: str, says: str) -> None:
    [used] = use(CALENDAR, ("CREATE_EVENT", target, content))
    assert used.artefacts == ()
    assert says in used.feedback


def test_a_bare_time_and_other_spellings_are_enough() -> None:
    for content in ("2026-01-06T10:00", json.dumps({"title": "X", "start_time": "2026-01-06T10:00:30Z"})):
        [used] = use(CALENDAR, ("CREATE_EVENT", "X", content))
        assert used.feedback == "Entered: 2026-01-06 10:00–11:00 X."


def test_without_a_clock_everything_is_found() -> None:
    [entered] = use(CALENDAR, ("CREATE_EVENT", "X", event(start="2031-05-05")))
    [used] = CALENDAR.use(acted(("FIND_EVENTS", "", "")), "t2", agent(), None, entered.artefacts)
    assert "2031-05-05 00:00–01:00 X" in used.feedback


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_written_into_a_calendar_never_breaks_it(target: str, content: str) -> None:
    uses = use(CALENDAR, ("CREATE_EVENT", target, content), ("FIND_EVENTS", "", content))
    assert all("did not work" not in used.feedback for used in uses)


# --- tools of one's own ----------------------------------------------------------------------------------------------


@dataclass
class Basket:
    """A shopping basket."""

    name: str = "basket"
    instruction: str = "A shopping basket."
    actions: Any = (ToolAction("ADD_ITEM", "puts the thing named in `content` into it"),)

    def use(self, action: Action, situation: Situation) -> Outcome:
        if action.content == "bomb":
            raise RuntimeError("boom")
        if action.content == "many":
            return Outcome(tuple(Made("item", str(number), "") for number in range(11)))
        if action.content == "nothing":
            return None  # type: ignore[return-value]
        things = [item.content for item in situation.artefacts] + [action.content]
        return Outcome((Made("item", action.content, action.content),), f"In it: {', '.join(things)}.")


def test_a_tool_of_ones_own_sees_what_was_made_with_it_and_nothing_else() -> None:
    tools = Tools([Basket()]).box(["basket", "word_processor"])
    uses = use(tools, ("WRITE_DOCUMENT", "A", "x"), ("ADD_ITEM", "", "milk"), ("ADD_ITEM", "", "bread"))
    assert [used.feedback for used in uses[1:]] == ["In it: milk.", "In it: milk, bread."]


@pytest.mark.parametrize(
    ("content", "says"),
    [("bomb", "RuntimeError: boom"), ("many", "more than 10 artefacts"), ("nothing", "gave no Outcome")],
)
def test_a_tool_that_fails_costs_its_own_outcome_and_not_the_turn(content: str, says: str) -> None:
    bad, good = use(Tools([Basket()]).box(["basket"]), ("ADD_ITEM", "", content), ("ADD_ITEM", "", "milk"))
    assert bad.feedback.startswith("basket did not work: ")
    assert says in bad.feedback
    assert good.feedback == "In it: milk."


@pytest.mark.parametrize(
    ("tool", "says"),
    [
        (object(), "its name is None"),
        (Basket(name="My Basket"), "its name is 'My Basket'"),
        (Basket(name="calendar"), "tool 'calendar': there is one of this name already"),
        (Basket(actions=()), "tool 'basket': has no actions"),
        (Basket(actions=("ADD",)), "tool 'basket': 'ADD' is no ToolAction"),
        (Basket(actions=(ToolAction("add", "x"),)), "with a type in capitals"),
        (Basket(actions=(ToolAction("TALK", "x"),)), "tool 'basket': TALK is an action that everybody has"),
        (Basket(actions=(ToolAction("CREATE_EVENT", "x"),)), "CREATE_EVENT is an action of 'calendar'"),
        (Basket(actions=(ToolAction("ADD", "x", MAX_CONTENT + 1),)), "may hold 1 to 20,000 characters"),
        (Basket(instruction="[[data persona"), "instruction: needs a text"),
        (Basket(instruction=" "), "instruction: needs a text"),
        (type("Half", (), {"name": "half", "instruction": "x", "actions": ()})(), "tool 'half': needs name"),
    ],
)
def test_what_is_no_tool_is_refused_by_name(tool: object, says: str) -> None:
    with pytest.raises(ValueError, match="tool") as caught:
        Tools([tool])
    assert says in str(caught.value)


def test_unknown_tools_are_told_by_name() -> None:
    assert Tools().unknown(["calendar", "abacus"]) == ["abacus"]
    assert Tools().unknown(None) == []
    assert Tools().names == ("word_processor", "calendar")


# --- in prompts and replies ------------------------------------------------------------------------------------------


def test_a_turn_may_use_the_tools_of_its_step_and_no_others() -> None:
    types = turn_schema((), tuple(WORDS.action_types))["properties"]["actions"]["items"]["properties"]["type"]["enum"]
    assert types == [*ACTION_TYPES, "WRITE_DOCUMENT", "LIST_DOCUMENTS", "READ_DOCUMENT"]
    long = "x" * 5_000
    actions = [
        {"type": "write document", "content": long, "target": "A"},
        {"type": "CREATE_EVENT", "content": {"start": "2026-01-06"}, "target": "B"},
        {"type": "TALK", "content": long, "target": ""},
    ]
    reply = json.dumps({"actions": actions, "answers": {}})
    turn = read_turn(reply, (), "here", WORDS.action_types)
    assert [(action.type, len(action.content)) for action in turn.actions] == [
        ("WRITE_DOCUMENT", 5_000),
        ("TALK", 2_000),
    ]
    both = read_turn(reply, (), "here", box("word_processor", "calendar").action_types)
    assert both.actions[1].content == '{"start":"2026-01-06"}'
    assert [action.type for action in read_turn(reply, (), "here").actions] == ["TALK"]


def test_the_rules_of_tools_follow_the_others_and_say_the_time() -> None:
    system, data = shared_messages(EMAIL, (), WORDS.instruction(NOW))
    assert system.content.startswith(PLATFORM_TEXT)
    told = system.content.removeprefix(PLATFORM_TEXT)
    assert "It is Monday, 2026-01-05, 09:00." in told
    assert "- word_processor: A word processor" in told
    assert "  WRITE_DOCUMENT writes a document" in told
    assert read_blocks([data])["stimulus"]["content"] == EMAIL.content
    assert shared_messages(EMAIL, ())[0].content == PLATFORM_TEXT
    assert Toolbox().instruction(NOW) == ""


def test_the_same_turn_makes_the_same_artefacts() -> None:
    actions = (("WRITE_DOCUMENT", "A", "x"), ("WRITE_DOCUMENT", "A", "x"))
    first, again, other = (use(WORDS, *actions, turn=turn) for turn in ("t1", "t1", "t2"))
    assert first == again
    ids = {artefact.artefact_id for uses in (first, other) for used in uses for artefact in used.artefacts}
    assert len(ids) == 4


NAMES = {
    "Report 2026": "Report_2026.md",
    "../../etc/passwd": "etc_passwd.md",
    "a\x00b\n": "a_b.md",
    "": "artefact.md",
    "...": "artefact.md",
    "CON": "_CON.md",
    "nul.txt": "_nul.txt.md",
    "Über/ñ": "Über_ñ.md",
    "x" * 300: "x" * 80 + ".md",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_is_safe_everywhere(name: str) -> None:
    assert file_name(name, "md") == NAMES[name]
