"""Study files as text: YAML or JSON, with the line of every field.

YAML lets a repeated key win silently and expands references without end; here both are faults. JSON is read as JSON,
not as the YAML it nearly is, so that its numbers stay numbers.
"""

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from libs.contracts.errors import DomainError, FieldError
from libs.contracts.experiments import StudySpec
from libs.studies.checking import Place, Warned, dotted, examine
from libs.studies.yaml_text import composed, composed_json, constructed

MAX_BYTES = 1_048_576
JSON, YAML = "application/json", "application/yaml"
INDEX = re.compile(r"[0-9]{1,6}")
MEDIA = {JSON: JSON, YAML: YAML, "application/x-yaml": YAML, "text/yaml": YAML}


class Fault(NamedTuple):
    """Something wrong at a place in the file; line 0 when it is about the whole file."""

    line: int
    field: str
    message: str
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        subject = f"{_bracketed(self.field)}: " if self.field else ""
        allowed = textwrap.wrap(f"allowed: {', '.join(self.allowed)}" if self.allowed else "", 100)
        return "\n      ".join([f"  {place}{subject}{self.message}", *allowed])


class InvalidStudyError(DomainError):
    """The file is no valid study; `faults` lists everything that is wrong with it."""

    title = "The study is not valid"
    status = 422

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        errors = [FieldError(fault.field or "body", _placed(fault), fault.allowed) for fault in self.faults]
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors), errors)


@dataclass(frozen=True, slots=True)
class StudyFile:
    """A valid study, and where its parts stand in the file."""

    spec: StudySpec
    text: str
    media: str
    warnings: tuple[Warned, ...]
    root: Node

    def line_of(self, field: str, under: str = "") -> int:
        """The line of a field named as the platform names it (`success_metrics.0`), 0 when it is not in the file."""
        return _line(self.root, (*((under,) if under else ()), *_place(field)))


def read(content: bytes, media: str = YAML) -> StudyFile:
    """Read a study. Raises `InvalidStudyError`."""
    if len(content) > MAX_BYTES:
        raise InvalidStudyError([Fault(0, "", f"is larger than {MAX_BYTES} bytes")])
    root, document = _parse(content, media)
    found = examine(document)
    if found.spec is None:
        faults = [Fault(_line(root, _place(one.field)), one.field, one.message, one.allowed) for one in found.errors]
        raise InvalidStudyError(faults)
    return StudyFile(found.spec, content.decode(), media, found.warnings, root)


def _parse(content: bytes, media: str) -> tuple[Node, Any]:
    try:
        document = json.loads(content, parse_constant=_no_number) if media == JSON else None
        text = content.decode("utf-8-sig")
        root = composed_json(text) if media == JSON else composed(text)
        faults = list(_repeated(root)) if root is not None else [Fault(0, "", "the file is empty")]
        if root is None or faults:
            raise InvalidStudyError(faults)
        return root, document if media == JSON else constructed(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise InvalidStudyError([Fault(line, "", f"is not YAML: {error.problem}")]) from None
    except json.JSONDecodeError as error:
        raise InvalidStudyError([Fault(error.lineno, "", f"is not JSON: {error.msg}")]) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        kind = "JSON" if media == JSON else "YAML"
        raise InvalidStudyError([Fault(0, "", f"is not {kind}: {' '.join(str(error).split())[:300]}")]) from None


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _repeated(node: Node, place: Place = ()) -> Iterator[Fault]:
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                yield Fault(key.start_mark.line + 1, dotted(place), "has a name of a field that is no text")
                continue
            if key.value in seen:
                yield Fault(key.start_mark.line + 1, dotted((*place, key.value)), "stands here a second time")
            seen.add(key.value)
            yield from _repeated(value, (*place, key.value))
    elif isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            yield from _repeated(value, (*place, index))


def _line(root: Node, place: Place) -> int:
    """The line of the deepest part of a place that is in the file; where a field is missing, that of its object."""
    node, line = root, 0
    for position, part in enumerate(place):
        child, found = _child(node, part)
        if child is None:
            return line or (node.start_mark.line + 1 if position == len(place) - 1 else 0)
        node, line = child, found
    return line


def _child(node: Node, part: str | int) -> tuple[Node | None, int]:
    """A part of a node and its line; an item of a list by its number, or by its name."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value, key.start_mark.line + 1
    elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    elif isinstance(node, SequenceNode):
        named = (one for one in node.value if getattr(_child(one, "name")[0], "value", None) == part)
        if (item := next(named, None)) is not None:
            return item, item.start_mark.line + 1
    return None, 0


def _place(field: str) -> Place:
    return tuple(int(part) if INDEX.fullmatch(part) else part for part in field.split(".") if part)


def _bracketed(field: str) -> str:
    """A field as people write it: `variants[0].name`."""
    text = ""
    for part in _place(field):
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _placed(fault: Fault) -> str:
    """What is wrong; with its line where no field names the place."""
    return f"line {fault.line}: {fault.message}" if fault.line and not fault.field else fault.message
