"""The private language between a turn worker and the `models` service: `POST /v1/turns`.

The request carries everything one delivery shares once (messages, schema, parameters), then one entry per agent. The
answer is NDJSON: one `TurnReply` per line, in the order in which they finish.
"""

from typing import Literal

from pydantic import Field

from libs.contracts.base import Body, Data, JsonObject
from libs.contracts.protocol import Usage

OFFLINE_MODEL = "offline"
Mode = Literal["interactive", "economy"]
"""How a call is made: at once, or in a batch job of its provider, for about half the price and within a day."""


def is_offline(model: str) -> bool:
    """True for the offline model, whatever its version: it writes no prose and reads none."""
    return model == OFFLINE_MODEL or model.startswith(f"{OFFLINE_MODEL}-")


class ChatMessage(Data):
    """One message of a chat completion."""

    role: Literal["system", "user", "assistant"]
    content: str


class TurnRequest(Body):
    """One agent's turn. Its place (agent, step, round, timeline, draw) is part of the ledger key."""

    turn_id: str
    agent_id: str
    draw: int = Field(default=0, description="0 for the first draw of this place, 1 for the second, …")
    messages: tuple[ChatMessage, ...] = Field(description="What follows the shared messages for this agent.")


class Budget(Body):
    """The most that may be spent; null where there is no limit."""

    cost_usd: float | None = Field(default=None, strict=True, ge=0, allow_inf_nan=False)
    tokens: int | None = Field(
        default=None, strict=True, ge=0, lt=2**63, description="Of prompts and completions together."
    )
    calls: int | None = Field(default=None, strict=True, ge=0, lt=2**63)


class Spending(Data):
    """What was spent, or is reserved."""

    cost_usd: float
    tokens: int
    calls: int


class BudgetBalance(Data):
    """A budget and what is left of it."""

    cap: Budget
    spent: Spending = Field(description="Calls that ended, and lost ones, which may have been paid for, as estimated.")
    reserved: Spending = Field(description="Calls in flight, as estimated.")
    is_decided: bool = Field(description="False while nobody has decided on a cap.")

    @property
    def used_up(self) -> tuple[str, ...]:
        """The caps that are spent: with one of them no further call is made."""
        caps = ((name, getattr(self.cap, name)) for name in Spending.model_fields)
        return tuple(name for name, cap in caps if cap is not None and getattr(self.spent, name) >= cap)


class TurnBatch(Body):
    """The turns of one delivery."""

    simulation_id: str
    model: str
    timeline_id: str
    step_id: str
    round: int
    seed: int
    temperature: float = 1.0
    max_completion_tokens: int = 1_000
    mode: Mode | None = Field(default=None, description="Null: as the models service does it for this model.")
    response_schema: JsonObject = Field(description="JSON Schema of the answer, within the strict subset of OpenAI.")
    shared: tuple[ChatMessage, ...]
    budget: Budget | None = Field(default=None, description="Of the simulation, unless it was decided before.")
    weight: float = Field(
        default=1.0, gt=0, le=100, description="Its share beside other simulations where calls have to wait."
    )
    turns: tuple[TurnRequest, ...] = Field(max_length=256)


class TurnReply(Data):
    """The answer to one turn."""

    turn_id: str
    status: Literal["answered", "failed"]
    content: str | None = Field(description="What the model wrote: JSON of the response schema, not yet validated.")
    failure: str | None
    usage: Usage
    model: str = Field(description="The model that answered, as it names itself.")
