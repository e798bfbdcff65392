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
    text = f'a: {{b: [1, x, null, 2026-01-05, "\\u00fc"]}}\nd: {deep}\n'
    assert constructed(composed(text)) == yaml.safe_load(text)
    assert constructed(composed("")) is None


def test_lines_of_json_are_found_whatever_its_texts_are() -> None:
    root = composed_json(json.dumps({"a": "😀 \\ud83d", "b": 1}, indent=1))
    assert root is not None
    assert [key.start_mark.line for key, _ in root.value] == [1, 2]
