"""Files of people: what is read is written again, and what could not be kept is refused with its place."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.minds.json_documents import LARGEST, MAX_DEPTH, SMALLEST, DocumentError, one_line, parse, pretty
from libs.minds.persona_files import MAX_FILE, MAX_PERSONA, read_agent, read_fragment
from tests.support.people_files import JON, MIRA, THRIFTY

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(SMALLEST, LARGEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=15,
)
UNKNOWN = st.dictionaries(
    TEXT.filter(lambda key: key not in {"type", "rehearsal", "json_serializable_class_name"}), JSON
)
LIMIT = 10**6


def spelled(value: object) -> str:
    """Everything a document says: 1 and 1.0 differ, and so does the order of keys."""
    return json.dumps(value)


@given(UNKNOWN, UNKNOWN, st.booleans())
def test_a_person_is_written_as_it_was_read(around: dict[str, Any], inside: dict[str, Any], is_first: bool) -> None:
    persona = {**inside, "name": "Ada", "age": 36}
    document = {"persona": persona, **around} | {"persona": persona} if is_first else {**around, "persona": persona}
    for text in (pretty(document), one_line(document), json.dumps(document)):
        assert spelled(read_agent(parse(text, LIMIT)).document()) == spelled(document)


@given(UNKNOWN, st.dictionaries(TEXT, JSON, min_size=1, max_size=3))
def test_a_fragment_is_written_as_it_was_read(around: dict[str, Any], persona: dict[str, Any]) -> None:
    document = {**around, "type": "Fragment", "persona": persona, "traits": {"trust": 0.5}}
    assert spelled(read_fragment(parse(pretty(document), LIMIT)).document) == spelled(document)


@given(JSON)
def test_one_line_is_one_line_whatever_stands_in_it(value: object) -> None:
    assert one_line({"text": "a\u2028b\x85c\nd", "value": value}).splitlines()[1:] == []


def test_name_and_age_are_read_from_the_persona() -> None:
    assert [(file.name, file.age) for file in map(read_agent, (MIRA, JON))] == [("Mira Kovačová", 41), ("Jon Ames", 29)]


def test_the_file_is_not_changed_by_reading_it() -> None:
    before = copy.deepcopy(MIRA)
    read_agent(MIRA).document()["x-notes"] = None
    assert before == MIRA


def test_a_specification_that_tinytroupe_saved_is_a_person() -> None:
    saved = {
        "json_serializable_class_name": "TinyPerson",
        "persona": MIRA["persona"],
        "episodic_memory": {"memory": []},
    }
    assert read_agent(saved).document() == saved


def changed(**persona: Any) -> dict[str, Any]:
    return {**JON, "persona": {**JON["persona"], **persona}}


REFUSED: list[tuple[object, str, str]] = [
    ([JON], "", "is not a JSON object"),
    ({"type": "TinyPerson"}, "persona", "is missing"),
    ({"persona": "Lisa"}, "persona", "is not an object"),
    (THRIFTY, "type", "is 'Fragment', not 'TinyPerson'"),
    (changed(name=" "), "persona.name", "is ' '"),
    (changed(name="x" * 121), "persona.name", "1 to 120 characters"),
    (changed(age=None), "persona.age", "is None; needed are whole years from 0 to 130"),
    (changed(age="thirty"), "persona.age", "is 'thirty'"),
    (changed(age=41.5), "persona.age", "is 41.5"),
    (changed(age=True), "persona.age", "is True"),
    (changed(age=131), "persona.age", "is 131"),
    (changed(notes={"a": ["\x00"]}), "persona.notes.a.0", "NUL"),
    (changed(notes={"a\ud800": 1}), "persona.notes", "in a key"),
    (changed(weight=float("nan")), "persona.weight", "is not a finite number"),
    (changed(weight=2**64), "persona.weight", "more than 64 bits"),
    (changed(notes="x" * MAX_PERSONA), "persona", "is larger than 32,768 characters"),
    ({**JON, "episodic_memory": "x" * MAX_FILE}, "", "is larger than 262,144 characters"),
    ({**JON, "rehearsal": 1}, "rehearsal", "is not an object"),
]


@pytest.mark.parametrize(("document", "path", "reason"), REFUSED)
def test_a_file_that_is_no_person_is_refused_with_its_place(document: object, path: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_agent(document, "agents.3")
    assert caught.value.path == (f"agents.3.{path}" if path else "agents.3")
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not JSON"),
        ("", "is not JSON"),
        ('{"persona": {"age": 1, "age": 2}}', "persona: has the key 'age' more than once"),
        ('[{"a": [{"b": NaN}]}]', "0.a.0.b: is not a finite number"),
        ('{"a": 1e999}', "a: is not a finite number"),
        ('{"a": 36893488147419103232}', "a: is an integer of more than 64 bits"),
        ('{"a": "\\ud800"}', "a: may not contain"),
        ("[" * 40 + "]" * 40, f"is nested deeper than {MAX_DEPTH} levels"),
        ("[" * 200_000, f"is nested deeper than {MAX_DEPTH} levels"),
        ("9" * 5_000, "is not JSON"),
        (f'"{"x" * LIMIT}"', "is larger than 1,000,000 bytes"),
    ],
)
def test_text_that_would_lose_something_is_no_document(text: str, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        parse(text, LIMIT)


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"type": "TinyPerson"}, "type", "not 'Fragment'"),
        ({"persona": {}}, "persona", "is empty"),
        ({"traits": {"trust": 1.5}}, "traits.trust", "needed is a number from -1 to 1"),
        ({"traits": {"charm": 0.5}}, "traits.charm", "is no known trait; known are trust"),
        ({"traits": [0.5]}, "traits", "is not an object"),
    ],
)
def test_a_file_that_is_no_fragment_is_refused_with_its_place(changes: dict[str, Any], path: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read_fragment({**THRIFTY, **changes}, "fragments.0", {"trust": ""})
    assert (caught.value.path, reason in caught.value.reason) == (f"fragments.0.{path}", True)
