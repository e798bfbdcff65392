"""The catalogue of named metrics, and how the metrics of a request become the instruments of a study.

`catalogue.json` is the data; adding a metric there is all it takes. `resolve` may answer with more instruments than
were listed: a metric of the catalogue that a listed one requires is added before it.
"""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import TypeAdapter

from libs.contracts.anchors import AnchorSets
from libs.contracts.base import Data
from libs.contracts.errors import InvalidError
from libs.contracts.instruments import Elicitation, Instrument, MetricType, Role
from libs.contracts.specs import MetricSpec

CUSTOM = (
    'a metric of your own is an object: {"name": …, "type": "binary|ordinal|numeric|choice|ranking|text", '
    '"question": …}, with "scale": [lowest, highest] for ordinal and numeric, "options": […] for choice and ranking'
)


class CatalogueMetric(Data):
    """A named metric with its question; a guardrail is watched for harm, never aimed at.

    A control asks what no stimulus can change, so that a difference between arms is an alarm and not an effect.
    """

    name: str
    type: MetricType
    question: str
    minimum: float | None = None
    maximum: float | None = None
    options: tuple[str, ...] = ()
    requires: str | None = None
    is_guardrail: bool = False
    is_control: bool = False
    better: Literal["higher", "lower"] | None = None
    elicitation: Elicitation | None = None
    anchors: AnchorSets | None = None
    margin: float | None = None


def _load() -> dict[str, CatalogueMetric]:
    text = Path(__file__).with_suffix(".json").read_bytes()
    return {metric.name: metric for metric in TypeAdapter(list[CatalogueMetric]).validate_json(text)}


CATALOGUE = _load()
CONTROLS = tuple(name for name, metric in CATALOGUE.items() if metric.is_control)


class _Listed(NamedTuple):
    """A metric of the request: where it stands there, what it is, and the role it has of itself."""

    field: str
    metric: CatalogueMetric
    role: Role | None
    is_custom: bool


def resolve(metrics: Sequence[str | MetricSpec], field: str = "success_metrics") -> tuple[Instrument, ...]:
    """The instruments of a study, parents before their children, otherwise in the order listed.

    A bare name is a metric of the catalogue. A parent (`requires`) that is not listed but is in the catalogue is added
    as a secondary metric before its child. Unless a metric is declared primary, the first listed one that has no role
    of its own is. Raises `InvalidError` for unknown names, repeated names, parents that are not binary, and cycles.
    """
    listed: dict[str, _Listed] = {}
    for position, metric in enumerate(metrics):
        entry = _entry(metric, f"{field}.{position}")
        if entry.metric.name in listed:
            first = listed[entry.metric.name].field
            raise InvalidError(entry.field, f"the metric {entry.metric.name!r} is listed already, as {first}")
        listed[entry.metric.name] = entry
    primary = _default_primary(list(listed.values()))
    ordered: dict[str, Instrument] = {}
    for name in listed:
        for entry in reversed(list(_with_parents(name, listed))):
            role: Role = entry.role or ("primary" if entry.metric.name == primary else "secondary")
            ordered.setdefault(entry.metric.name, _instrument(entry.metric, role))
    return tuple(ordered.values())


def _entry(metric: str | MetricSpec, field: str) -> _Listed:
    if isinstance(metric, MetricSpec):
        return _Listed(field, _custom(metric), metric.role, is_custom=True)
    named = CATALOGUE.get(metric)
    if named is None:
        close = difflib.get_close_matches(metric.lower().replace(" ", "_").replace("-", "_"), CATALOGUE, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise InvalidError(field, f"no metric {metric!r} in the catalogue{hint} — {CUSTOM}", tuple(CATALOGUE))
    return _Listed(field, named, "guardrail" if named.is_guardrail else None, is_custom=False)


def _custom(spec: MetricSpec) -> CatalogueMetric:
    minimum, maximum = spec.scale or (None, None)
    return CatalogueMetric(
        name=spec.name,
        type=spec.type,
        question=spec.question,
        minimum=minimum,
        maximum=maximum,
        options=tuple(spec.options),
        requires=spec.requires,
        better=None if spec.better == "higher" else spec.better,
        elicitation=None if spec.elicitation == "direct" else spec.elicitation,
        anchors=spec.anchor_sets,
        margin=spec.margin,
    )


def _default_primary(listed: list[_Listed]) -> str | None:
    if any(entry.role == "primary" for entry in listed):
        return None
    return next((entry.metric.name for entry in listed if entry.role is None), None)


def _with_parents(name: str, listed: dict[str, _Listed]) -> Iterator[_Listed]:
    """A metric, then its parent, then that one's parent, up to the top of the funnel."""
    seen: list[str] = []
    child = entry = listed[name]
    while True:
        if entry.metric.name in seen:
            raise InvalidError(
                _requires(child), f"metrics require each other: {' → '.join([*seen, entry.metric.name])}"
            )
        seen.append(entry.metric.name)
        yield entry
        if entry.metric.requires is None:
            return
        child, entry = entry, _parent(entry, listed)


def _parent(child: _Listed, listed: dict[str, _Listed]) -> _Listed:
    required = str(child.metric.requires)
    parent = listed.get(required)
    if parent is None and required in CATALOGUE:
        parent = _Listed(child.field, CATALOGUE[required], "secondary", is_custom=False)
    if parent is None or parent.metric.type is not MetricType.BINARY:
        what = "is not in this study" if parent is None else f"is {parent.metric.type}, not binary"
        mine = [entry.metric.name for entry in listed.values() if entry.metric.type is MetricType.BINARY]
        named = [metric.name for metric in CATALOGUE.values() if metric.type is MetricType.BINARY]
        allowed = [other for other in dict.fromkeys(mine + named) if other not in {child.metric.name, required}]
        message = f"{child.metric.name!r} requires {required!r}, which {what}; a binary metric is needed"
        raise InvalidError(_requires(child), message, allowed)
    return parent


def _requires(entry: _Listed) -> str:
    return f"{entry.field}.requires" if entry.is_custom else entry.field


def _instrument(metric: CatalogueMetric, role: Role) -> Instrument:
    return Instrument(
        name=metric.name,
        type=metric.type,
        question=metric.question,
        minimum=metric.minimum,
        maximum=metric.maximum,
        options=metric.options,
        requires=metric.requires,
        role=role,
        elicitation=metric.elicitation,
        anchors=metric.anchors,
        better=metric.better,
        is_control=metric.is_control or None,
        margin=metric.margin,
    )
