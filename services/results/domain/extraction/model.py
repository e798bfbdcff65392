"""What an extraction is, and what it gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data, JsonObject
from libs.contracts.protocol import Usage
from libs.contracts.tools import ExtractionSpec

Value = str | int | float | bool | list[str] | JsonObject | None


class Way(StrEnum):
    """How a field is got."""

    RECORDED = "recorded"
    RULES = "rules"
    MODEL = "model"
    NONE = "none"


Ended = Literal["failed", "cancelled"]
"""How an extraction ends that does not get everything."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was asked for, and how each field is got. `planned` counts agents by arm they were in."""

    id: str
    simulation_id: str
    spec: ExtractionSpec
    model: str
    ways: dict[str, Way]
    planned: int
    created_at: datetime
    ended: Ended | None = None
    reason: str | None = None

    @property
    def asked(self) -> list[str]:
        """The fields a model is asked for."""
        return [field for field, way in self.ways.items() if way is Way.MODEL]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an extraction has come, and what it cost."""

    finished: int
    failed: int
    usage: Usage


class Extracted(Data):
    """The fields of one agent in one arm."""

    agent_id: str
    name: str
    segment: str | None
    arm: str
    fields: dict[str, Value]
    ways: dict[str, Way] = Field(description="How each field was got; none: it was not, and notes say why.")
    notes: dict[str, str] = Field(description="Where a value comes from, or why there is none, where that needs words.")
    quotes: dict[str, list[str]] = Field(description="The sentences that rules found a value in.")
    failure: str | None = Field(description="Why the agent's fields could not all be got.")

    @property
    def place(self) -> tuple[str, str]:
        """Where it stands among all."""
        return self.agent_id, self.arm


class Item(Data):
    """A value and how often it was given."""

    value: str
    count: int
    share: float = Field(description="Of the agents that have a value; several values of a list count each.")


class FieldSummary(Data):
    """One field over all agents: numbers by their moments, everything else by its most frequent values."""

    field: str
    n: int = Field(description="Agents with a value.")
    missing: int
    ways: dict[Way, int]
    mean: float | None
    standard_deviation: float | None
    minimum: float | None
    maximum: float | None
    distinct: int
    most_frequent: tuple[Item, ...]


Pair = tuple[str, str]
"""An agent and an arm."""
Pairs = Sequence[Pair]
