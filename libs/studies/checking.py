"""Whether a document is a study: fields by their contracts, then what its parts say of each other.

Only what the document itself can show is checked here. Whether the platform has the template, the fragments or the
model that it names, the services that own them say. Fields are named with dots, as in every answer of the API.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

from libs.contracts.catalogue import resolve
from libs.contracts.dialogue import DEFAULT_GROUP, ConditionSpec, Journey, Request, Talk, TouchpointSpec
from libs.contracts.errors import FieldError, InvalidError, allowed_of, in_words
from libs.contracts.experiments import ContactSpec, InterventionSpec, StudySpec
from libs.contracts.planning import Attribute

OFFLINE = "offline"
FEW = 30
"""Fewer people in an arm than this find only very large effects."""
MOST_NAMED = 50
MOST_ERRORS = 100
Place = tuple[str | int, ...]


class Warned(NamedTuple):
    """Something that is allowed and may not be meant."""

    field: str
    message: str


class Examined(NamedTuple):
    """A document as a study; `spec` is None when there are errors."""

    spec: StudySpec | None
    errors: tuple[FieldError, ...]
    warnings: tuple[Warned, ...]


def examine(document: object) -> Examined:
    """Every error and warning at once, of fields that are none in themselves the first ones."""
    if not isinstance(document, Mapping):
        return Examined(None, (FieldError("", "is no mapping of fields to values"),), ())
    try:
        spec = StudySpec.model_validate(document)
    except ValidationError as error:
        return Examined(None, tuple(_merged(islice(_field_errors(error, document), MOST_ERRORS))), ())
    errors = tuple(_meaning(spec))
    return Examined(None if errors else spec, errors, tuple(_warnings(spec)))


def _field_errors(error: ValidationError, document: object) -> Iterator[FieldError]:
    """Errors, without those of the branch of a union that the value was not meant for."""
    found: list[FieldError] = []
    others: list[FieldError] = []
    for item in error.errors(include_url=False):
        place, value = _sent(item["loc"], document, keeps_last=item["type"] == "missing")
        wants_text = item["type"] == "string_type" and isinstance(value, Mapping)
        wants_object = item["type"] == "model_type" and not isinstance(value, Mapping)
        message = in_words(item["type"], str(item["msg"]), value, item.get("ctx", {}))
        one = _field_error(place, item["type"], message, item.get("ctx", {}))
        (others if wants_text or wants_object else found).append(one)
    told = [f"{one.field}." for one in found]
    yield from found
    yield from (one for one in others if not any(field.startswith(f"{one.field}.") for field in told))


def _sent(location: Place, document: object, *, keeps_last: bool) -> tuple[Place, object]:
    """The parts of a location that lead through the document, and what is there; others are pydantic's own."""
    place: list[str | int] = []
    value = document
    for position, part in enumerate(location):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int):
            value = dict(enumerate(value)).get(part)
        elif not (keeps_last and position == len(location) - 1):
            continue
        place.append(part)
    return tuple(place), value


def _field_error(place: Place, kind: str, message: str, context: Mapping[str, Any]) -> FieldError:
    field = dotted(place)
    if kind == "extra_forbidden":
        known = tuple(_model_at(place[:-1]).model_fields)
        close = difflib.get_close_matches(str(place[-1]), known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return FieldError(field, f"is not a field here{hint}", known)
    if kind in {"enum", "literal_error"}:
        expected = str(context.get("expected", "")).replace(" or ", ", ")
        return FieldError(field, "is not an allowed value", tuple(part.strip("' ") for part in expected.split(", ")))
    if kind != "value_error":
        return FieldError(field, message[:1].lower() + message[1:])
    text = str(context.get("error", message))
    name, separator, rest = text.partition(": ")
    if separator and all(part.isidentifier() or part.isdigit() for part in name.split(".")):
        return FieldError(dotted((*place, name)), rest, allowed_of(rest))
    return FieldError(field, text[:1].lower() + text[1:], allowed_of(text))


def _merged(errors: Iterator[FieldError]) -> Iterator[FieldError]:
    """One error for each field: a value that fits no branch of a union fails in every one of them."""
    by_field: dict[str, list[FieldError]] = {}
    for error in errors:
        by_field.setdefault(error.field, []).append(error)
    for field, found in by_field.items():
        allowed = dict.fromkeys(name for error in found for name in error.allowed)
        yield FieldError(field, "; or: ".join(dict.fromkeys(error.message for error in found)), tuple(allowed))


def _model_at(place: Place) -> type[BaseModel]:
    """The contract that describes this place of a study."""
    model: type[BaseModel] = StudySpec
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models(model.model_fields[part].annotation), model)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _meaning(spec: StudySpec) -> Iterator[FieldError]:
    """Errors between parts that are each valid."""
    known = tuple(segment.name for segment in spec.population.segments)
    if spec.intervention is not None:
        if spec.intervention.population_id is not None:
            yield FieldError("intervention.population_id", "a study makes people of its own: leave it out")
        yield from _unknown_metrics(spec.intervention.success_metrics, "intervention.success_metrics")
        for field, segments in _targets(spec.intervention).items():
            yield from _unknown_segments(segments, f"intervention.{field}", known)
    for number, request in enumerate(spec.protocol):
        field = f"protocol.{number}"
        yield from _unknown_segments(request.target_segments, f"{field}.target_segments", known)
        for name, metrics in _asked(request).items():
            yield from _unknown_metrics(metrics, f"{field}.{name}")


