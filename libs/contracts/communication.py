"""Messages of the communication service."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.contracts.base import Contract, Data, MessageData
from libs.contracts.instruments import Answer, Instrument
from libs.contracts.protocol import Stimulus, Usage


class DeliverStimulus(MessageData):
    """Run one turn of each of these agents (at most 64), all of one arm."""

    contract: ClassVar = Contract("cmd", "communication", "deliver-stimulus", "simulation_id", ("communication",))
    simulation_id: str
    delivery_id: str
    population_id: str
    timeline_id: str
    step_id: str
    round: int
    arm: str
    stimulus: Stimulus | None
    instruments: tuple[Instrument, ...]
    agent_ids: tuple[str, ...]
    seed: int
    model: str


class Response(Data):
    """What one agent said and answered in one turn; a failed turn is a response too."""

    turn_id: str
    agent_id: str
    name: str
    segment: str | None
    demographic_profile: dict[str, str | int | float]
    status: Literal["answered", "failed"]
    failure: str | None = Field(description="Why the turn failed; null when it was answered.")
    response: str | None = Field(description="What the agent said.")
    reasoning: str | None
    confidence: float | None = Field(description="The agent's stated confidence in [0, 1].")
    sentiment: float | None = Field(description="The agent's stated feeling about the stimulus in [-1, 1].")
    answers: dict[str, Answer] = Field(description="Answer by metric; null where the funnel did not reach the metric.")
    usage: Usage
    model: str
    responded_at: datetime


class ResponsesRecorded(MessageData):
    """Finished turns of one delivery (at most 100 in one message)."""

    contract: ClassVar = Contract(
        "evt",
        "communication",
        "responses-recorded",
        "simulation_id",
        ("orchestrator", "intervention", "results", "validation", "gateway"),
    )
    simulation_id: str
    delivery_id: str
    timeline_id: str
    step_id: str
    round: int
    arm: str
    responses: tuple[Response, ...]


class DeliveryCompleted(MessageData):
    """Every turn of a delivery is finished, answered or failed."""

    contract: ClassVar = Contract(
        "evt", "communication", "delivery-completed", "simulation_id", ("orchestrator", "gateway")
    )
    simulation_id: str
    delivery_id: str
    step_id: str
    arm: str
    requested: int
    answered: int
    failed: int
    usage: Usage
    failure: str | None = Field(default=None, description="Most frequent reason of the failed turns.")
