"""Public request bodies of validation: simulated answers held against those of people.

Types are declared and never guessed from the data. A value that is not what was declared is counted apart; nothing is
re-coded, rounded or clipped to make it fit.
"""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from libs.contracts.base import Body, Name, Text
from libs.contracts.instruments import MetricType
from libs.contracts.specs import MAX_SCALE, MAX_STEPS, Identity, Label
from libs.contracts.turns import is_offline

MAX_VALUES = 20_000
MAX_CSV = 1_000_000
MAX_METRICS = 100
ScaleEnd = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-MAX_SCALE, le=MAX_SCALE)]
Said = Annotated[str, StringConstraints(max_length=5_000)]
Value = bool | float | Said | list[Said] | None
"""An answer as it was given. Of a ranking: the options, best first, as a list or as `a > b > c`."""
Values = Annotated[list[Value], Field(min_length=1, max_length=MAX_VALUES)]
Csv = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CSV)]
Column = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Columns = Column | dict[Column, Column]
_SCALES = {
    MetricType.BINARY: "may name [no, yes]",
    MetricType.ORDINAL: "needs [lowest, highest], or its labels from lowest to highest",
    MetricType.NUMERIC: "needs [lowest, highest]",
    MetricType.CHOICE: "needs its options, two or more different ones",
    MetricType.RANKING: "needs its options, two or more different ones",
    MetricType.TEXT: "has none",
}


class MetricDeclaration(Body):
    """A metric as it was asked of both."""

    name: Label
    type: MetricType
    scale: list[ScaleEnd] | list[Label] | None = Field(
        default=None,
        max_length=MAX_STEPS,
        description="[lowest, highest] of an ordinal or numeric metric; the labels of an ordinal one from lowest to "
        "highest; the options of a choice or ranking; [no, yes] of a binary one that was not asked in these words.",
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if not self._fits():
            raise ValueError(f"scale: a metric of type {self.type} {_SCALES[self.type]}")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """Options or labels; empty where the scale is of numbers."""
        return tuple(label for label in self.scale or () if isinstance(label, str))

    @property
    def ends(self) -> tuple[float, float] | None:
        """Lowest and highest number; labels count from 1."""
        numbers = [end for end in self.scale or () if not isinstance(end, str)]
        if numbers:
            return numbers[0], numbers[1]
        return (1.0, float(len(self.labels))) if self.type is MetricType.ORDINAL else None

    def _fits(self) -> bool:
        numbers = [end for end in self.scale or () if not isinstance(end, str)]
        is_range = len(numbers) == 2 and numbers[0] < numbers[1]
        are_labels = len(self.labels) >= 2 and len(set(self.labels)) == len(self.labels)
        match self.type:
            case MetricType.BINARY:
                return self.scale is None or (are_labels and len(self.labels) == 2)
            case MetricType.ORDINAL:
                steps = numbers[1] - numbers[0] if is_range else 0.0
                return are_labels or (is_range and all(map(float.is_integer, numbers)) and steps < MAX_STEPS)
            case MetricType.NUMERIC:
                return is_range
            case MetricType.TEXT:
                return self.scale is None
            case _:
                return are_labels


class EmpiricalSample(Body):
    """What people answered: `values`, or a column of a `csv`, or the metric of a kept baseline."""

    values: Values | None = None
    csv: Csv | None = Field(default=None, description="The text of a CSV file with a header line.")
    column: Columns | None = Field(
        default=None,
        description="The column of the CSV; that of the metric's name if absent. Of a ranking also one column for each "
        "option, with its rank.",
    )
    segment_column: Column | None = Field(default=None, description="The column of the CSV that names the segment.")
    baseline_id: Identity | None = None
    segments: list[Label | None] | None = Field(default=None, description="The segment of each of the `values`.")

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        given = [self.values is not None, self.csv is not None, self.baseline_id is not None]
        if sum(given) != 1:
            raise ValueError("values: give one of values, csv, baseline_id")
        if self.csv is None and (self.column is not None or self.segment_column is not None):
            raise ValueError("column: columns belong to a csv")
        _check_segments(self.values, self.segments)
        return self


class SimulatedSample(Body):
    """What was simulated: `values`, or the answers of a simulation."""

    values: Values | None = None
    segments: list[Label | None] | None = Field(default=None, description="The segment of each of the `values`.")
    simulation_id: Identity | None = None
    arm: Name | None = Field(default=None, description="Only agents of this arm of the simulation.")
    simulator: Label | None = Field(
        default=None, description="What made the `values`; comparisons of one simulator calibrate it."
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.values is None) == (self.simulation_id is None):
            raise ValueError("values: give one of values, simulation_id")
        if self.simulation_id is None and self.arm is not None:
            raise ValueError("arm: belongs to a simulation_id")
        if self.simulation_id is not None and self.simulator is not None:
            raise ValueError("simulator: of a simulation it is its model")
        _check_segments(self.values, self.segments)
        return self


class ComparisonSpec(Body):
    """`POST /validation/empirical-compare`."""

    metric: MetricDeclaration
    empirical: EmpiricalSample
    simulated: SimulatedSample
    margin: float | None = Field(
        default=None,
        gt=0,
        le=MAX_SCALE,
        description="The difference that still counts as none: of means in units of the metric (of shares for a binary "
        "one), for choice, ranking and text of the distance. If absent: 0.5 human SD; 0.1 for shares and distances.",
    )
    study: Name | None = Field(
        default=None, description="The human study, as the ledger groups comparisons; that of the baseline if absent."
    )


class BaselineSpec(Body):
    """Past results of people to keep: `POST /validation/historical-baseline`. Either `csv` or `answers`."""

    name: Name
    metrics: list[MetricDeclaration] = Field(min_length=1, max_length=MAX_METRICS)
    csv: Csv | None = Field(default=None, description="The text of a CSV file: a header line, then a line per person.")
    columns: dict[Label, Columns] = Field(
        default={}, description="The column of each metric; that of its name if absent. Of a ranking one per option."
    )
    segment_column: Column | None = None
    answers: dict[Label, Values] | None = Field(default=None, description="Answers by metric, person by person.")
    segments: list[Label | None] | None = Field(default=None, description="The segment of each person in `answers`.")
    source: Annotated[Text, StringConstraints(max_length=500)] = Field(description="Where it comes from.")
    study: Name | None = Field(default=None, description="The study it is of; the name of the baseline if absent.")
    licence: Annotated[str, StringConstraints(max_length=200)] = ""
    collected: Annotated[str, StringConstraints(max_length=100)] = Field(default="", description="When, in words.")
    people: Annotated[str, StringConstraints(max_length=500)] = Field(default="", description="Who they were.")
    notes: Annotated[str, StringConstraints(max_length=2_000)] = ""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [metric.name for metric in self.metrics]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"metrics: the name {repeated[0]!r} is used more than once")
        if (self.csv is None) == (self.answers is None):
            raise ValueError("csv: give one of csv, answers")
        for field, given in (("columns", self.columns), ("answers", self.answers or {})):
            if unknown := sorted(set(given) - set(names)):
                raise ValueError(f"{field}: {unknown[0]!r} is not one of the metrics")
        if self.answers is not None and (missing := [name for name in names if name not in self.answers]):
            raise ValueError(f"answers: there are none to {missing[0]!r}")
        sizes = {len(values) for values in (self.answers or {}).values()}
        if len(sizes) > 1:
            raise ValueError(
                "answers: every metric needs as many values as there are people; null where none was given"
            )
        for values in (self.answers or {}).values():
            _check_segments(values, self.segments)
        return self