def attribute_conditions(spec: StudySpec) -> Iterator[tuple[str, ConditionSpec]]:
    """Conditions about what people are, by field: only people can show whether anybody meets them."""
    contacts: dict[str, Sequence[ContactSpec | TouchpointSpec]] = {
        f"protocol.{number}.touchpoints": request.touchpoints
        for number, request in enumerate(spec.protocol)
        if isinstance(request, Journey)
    } | {
        f"intervention.variants.{number}.touchpoints": variant.touchpoints
        for number, variant in enumerate(spec.intervention.variants if spec.intervention else ())
    }
    for field, touchpoints in contacts.items():
        for place, touchpoint in enumerate(touchpoints):
            if touchpoint.condition is not None and touchpoint.condition.attribute is not None:
                yield f"{field}.{place}.condition", touchpoint.condition


def unmet(spec: StudySpec, attributes: Mapping[str, Attribute]) -> Iterator[FieldError]:
    """Conditions that nobody with these attributes meets, for what they name."""
    for field, condition in attribute_conditions(spec):
        known = attributes.get(str(condition.attribute))
        wanted = condition.value if isinstance(condition.value, list) else [condition.value]
        if known is None:
            message = f"people of the population have no attribute {condition.attribute!r}"
            yield FieldError(f"{field}.attribute", message, tuple(attributes))
        elif known.is_number:
            if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in wanted):
                yield FieldError(f"{field}.value", "is a number", tuple(f"{end:g}" for end in known.values))
        elif strange := [one for one in wanted if one not in known.values]:
            allowed = tuple(map(str, known.values[:MOST_NAMED]))
            yield FieldError(f"{field}.value", f"nobody has the value {strange[0]!r}", allowed)


def _targets(intervention: InterventionSpec) -> dict[str, Sequence[str]]:
    named: dict[str, Sequence[str]] = {"target_segments": intervention.target_segments}
    for field, target in (("target.segments", intervention.target), ("exclude.segments", intervention.exclude)):
        named[field] = [] if target is None else target.segments
    return named


def _asked(request: Request) -> dict[str, Sequence[Any]]:
    if isinstance(request, Journey):
        return {f"touchpoints.{place}.metrics": one.metrics for place, one in enumerate(request.touchpoints)}
    return {"metrics": request.metrics}


def _unknown_metrics(metrics: Sequence[Any], field: str) -> Iterator[FieldError]:
    try:
        resolve(list(metrics), field)
    except InvalidError as error:
        yield from error.errors


def _unknown_segments(segments: Sequence[str], field: str, known: tuple[str, ...]) -> Iterator[FieldError]:
    for place, segment in enumerate(segments):
        if segment not in known:
            yield FieldError(f"{field}.{place}", f"the population has no segment {segment!r}", known)


def _warnings(spec: StudySpec) -> Iterator[Warned]:
    if spec.seed is None:
        yield Warned("seed", "is not given: every run draws other people and answers; give one to run it again")
    if spec.model == OFFLINE:
        yield Warned("model", "the offline model is no language model: it shows how a study works, not what people do")
    if spec.intervention is not None:
        yield from _thin(spec, spec.intervention)
    for number, request in enumerate(spec.protocol):
        yield from _of_few(spec, f"protocol.{number}", request)


def _of_few(spec: StudySpec, field: str, request: Request) -> Iterator[Warned]:
    """What a request asks of fewer people than its author may think."""
    if isinstance(request, Journey):
        for place, touchpoint in enumerate(request.touchpoints):
            if touchpoint.condition is not None and touchpoint.condition.before:
                where = f"{field}.touchpoints.{place}.condition.before"
                yield Warned(where, "a study starts from no other simulation, so nobody meets this")
    if not isinstance(request, Talk) or request.agent_ids:
        return
    people, talking = _reached(spec, request.target_segments), _drawn(request)
    if talking < people:
        instead = "a survey (content instead of topic) asks everybody"
        yield Warned(f"{field}.topic", f"{talking} of {people} people are drawn for this talk; {instead}")


def _reached(spec: StudySpec, segments: Sequence[str]) -> int:
    sizes = {segment.name: segment.size for segment in spec.population.segments}
    return sum(sizes.get(name, 0) for name in segments) if segments else spec.population.size


def _drawn(talk: Talk) -> int:
    return talk.groups * (1 if talk.kind == "interview" else talk.group_size or DEFAULT_GROUP)


def _thin(spec: StudySpec, intervention: InterventionSpec) -> Iterator[Warned]:
    """What makes an intervention find little."""
    variants = intervention.variants
    arms = len(variants) + intervention.aa
    if arms == 1 and not intervention.factors:
        yield Warned("intervention.variants", "one arm alone: answers are described, and nothing is compared")
    elif not any(variant.is_control for variant in variants) and not intervention.factors:
        yield Warned("intervention.variants", f"none is the control: {variants[0].name!r}, the first, is the baseline")
    target = intervention.target_segments if intervention.target is None else intervention.target.segments
    people = _reached(spec, target)
    in_an_arm = people if intervention.design == "within" else people // arms
    if arms > 1 and in_an_arm < FEW:
        yield Warned("population.size", f"{in_an_arm} people in an arm find only very large effects")


def dotted(place: Place) -> str:
    """A place as answers of the API name it."""
    return ".".join(map(str, place))
