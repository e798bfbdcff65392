"""Versions beside each other: what a release sent is understood now, and a release understands what is sent now.

`golden/<release>` is what that release published: its schemas, and a message of each type. A release adds its folder,
and the one before the last goes; nothing in it is ever edited.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from libs.contracts.registry import MESSAGES
from libs.schemas.render import example_name

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"
BY_EXAMPLE = {example_name(message): message for message in MESSAGES}
SENT = sorted(GOLDEN.glob("*/examples/*.json"))
PUBLISHED = sorted(GOLDEN.glob("*/events/*.json"))


def name(path: Path) -> str:
    return f"{path.parts[-3]} {path.stem}"


def covers(found: Any, sent: Any) -> bool:
    """Whether all that was sent is still there; fields that were added since may be beside it."""
    if isinstance(sent, dict):
        return isinstance(found, dict) and all(key in found and covers(found[key], sent[key]) for key in sent)
    if isinstance(sent, list):
        return len(found) == len(sent) and all(map(covers, found, sent))
    return bool(found == sent)


@pytest.mark.parametrize("path", SENT, ids=name)
def test_what_a_release_sent_is_understood_now_without_loss(path: Path) -> None:
    message = BY_EXAMPLE[path.name]
    read = message.model_validate_json(path.read_bytes())
    again = message.model_validate_json(read.model_dump_json())
    assert again == read
    assert covers(json.loads(read.model_dump_json()), json.loads(path.read_bytes()))


@pytest.mark.parametrize("path", PUBLISHED, ids=name)
def test_a_release_understands_what_is_sent_now(path: Path) -> None:
    schema = json.loads(path.read_bytes())
    example = ROOT / "schemas" / "examples" / path.name.replace(".schema.json", ".json")
    assert list(Draft202012Validator(schema).iter_errors(json.loads(example.read_bytes()))) == []


def test_a_release_has_a_message_of_each_type_it_published() -> None:
    for release in GOLDEN.iterdir():
        published = {path.name.replace(".schema.json", ".json") for path in (release / "events").iterdir()}
        sent = {path.name for path in (release / "examples").iterdir() if path.name in BY_EXAMPLE}
        assert published == sent
