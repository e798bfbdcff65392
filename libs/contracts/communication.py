"""Messages of the communication service."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.contracts.base import Contract, Data, MessageData
from libs.contracts.instruments import Answer, Instrument
from libs.contracts.protocol import Condition, Conversation, Correction, Stimulus, Usage
from libs.contracts.timelines import Past, Timeline
from libs.contracts.turns import Budget


class DeliverStimulus(MessageData):
    """Run one turn of each of these agents (at most 256), all of one arm."""

    contract: ClassVar = Contract(
        "cmd", "communication", "deliver-stimulus", "simulation_id", ("communication",), spread="delivery_id"
    )
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
    engine: str | None = Field(default=None, description="What runs the turns; null: native.")
    place: int | None = Field(default=None, description="Place of the step among all steps of the simulation, from 1.")
    groups: dict[str, tuple[str, ...]] | None = Field(
        default=None, description="The agents by group, in their order of speaking; null: each is alone."
    )
    conversation: Conversation | None = Field(default=None, description="Null: agents do not hear each other.")
    condition: Condition | None = Field(default=None, description="Null: nobody skips the step.")
    simulated_at: datetime | None = Field(default=None, description="When it happens on the simulated clock.")
    tools: tuple[str, ...] | None = Field(default=None, description="Tools the agents may use.")
    correction: Correction | None = Field(default=None, description="Null: what agents do is not checked.")
    responds: bool | None = Field(default=None, description="False: agents only take it in. Null: they respond.")
    timeline: Timeline | None = Field(default=None, description="The timeline with its ancestors; null: it has none.")
    pauses: int | None = Field(
        default=None, description="Pauses of the simulation so far; after a later one it is sent again. Null: none."
    )
    budget: Budget | None = Field(default=None, description="Of the simulation, unless it was decided before.")
    past: Past | None = Field(default=None, description="What its agents have lived through before it. Null: nothing.")


class ActionTaken(Data):
    """One thing an agent did in a turn: THINK, TALK, REACH_OUT, RECALL, or the use of a tool."""

    type: str
    content: str
    target: str | None = Field(description="Whom it was directed at, as the agent called them.")


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
    cluster_id: str | None = Field(default=None, description="Whoever heard each other; null: the agent alone.")
    option_orders: dict[str, tuple[str, ...]] | None = Field(
        default=None, description="The order in which this agent saw the options, by metric."
    )
    distributions: dict[str, dict[str, float]] | None = Field(
        default=None, description="Probabilities by value that an answer was drawn from, by metric."
    )
    unrated: dict[str, str] | None = Field(
        default=None, description="Why an answer given in words could not be rated, by metric; it is not in `answers`."
    )
    regenerations: int | None = Field(default=None, description="How often the turn was taken again after checks.")
    actions: tuple[ActionTaken, ...] | None = Field(
        default=None, description="In order; null where `reasoning` and a `response` to nobody in particular are all."
    )


class ResponsesRecorded(MessageData):
    """Finished turns of one delivery (at most 128 in one message)."""

    contract: ClassVar = Contract(
        "evt",
        "communication",
        "responses-recorded",
        "simulation_id",
        ("orchestrator", "intervention", "results", "validation", "gateway"),
        spread="delivery_id",
    )
    simulation_id: str
    delivery_id: str
    timeline_id: str
    step_id: str
    round: int
    arm: str
    responses: tuple[Response, ...]
    simulated_at: datetime | None = Field(default=None, description="When it happened on the simulated clock.")
    place: int | None = Field(default=None, description="Place of the step on its timeline, from 1.")


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
    skipped: int | None = Field(
        default=None,
        description="Agents who took no turn: the step was not for them, or asks for no response.",
    )
    cpu_s: float | None = Field(default=None, description="Processor seconds the delivery took in its process.")


class DeliveryHeld(MessageData):
    """A budget is spent: turns of a delivery are not taken. The delivery is sent again when the simulation goes on."""

    contract: ClassVar = Contract("evt", "communication", "delivery-held", "simulation_id", ("orchestrator",))
    simulation_id: str
    delivery_id: str
    reason: str = Field(description="Whose budget, what is spent of it, and what the next call may take.")
    pauses: int = Field(description="Pauses of the simulation when the delivery was sent.")
