"""Messages of the intervention service."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field, model_validator

from libs.contracts.base import Contract, Data, JsonObject, MessageData
from libs.contracts.protocol import Assignment, Plan


class InterventionCreated(MessageData):
    """An intervention was designed; nothing runs yet."""

    contract: ClassVar = Contract(
        "evt", "intervention", "intervention-created", "intervention_id", ("gateway", "webhooks")
    )
    intervention_id: str
    name: str
    type: str
    arms: tuple[str, ...]
    metrics: tuple[str, ...]
    target_segments: tuple[str, ...]
    created_at: datetime


class InterventionRequested(MessageData):
    """Somebody outside wants an intervention designed, changed or run. Sent again with the same id, nothing happens."""

    contract: ClassVar = Contract("evt", "gateway", "intervention-requested", "request_id", ("intervention",))
    request_id: str = Field(pattern="^[A-Za-z0-9_-]{1,120}$", description="Chosen by who asks.")
    action: Literal["create", "modify", "execute"] = Field(
        description="modify: a new design in place of one that has not run; execute: one that is there."
    )
    intervention_id: str | None = Field(description="Of the one to modify or execute.")
    intervention: JsonObject | None = Field(description="As in POST /interventions/create; for create and modify.")
    execution: JsonObject | None = Field(
        description="As in POST /interventions/{id}/execute. With create and modify: run it at once."
    )
    created_by_request: str | None = Field(
        default=None,
        description="Instead of intervention_id: the request_id of the create that made it, which may come later.",
    )

    @model_validator(mode="before")
    @classmethod
    def _left_out_is_null(cls, document: object) -> object:
        """Systems outside leave out what does not concern them."""
        absent = dict.fromkeys(("intervention_id", "intervention", "execution"))
        return absent | document if isinstance(document, dict) else document


class Refusal(Data):
    """What is wrong with one field."""

    field: str
    message: str
    allowed: tuple[str, ...]


class InterventionRejected(MessageData):
    """A request from outside cannot be carried out; nothing of it was done."""

    contract: ClassVar = Contract("evt", "intervention", "intervention-rejected", "request_id", ("gateway", "webhooks"))
    request_id: str
    action: str
    intervention_id: str | None
    errors: tuple[Refusal, ...]
    rejected_at: datetime


class AssignArms(MessageData):
    """Freeze the plan and assign the targeted agents of the population to arms."""

    contract: ClassVar = Contract("cmd", "intervention", "assign-arms", "simulation_id", ("intervention",))
    simulation_id: str
    intervention_id: str
    population_id: str
    seed: int


class PlanFrozen(MessageData):
    """The plan as it stood before the first exposure."""

    contract: ClassVar = Contract("evt", "intervention", "plan-frozen", "simulation_id", ("results", "validation"))
    simulation_id: str
    intervention_id: str
    population_id: str
    plan: Plan
    plan_hash: str = Field(description="SHA-256 of the plan as canonical JSON.")


class ArmsAssigned(MessageData):
    """Assignments, in parts of at most 2,000; the plan-frozen event comes before the first part."""

    contract: ClassVar = Contract(
        "evt", "intervention", "arms-assigned", "simulation_id", ("orchestrator", "validation")
    )
    simulation_id: str
    intervention_id: str
    population_id: str
    part: int = Field(description="From 1.")
    parts: int
    assignments: tuple[Assignment, ...]


class AssignmentFailed(MessageData):
    """Nobody could be assigned: the simulation cannot run."""

    contract: ClassVar = Contract("evt", "intervention", "assignment-failed", "simulation_id", ("orchestrator",))
    simulation_id: str
    intervention_id: str
    reason: str
