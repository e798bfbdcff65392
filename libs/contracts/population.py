"""Messages of the population service."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.contracts.base import Contract, Data, MessageData
from libs.contracts.people import Agent

LONGEST_SAID = 500
"""Characters of a text that is told with a population; what is longer ends with an ellipsis."""


class SegmentMakeup(Data):
    """A segment as it was asked for, and what of its words drew nobody."""

    name: str
    size: int
    particularities: str = Field(description=f"Who they are, in words; at most {LONGEST_SAID} characters.")
    not_understood: tuple[str, ...] = Field(description="The parts that no rule and no model understood.")
    fragments: tuple[str, ...]


class GivenSource(Data):
    """Where a margin comes from that was given for this population."""

    dimension: str
    source: str
    year: int


class Worth(Data):
    """What unequal weights cost."""

    effective_n: float = Field(description="Kish's effective number of people.")
    design_effect: float


class Makeup(Data):
    """How the people of a population came to be, as it was asked for. Texts are of whoever asked."""

    way: Literal["drawn", "imported"]
    base: str = Field(description="Name of the demographic template; imported for people from files.")
    title: str | None = Field(description="What the template says it is of; null for people from files.")
    seed: int | None = Field(description="Null where nobody was drawn.")
    eligible: tuple[str, ...] = Field(description="Who could be drawn at all; empty: everybody.")
    margins: tuple[GivenSource, ...] = Field(description="Margins that were given beside the template's.")
    segments: tuple[SegmentMakeup, ...]
    worth: Worth | None = Field(description="What the weights of the people cost; null where nobody has one.")
    described_as: str | None = Field(description="The description a model planned the sample from.")
    planned_by: str | None = Field(description="The model that did so.")
    read_by: str | None = Field(description="The model that read words no rule knows.")
    written_by: str | None = Field(description="The model that wrote personas; null: they are composed.")


class PopulationCreated(MessageData):
    """A population was asked for and its specification is valid; its people are being drawn."""

    contract: ClassVar = Contract(
        "evt", "population", "population-created", "population_id", ("orchestrator", "intervention", "gateway")
    )
    population_id: str
    name: str
    demographic_base: str
    size: int
    segments: dict[str, int] = Field(description="Size by segment name; the rest of the population is not listed.")
    seed: int
    created_at: datetime


class PreparePeople(MessageData):
    """Ask the model of a population what has to be known before anybody can be drawn."""

    contract: ClassVar = Contract("cmd", "population", "prepare-people", "population_id", ("population",))
    population_id: str


class GeneratePeople(MessageData):
    """Draw the next block of people of a population."""

    contract: ClassVar = Contract("cmd", "population", "generate-people", "population_id", ("population",))
    population_id: str
    start: int = Field(description="Index (from 1) of the first person to draw.")


class WritePeople(MessageData):
    """Draw the next block of people and have a model write their personas."""

    contract: ClassVar = Contract("cmd", "population", "write-people", "population_id", ("population",))
    population_id: str
    start: int = Field(description="Index (from 1) of the first person to draw.")


class AgentsGenerated(MessageData):
    """A block of people was drawn (at most 50 in one message)."""

    contract: ClassVar = Contract(
        "evt", "population", "agents-generated", "population_id", ("intervention", "communication", "validation")
    )
    population_id: str
    agents: tuple[Agent, ...]


class ApplyFragments(MessageData):
    """Apply the fragments of a version to the next block of people."""

    contract: ClassVar = Contract("cmd", "population", "apply-fragments", "population_id", ("population",))
    population_id: str
    version: int
    after: int = Field(description="Index of the last person who had their turn; 0 before the first.")


class PersonasChanged(MessageData):
    """People of a population are no longer as they were: whole documents (at most 50 in one message).

    Versions grow; of two documents of one person that with the higher version counts.
    """

    contract: ClassVar = Contract(
        "evt", "population", "personas-changed", "population_id", ("intervention", "communication", "validation")
    )
    population_id: str
    version: int
    agents: tuple[Agent, ...]


class PopulationReady(MessageData):
    """Every person of the population was drawn; all of its agents-generated events come before this one."""

    contract: ClassVar = Contract(
        "evt",
        "population",
        "population-ready",
        "population_id",
        ("orchestrator", "intervention", "communication", "results", "gateway", "webhooks"),
    )
    population_id: str
    name: str
    size: int
    segments: dict[str, int]
    ready_at: datetime
    makeup: Makeup | None = Field(default=None, description="How its people came to be. Null: that is not told.")


class PopulationProgressed(MessageData):
    """Another block of people was drawn, and there are more to come."""

    contract: ClassVar = Contract("evt", "population", "population-progressed", "population_id", ("gateway",))
    population_id: str
    size: int
    generated: int
    people_per_second: float = Field(description="As it went lately.")
    remaining_s: float = Field(description="Seconds until everybody is drawn, if it goes on like this.")
    progressed_at: datetime


class PopulationFailed(MessageData):
    """The people could not be drawn, or drawing them was cancelled."""

    contract: ClassVar = Contract(
        "evt", "population", "population-failed", "population_id", ("orchestrator", "gateway", "webhooks")
    )
    population_id: str
    reason: str


class PopulationDeleted(MessageData):
    """The population is gone. What simulations recorded of its people stays where it is."""

    contract: ClassVar = Contract("evt", "population", "population-deleted", "population_id", ("orchestrator",))
    population_id: str
    deleted_at: datetime
