"""Past results of people that are kept to compare with: what was asked, what they answered, and where it comes from."""

from datetime import datetime

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.comparisons import BaselineSpec, EmpiricalSample, MetricDeclaration, Value
from libs.contracts.errors import InvalidError
from services.validation.domain.comparison.reading import Unrecognised, read_sample
from services.validation.domain.uploads import answers_in, read_table, segments_in


class BaselineMetric(Data):
    """A metric of a baseline and how much there is of it."""

    name: str
    type: str
    scale: list[float] | list[str] | None
    answered: int
    missing: int
    unrecognised: Unrecognised

    @property
    def declaration(self) -> MetricDeclaration:
        """As it was declared."""
        return MetricDeclaration.model_validate({"name": self.name, "type": self.type, "scale": self.scale})


class Baseline(Data):
    """Results of people, without the answers themselves."""

    id: str
    name: str
    study: str
    source: str
    licence: str
    collected: str
    who: str = Field(description="Who they were.")
    notes: str
    people: int
    segments: dict[str, int] = Field(description="People by segment.")
    metrics: list[BaselineMetric]
    created_at: datetime

    def metric(self, name: str) -> BaselineMetric:
        """One of its metrics. Raises `InvalidError` with the names there are."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        allowed = tuple(metric.name for metric in self.metrics)
        raise InvalidError("metric.name", f"the baseline has no metric {name!r}", allowed)


SEGMENTS = "\x1fsegments"
"""Where the segments stand among the answers; no metric can have this name."""


def baseline_from(spec: BaselineSpec, baseline_id: str, now: datetime) -> tuple[Baseline, dict[str, list[Value]]]:
    """The baseline and its answers, person by person. Raises `InvalidError` naming column or metric."""
    answers, segments = _answers(spec)
    people = len(next(iter(answers.values())))
    metrics = []
    for metric in spec.metrics:
        sample = read_sample(metric, answers[metric.name], segments)
        if not sample.n:
            shown = ", ".join(map(repr, sample.unrecognised.examples)) or "no value"
            raise InvalidError(f"metrics.{metric.name}", f"nothing in it is an answer as declared: {shown}")
        document = metric.model_dump(mode="json")
        counts = {"answered": sample.n, "missing": sample.missing, "unrecognised": sample.unrecognised}
        metrics.append(BaselineMetric.model_validate({**document, **counts}))
    sizes: dict[str, int] = {}
    for segment in segments or ():
        if segment is not None:
            sizes[segment] = sizes.get(segment, 0) + 1
    baseline = Baseline(
        id=baseline_id,
        name=spec.name,
        study=spec.study or spec.name,
        source=spec.source,
        licence=spec.licence,
        collected=spec.collected,
        who=spec.people,
        notes=spec.notes,
        people=people,
        segments=sizes,
        metrics=metrics,
        created_at=now,
    )
    return baseline, {**answers, SEGMENTS: list(segments or [None] * people)}


def empirical_values(
    metric: MetricDeclaration, sample: EmpiricalSample, kept: tuple[Baseline, dict[str, list[Value]]] | None
) -> tuple[list[Value], list[str | None] | None]:
    """The values of people and their segments, from wherever the request says. Raises `InvalidError`."""
    if sample.csv is not None:
        table = read_table(sample.csv, "empirical.csv")
        values = answers_in(table, sample.column or metric.name, "empirical.column")
        return values, segments_in(table, sample.segment_column, "empirical.segment_column")
    if kept is not None:
        baseline, answers = kept
        declared = baseline.metric(metric.name).declaration
        if declared != metric:
            raise InvalidError(
                "metric", "is declared otherwise in the baseline", (declared.model_dump_json(exclude_none=True),)
            )
        segments = answers[SEGMENTS]
        return answers[metric.name], [None if segment is None else str(segment) for segment in segments]
    assert sample.values is not None
    return sample.values, sample.segments


def _answers(spec: BaselineSpec) -> tuple[dict[str, list[Value]], list[str | None] | None]:
    if spec.answers is not None:
        return dict(spec.answers), spec.segments
    assert spec.csv is not None
    table = read_table(spec.csv)
    columns = {metric.name: spec.columns.get(metric.name, metric.name) for metric in spec.metrics}
    answers = {name: answers_in(table, column, f"columns.{name}") for name, column in columns.items()}
    return answers, segments_in(table, spec.segment_column, "segment_column")