class LedgerImport(Body):
    """Past comparisons of one's own: `POST /validation/ledger`."""

    csv: Csv = Field(
        description="A header line, then a line per outcome: study, outcome, simulator, human_mean, human_sd, "
        "simulated_mean, simulated_sd; human_n, simulated_n, human_effect_d, simulated_effect_d where they are known. "
        "Figures that cannot be are refused; so are those that do not fit scale_low and scale_high, or, of a share, "
        "human_count and simulated_count, where these are given."
    )
    columns: dict[Column, Column] = Field(default={}, description="The file's own name of a column, by ours.")
    source: Annotated[Text, StringConstraints(max_length=500)] = Field(description="Where they come from.")


class HumanAnswer(Body):
    """What one person answered to the questions of a simulation."""

    person_id: Identity = Field(description="Your name for the person; the same person is taken once.")
    answers: dict[Label, Value] = Field(min_length=1, max_length=MAX_METRICS)
    arm: Name | None = Field(default=None, description="The arm the person met; needed where there are several.")
    agent_id: Identity | None = Field(default=None, description="The agent made after this person, if there is one.")
    segment: Label | None = Field(default=None, description="Their segment: predicted by the agents of it.")


class HumanAnswersSpec(Body):
    """Answers of people to the questions of a finished simulation: `POST /validation/{simulation_id}/human-answers`."""

    answers: list[HumanAnswer] | None = Field(default=None, min_length=1, max_length=MAX_VALUES)
    csv: Csv | None = Field(
        default=None,
        description="Instead of `answers` a CSV file with a line per person: person_id, arm, agent_id, segment (only "
        "the first is needed where there is one arm), and a column for each metric, by its name.",
    )
    source: Annotated[Text, StringConstraints(max_length=500)] = Field(description="Who asked whom, and when.")

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.answers is None) == (self.csv is None):
            raise ValueError("answers: give one of answers, csv")
        return self


class BehaviourSpec(Body):
    """`POST /validation/agent-behavior`: how the agents of a simulation behaved, as far as it was recorded."""

    simulation_id: Identity
    agent_ids: list[Identity] = Field(default=[], max_length=10_000, description="Everybody when empty.")
    reverse_keyed: list[tuple[Label, Label]] = Field(
        default=[], max_length=50, description="Pairs of scales that ask the same in opposite directions."
    )
    repeated: list[tuple[Label, Label]] = Field(
        default=[], max_length=50, description="Pairs of metrics that ask the same in the same direction."
    )
    judge: Label | None = Field(
        default=None, description="The model that judges; rules when absent, or where it is the offline model."
    )
    expectations: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] = Field(
        default="", description="How the agents are expected to be, besides what their personas say."
    )
    sample: int = Field(default=20, strict=True, ge=1, le=200, description="Agents that a model judges at most.")
    interviews: int = Field(
        default=0, strict=True, ge=0, le=20, description="Agents that the judge interviews about who they are."
    )
    rounds: int = Field(default=3, strict=True, ge=1, le=10, description="Rounds of questions in an interview at most.")

    @model_validator(mode="after")
    def _who_interviews(self) -> Self:
        if self.interviews and (self.judge is None or is_offline(self.judge)):
            raise ValueError("judge: interviews need a language model that interviews")
        return self


def _check_segments(values: list[Value] | None, segments: list[str | None] | None) -> None:
    if segments is not None and (values is None or len(values) != len(segments)):
        raise ValueError("segments: needs one for each of the values, null where there is none")
