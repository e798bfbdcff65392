"""What calls of models came to, summed by what one wants to know, and held against what was said before."""

from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.ranges import Range

UsageBy = Literal["simulation", "model", "day", "tenant"]


class ModelUsage(Data):
    """What one model cost a simulation. What another simulation paid for first counts there."""

    model: str
    calls: int = Field(description="Calls made, failed ones and repairs included.")
    failed_calls: int
    repaired_calls: int = Field(description="Replies that could not be read and were asked for once more.")
    orphaned_calls: int = Field(description="Calls in flight in a process that was killed; possibly paid for twice.")
    cached_calls: int = Field(description="Answers paid for before: turns by another simulation, chats by any.")
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    is_priced: bool = Field(description="False: the price table does not know the model, and its calls count as 0.")


class Held(Range):
    """A figure that was estimated, held against what it has been so far."""

    actual: float
    is_within: bool = Field(description="The actual figure is in the interval. While it runs it may be below.")

    @classmethod
    def against(cls, said: Range, actual: float) -> "Held":
        """What was said of a figure, and the figure."""
        return cls(**said.model_dump(), actual=actual, is_within=said.low <= actual <= said.high)


class UsageLine(Data):
    """What was used under one key. What another simulation had paid for counts there, and is `cached_calls` here."""

    key: str = Field(
        description="Id of the simulation (empty: belonging to none), name of the model, day in UTC, or the tenant."
    )
    calls: int = Field(description="Calls made, failed ones included.")
    failed_calls: int
    cached_calls: int | None = Field(description="Answers that the ledger knew; null by day and for a period.")
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float = Field(description="At the price of the day each call was made.")
    unpriced_calls: int = Field(description="Answered calls of models that the price table does not know: 0 USD here.")


class UsageLines(Data):
    """Lines, the greatest key first."""

    lines: tuple[UsageLine, ...]
