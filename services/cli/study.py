"""Study files: read, checked against the contracts, errors with the line they are about.

What can be known here is checked here (fields, metrics, segments), so that a bad study fails before anything is drawn.
"""

import difflib
import secrets
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_args

import yaml
from pydantic import BaseModel, ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from libs.contracts.catalogue import resolve
from libs.contracts.errors import InvalidError
from libs.contracts.experiments import StudySpec
from libs.contracts.specs import Engine

MAX_BYTES = 1_048_576
Path_ = tuple[str | int, ...]


class Fault(NamedTuple):
    """Something wrong at a place in the file; line 0 when it is about the whole file."""

    line: int
    field: str
    message: str
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        subject = f"{self.field}: " if self.field else ""
        allowed = textwrap.wrap(f"allowed: {', '.join(self.allowed)}" if self.allowed else "", 100)
        return "\n      ".join([f"  {place}{subject}{self.message}", *allowed])


class InvalidStudyError(Exception):
    """The file is no valid study; the message lists every fault."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join([f"{path} is not a valid study:", *map(str, self.faults)]))


@dataclass(frozen=True, slots=True)
class Study:
    """A valid study and where its parts stand in the file."""

    path: Path
    spec: StudySpec
    root: Node

    def line_of(self, field: str, under: str = "") -> int:
        """The line of a field named as the platform names it (`success_metrics.0`), 0 when it is not in the file."""
        parts: list[str | int] = [under] if under else []
        parts += [int(part) if part.isdigit() else part for part in field.split(".")]
        return _place(self.root, tuple(parts)).line


def load(path: Path) -> Study:
    """Read a study. Raises `InvalidStudyError`."""
    root, document = _read(path)
    try:
        spec = StudySpec.model_validate(document)
    except ValidationError as error:
        raise InvalidStudyError(path, list(_faults(root, error))) from None
    study = Study(path, spec, root)
    faults = list(_meaning(study))
    if faults:
        raise InvalidStudyError(path, faults)
    return study


def resolved(
    spec: StudySpec, seed: int | None = None, model: str | None = None, engine: Engine | None = None
) -> StudySpec:
    """The study with every seed it will run with: the one given, the file's, or a new one."""
    chosen = seed if seed is not None else spec.seed
    chosen = secrets.randbelow(2**31) if chosen is None else chosen
    parts = {
        name: part.model_copy(update={"seed": chosen if part.seed is None else part.seed})
        for name, part in (("population", spec.population), ("intervention", spec.intervention))
    }
    return spec.model_copy(
        update={**parts, "seed": chosen, "model": model or spec.model, "engine": engine or spec.engine}
    )


def _read(path: Path) -> tuple[Node, Any]:
    try:
        text = path.read_bytes()
        if len(text) > MAX_BYTES:
            raise InvalidStudyError(path, [Fault(0, "", f"is larger than {MAX_BYTES} bytes")])
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        faults = list(_repeated(root)) if root is not None else [Fault(0, "", "the file is empty")]
        if root is None or faults:
            raise InvalidStudyError(path, faults)
        return root, yaml.safe_load(text)
    except OSError as error:
        raise InvalidStudyError(path, [Fault(0, "", error.strerror or str(error))]) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise InvalidStudyError(path, [Fault(line, "", f"is not YAML: {error.problem}")]) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InvalidStudyError(path, [Fault(0, "", f"is not YAML: {error}")]) from None


def _repeated(node: Node, path: Path_ = ()) -> Iterator[Fault]:
    """YAML lets a repeated key win silently; here it is a fault."""
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield Fault(key.start_mark.line + 1, _name((*path, key.value)), "stands here a second time")
            seen.add(key.value)
            yield from _repeated(value, (*path, key.value))
    elif isinstance(node, SequenceNode):
        for index, value in enumerate(node.value):
            yield from _repeated(value, (*path, index))


class _Place(NamedTuple):
    """Where a location of pydantic is in the file. `path` has no parts that only name a branch of a union."""

    line: int
    path: Path_
    node: Node


def _place(root: Node, location: Path_) -> _Place:
    node, line, path = root, 0, list[str | int]()
    for position, part in enumerate(location):
        is_last = position == len(location) - 1
        child, place = _child(node, part)
        if child is not None:
            node, line = child, place
            path.append(part)
        elif is_last and isinstance(node, MappingNode) and str(part).isidentifier():
            path.append(part)
            line = line or node.start_mark.line + 1
    return _Place(line, tuple(path), node)


def _child(node: Node, part: str | int) -> tuple[Node | None, int]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value, key.start_mark.line + 1
    elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark.line + 1
    return None, 0


def _faults(root: Node, error: ValidationError) -> Iterator[Fault]:
    """Faults, without those of the branch of a union that the value was not meant for."""
    for item in error.errors(include_url=False):
        place = _place(root, item["loc"])
        wants_text = item["type"] == "string_type" and isinstance(place.node, MappingNode)
        wants_object = item["type"] == "model_type" and isinstance(place.node, ScalarNode) and len(place.path) > 2
        if not (wants_text or wants_object):
            yield _fault(place, item["type"], str(item["msg"]), item.get("ctx", {}))


def _fault(place: _Place, kind: str, message: str, context: dict[str, Any]) -> Fault:
    field = _name(place.path)
    if kind == "missing":
        return Fault(place.line, field, "is required")
    if kind == "extra_forbidden":
        known = tuple(_model_at(place.path[:-1]).model_fields)
        close = difflib.get_close_matches(str(place.path[-1]), known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return Fault(place.line, field, f"is not a field here{hint}", known)
    if kind in {"enum", "literal_error"}:
        expected = str(context.get("expected", "")).replace(" or ", ", ")
        return Fault(
            place.line, field, "is not an allowed value", tuple(part.strip("' ") for part in expected.split(", "))
        )
    if kind == "value_error":
        text = str(context.get("error", message))
        name, separator, rest = text.partition(": ")
        if separator and name.isidentifier():
            child, line = _child(place.node, name)
            return Fault(line if child is not None else place.line, _name((*place.path, name)), rest)
        message = text
    return Fault(place.line, field, message[:1].lower() + message[1:])


def _model_at(path: Path_) -> type[BaseModel]:
    """The contract that describes this place of a study."""
    model: type[BaseModel] = StudySpec
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models(model.model_fields[part].annotation), model)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _meaning(study: Study) -> Iterator[Fault]:
    """Faults between parts that are each valid."""
    intervention = study.spec.intervention
    try:
        resolve(intervention.success_metrics)
    except InvalidError as error:
        for problem in error.errors:
            line = study.line_of(problem.field, "intervention")
            field = _name(("intervention", *(int(p) if p.isdigit() else p for p in problem.field.split("."))))
            yield Fault(line, field, problem.message, problem.allowed)
    known = tuple(segment.name for segment in study.spec.population.segments)
    named = {"target_segments": intervention.target_segments}
    for field, target in (("target.segments", intervention.target), ("exclude.segments", intervention.exclude)):
        named[field] = [] if target is None else target.segments
    for field, segments in named.items():
        for index, segment in enumerate(segments):
            if segment not in known:
                line = study.line_of(f"{field}.{index}", "intervention")
                message = f"the population has no segment {segment!r}"
                yield Fault(line, f"intervention.{field}[{index}]", message, known)


def _name(path: Path_) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text
