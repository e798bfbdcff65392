"""Files of strangers are read soon or refused soon: whoever sends one must not keep others waiting."""

import json
import time

import pytest
import yaml

from libs.studies import JSON, YAML, InvalidStudyError, read
from libs.studies.yaml_text import DEEPEST, MOST_VALUES, composed, composed_json, constructed

SOON_S = 5.0
"""A hundred times what it takes, and less than a fifth of what it took."""


@pytest.mark.parametrize(
    ("content", "media", "said"),
    [
        (b"[" * 5_000, YAML, "nested deeper"),
        (b"- " * 20_000, YAML, "nested deeper"),
        (b"a: [" + b"1," * MOST_VALUES + b"1]", YAML, "more than 50,000 values"),
        (b"".join(b"k%d: 1\n" % number for number in range(20_000)), YAML, "is not a field here"),
        (json.dumps({f"k{number}": 1 for number in range(20_000)}).encode(), JSON, "is not a field here"),
        (b'{"a": ' * 900 + b"1" + b"}" * 900, JSON, "nested deeper"),
        (b"? [a]\n: b", YAML, "no text"),
        (b'a: !!int ""', YAML, "cannot be read"),
        (b"a: !!timestamp x", YAML, "cannot be read"),
    ],
)
def test_what_is_no_study_is_refused_soon(content: bytes, media: str, said: str) -> None:
    started = time.perf_counter()
    with pytest.raises(InvalidStudyError, match=said):
        read(content, media)
    assert time.perf_counter() - started < SOON_S


def test_what_people_write_is_read_as_ever() -> None:
    deep = "[" * (DEEPEST - 1) + "]" * (DEEPEST - 1)
    text = f'a: {{b: [1, x, null, "010", -2.5, 1e3, true, False, ~, "\\u00fc"]}}\nd: {deep}\n'
    assert constructed(composed(text)) == yaml.safe_load(text) | {
        "a": {"b": [1, "x", None, "010", -2.5, 1e3, True, False, None, "ü"]}
    }
    assert constructed(composed("")) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[yes, No, on, OFF, y]", ["yes", "No", "on", "OFF", "y"]),
        ("[010, 08, +4, 1_000]", [10, 8, 4, 1000]),
        ("[12:30, 2026-01-05, 0x1F, 0o7]", ["12:30", "2026-01-05", "0x1F", "0o7"]),
        ("[.5, 1., -.inf]", [0.5, 1.0, float("-inf")]),
        ("{<<: 1, =: 2, empty: }", {"<<": 1, "=": 2, "empty": None}),
    ],
)
def test_words_and_numbers_mean_what_they_look_like(written: str, meant: object) -> None:
    assert constructed(composed(written)) == meant


def test_lines_of_json_are_found_whatever_its_texts_are() -> None:
    root = composed_json(json.dumps({"a": "😀 \\ud83d", "b": 1}, indent=1))
    assert root is not None
    assert [key.start_mark.line for key, _ in root.value] == [1, 2]
