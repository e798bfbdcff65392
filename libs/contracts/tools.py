"""Public request bodies of the tools that work on what was recorded: extract, reduce, normalise."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from libs.contracts.base import Body, Name, Text
from libs.contracts.specs import Identity, Label

MAX_VALUES = 20_000
MAX_AGENTS = 10_000
Instruction = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)]
Hint = Annotated[Text, StringConstraints(max_length=500)]
Place = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][\w .-]{0,199}$")]
Scalar = str | int | float | bool | None
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


class Scope(Body):
    """Whose turns are looked at: everybody's unless said otherwise."""

    simulation_id: Identity
    agent_ids: list[Identity] = Field(default=[], max_length=MAX_AGENTS, description="Everybody when empty.")
    segment: Name | None = None
    arm: Name | None = None


class ExtractionSpec(Scope):
    """What to find out about each agent: `POST /results/extract`."""

    fields: list[Label] = Field(min_length=1, max_length=50, description="response, sentiment, concerns, a metric, …")
    fields_hints: dict[Label, Hint] = Field(default={}, description="What is meant by a field, by its name.")
    extraction_hint: Instruction = Field(default="", description="A hint for all fields.")
    extraction_objective: Instruction = Field(default="", description="What it is for.")
    situation: Instruction = Field(default="", description="The situation in which the agents were.")
    model: Label | None = Field(default=None, description="The simulation's own when absent; offline: by rules.")

    @model_validator(mode="after")
    def _hints_are_of_fields(self) -> Self:
        repeated = sorted({field for field in self.fields if self.fields.count(field) > 1})
        if repeated:
            raise ValueError(f"fields: {repeated[0]!r} is named more than once")
        unknown = sorted(set(self.fields_hints) - set(self.fields))
        if unknown:
            raise ValueError(f"fields_hints: {unknown[0]!r} is not one of the fields")
        if any(_NOT_STORABLE.search(hint) for hint in self.fields_hints.values()):
            raise ValueError("fields_hints: may not contain NUL characters or lone surrogates")
        return self


EventKind = Literal["stimulus", "think", "talk", "reach_out", "recall", "tool", "answer", "failure"]
Function = Literal["text", "number", "length", "words", "lower", "first_sentence"]


class ColumnSpec(Body):
    """The content of a column: a field of the event, changed in ways that are declared here and in no others."""

    field: Place
    apply: list[Function] = Field(default=[], max_length=5, description="One after the other.")
    values: dict[str, Scalar] = Field(default={}, max_length=200, description="Replacements, by the value as text.")
    default: Scalar = Field(default=None, description="Instead of nothing.")


class ReductionRule(Body):
    """The row that each event of a kind becomes."""

    kind: EventKind
    where: dict[Place, Scalar | list[Scalar]] = Field(
        default={}, max_length=20, description="Only events whose field has this value, or one of these."
    )
    columns: dict[Label, Place | ColumnSpec] = Field(min_length=1, max_length=50)


class ReductionSpec(Scope):
    """Events of a simulation as rows: `POST /results/reduce`."""

    rules: list[ReductionRule] = Field(min_length=1, max_length=20)
    format: Literal["records", "split", "csv"] = "records"


class NormalizationSpec(Body):
    """Free texts in few labels: `POST /results/normalize`. Either `values`, or a field of a simulation."""

    values: list[Annotated[str, StringConstraints(max_length=2_000)]] = Field(default=[], max_length=MAX_VALUES)
    simulation_id: Identity | None = None
    field: Label | None = Field(default=None, description="A field of the simulation, or of an extraction of it.")
    extraction_id: Identity | None = None
    n: int = Field(strict=True, ge=1, le=50, description="Labels at most, Other included.")
    hint: Instruction = Field(default="", description="What the labels are for.")
    model: Label = "offline"

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if bool(self.values) == (self.simulation_id is not None):
            raise ValueError("values: give either these, or simulation_id and field")
        if (self.simulation_id is None) != (self.field is None):
            raise ValueError("field: is needed with simulation_id, and only with it")
        if self.extraction_id is not None and self.simulation_id is None:
            raise ValueError("extraction_id: belongs to a simulation; give its simulation_id")
        return self


class ThemesSpec(Body):
    """Texts of a simulation to be coded twice: `POST /results/{simulation_id}/themes`."""

    field: Label = Field(default="response", description="A text metric, or `response`: what was said.")
    n: int = Field(default=8, strict=True, ge=2, le=20, description="Themes at most, Other included. Rules: 8 at most.")
    hint: Instruction = Field(default="", description="What the themes are for.")
    model: Label | None = Field(default=None, description="The simulation's own when absent; offline: by rules.")


MAX_WRITTEN = 50_000
Content = Annotated[Text, StringConstraints(max_length=MAX_WRITTEN)]
Wish = Annotated[Text, StringConstraints(max_length=4_000)]
Kind = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
Draw = Annotated[int, Field(strict=True, ge=0, lt=2**31, description="Another number gives another version.")]


class EnrichmentSpec(Body):
    """A text to be made richer by a model: `POST /communications/enrich`."""

    content: Content
    requirements: Wish = Field(description="What is to be added or worked out.")
    content_type: Kind = Field(default="", description="What it is: document, e-mail, dialogue, …")
    context: Annotated[str, StringConstraints(max_length=MAX_WRITTEN)] = Field(default="", description="Background.")
    model: Label
    seed: Draw = 0


class StyleSpec(Body):
    """A text to be written in another style by a model, saying the same: `POST /communications/style`."""

    content: Content
    style: Wish = Field(description="How it is to sound, and for whom.")
    content_type: Kind = ""
    context: Annotated[str, StringConstraints(max_length=MAX_WRITTEN)] = ""
    model: Label
    seed: Draw = 0


class StorySpec(Body):
    """A part of a story of a simulation: its beginning, or, with `story_id`, how it goes on.

    `POST /communications/{simulation_id}/story`.
    """

    story_id: Identity | None = Field(default=None, description="Absent: a new story begins.")
    requirements: Instruction = Field(default="", description="What the part is to be about.")
    words: int = Field(default=100, strict=True, ge=20, le=3_000, description="About how long the part is to be.")
    include_plot_twist: bool = Field(default=False, description="Something unexpected is to happen.")
    purpose: Instruction = Field(default="", description="What the story is for.")
    context: Instruction = Field(default="", description="What else the writer should know.")
    agent_id: Identity | None = Field(default=None, description="Only what this agent met, did and said.")
    conversation_id: Identity | None = Field(default=None, description="Only what belongs to this conversation.")
    first_n: int = Field(default=10, strict=True, ge=0, le=200, description="Items of the history from its beginning.")
    last_n: int = Field(default=20, strict=True, ge=1, le=200, description="Items of the history up to now.")
    model: Label = Field(default="offline", description="offline: a chronicle of what was recorded, by rules.")
    seed: Draw = 0
