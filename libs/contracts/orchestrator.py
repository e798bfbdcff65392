"""Messages of the orchestrator."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from libs.contracts.base import Contract, MessageData
from libs.contracts.origins import Origin
from libs.contracts.protocol import Audience, Step, Usage
from libs.contracts.specs import PastSpec
from libs.contracts.timelines import Past, Timeline
from libs.contracts.turns import Budget


class SimulationState(StrEnum):
    """Lifecycle: draft → provisioning → ready → running ⇄ paused → analysing → completed; failed and cancelled."""

    DRAFT = "draft"
    PROVISIONING = "provisioning"
    READY = "ready"
    RUNNING = "running"
    PAUSED = "paused"
    ANALYSING = "analysing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """True for states that nothing leaves."""
        return self in {SimulationState.COMPLETED, SimulationState.FAILED, SimulationState.CANCELLED}


PausedFor = Literal["request", "budget"]
"""Somebody wanted a pause, or a budget is spent: then a higher cap ends it."""
ProtocolState = Literal["running", "finished", "dropped"]
"""What becomes of a request to an interactive simulation."""


class StartSimulation(MessageData):
    """Run a protocol over a population. An intervention assigns the arms; without one everybody is in the arm `all`."""

    contract: ClassVar = Contract("cmd", "orchestrator", "start-simulation", "simulation_id", ("orchestrator",))
    simulation_id: str
    name: str
    population_id: str
    intervention_id: str | None
    steps: tuple[Step, ...]
    seed: int
    model: str
    engine: str | None = Field(default=None, description="What runs the turns; null: native.")
    design: Literal["between", "within"] | None = Field(
        default=None, description="within: everybody is in every arm, each on a fork. Null: between."
    )
    budget: Budget | None = Field(default=None, description="The most it may spend until somebody decides anew.")
    origin: Origin | None = Field(default=None, description="Where it comes from. Null: from nothing that is kept.")
    start_from: Past | None = Field(default=None, description="What its people remember. Null: nothing yet.")
    past: PastSpec | None = Field(
        default=None, description="Where that is to be found, if whoever starts it cannot say."
    )


class RunProtocol(MessageData):
    """Add steps to an interactive simulation; they run in order, after those that are there already."""

    contract: ClassVar = Contract("cmd", "orchestrator", "run-protocol", "simulation_id", ("orchestrator",))
    simulation_id: str
    protocol_id: str
    steps: tuple[Step, ...] = Field(description="Each names one of the audiences.")
    audiences: tuple[Audience, ...]
    ends: bool | None = Field(default=None, description="True: the simulation ends when these are done. Null: false.")


class SimulationCreated(MessageData):
    """A simulation exists and can be queried."""

    contract: ClassVar = Contract(
        "evt",
        "orchestrator",
        "simulation-created",
        "simulation_id",
        ("population", "intervention", "communication", "results", "validation", "gateway", "webhooks"),
    )
    simulation_id: str
    name: str
    population_id: str
    intervention_id: str | None
    seed: int
    model: str
    created_at: datetime
    engine: str | None = Field(default=None, description="What runs the turns; null: native.")
    start_from: Past | None = Field(default=None, description="What its people remember. Null: nothing yet.")


class SimulationStateChanged(MessageData):
    """The simulation entered a state."""

    contract: ClassVar = Contract(
        "evt",
        "orchestrator",
        "simulation-state-changed",
        "simulation_id",
        ("population", "intervention", "communication", "results", "validation", "gateway", "webhooks"),
    )
    simulation_id: str
    previous: SimulationState
    state: SimulationState
    reason: str | None = Field(description="Why, for paused, failed and cancelled.")
    planned: dict[str, int] = Field(description="Turns planned so far, by arm; empty until arms are known.")
    answered: int
    failed: int
    usage: Usage
    changed_at: datetime
    is_ending: bool | None = Field(
        default=None, description="True: it ends when the step that runs has ended, and takes no more requests."
    )
    paused_for: PausedFor | None = Field(default=None, description="Why it is paused; null: it is not.")
    pauses: int | None = Field(
        default=None, description="How often it was paused: deliveries sent before the latest pause are not begun."
    )


class ProtocolStateChanged(MessageData):
    """Something that was asked of an interactive simulation runs, has run, or never will."""

    contract: ClassVar = Contract("evt", "orchestrator", "protocol-state-changed", "simulation_id", ("communication",))
    simulation_id: str
    protocol_id: str
    state: ProtocolState
    changed_at: datetime


class StepStarted(MessageData):
    """A step begins: what will be asked, and of how many agents in each arm."""

    contract: ClassVar = Contract(
        "evt", "orchestrator", "step-started", "simulation_id", ("results", "validation", "gateway")
    )
    simulation_id: str
    step: Step
    planned: dict[str, int] = Field(description="Turns of this step, by arm.")
    timeline: Timeline | None = Field(default=None, description="Where it happens; null: on the first timeline.")
    place: int | None = Field(default=None, description="Place of the step on its timeline, from 1.")


class TimelineForked(MessageData):
    """A simulation went back to a mark and goes on from there; everything after the mark is no longer its past."""

    contract: ClassVar = Contract(
        "evt",
        "orchestrator",
        "timeline-forked",
        "simulation_id",
        ("communication", "results", "validation", "gateway"),
    )
    simulation_id: str
    timeline_id: str
    parent_id: str
    place: int = Field(description="Place of the last step that both timelines share; 0: none.")
    timeline: Timeline = Field(description="The new timeline with all of its ancestors.")
    forked_at: datetime
