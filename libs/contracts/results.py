"""Messages of the results service."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.contracts.base import Contract, Data, MessageData
from libs.contracts.evidence import Analysis, Evidence, Interval
from libs.contracts.timelines import Timeline


class AnalyseSimulation(MessageData):
    """Analyse a simulation once this many responses have been recorded."""

    contract: ClassVar = Contract("cmd", "results", "analyse-simulation", "simulation_id", ("results",))
    simulation_id: str
    intervention_id: str | None
    expected_responses: int = Field(description="Finished turns, answered and failed.")
    timeline: Timeline | None = Field(default=None, description="Whose responses count; null: the only one there is.")


class ExtractFields(MessageData):
    """Get the fields of an extraction for these agents."""

    contract: ClassVar = Contract("cmd", "results", "extract-fields", "simulation_id", ("results",))
    simulation_id: str
    extraction_id: str
    agent_ids: tuple[str, ...]


class AnalysisCompleted(MessageData):
    """The analysis of a simulation, as it is served; told again when answers of people change what it is worth."""

    contract: ClassVar = Contract(
        "evt", "results", "analysis-completed", "simulation_id", ("orchestrator", "intervention", "gateway", "webhooks")
    )
    simulation_id: str
    intervention_id: str | None
    analysis: Analysis
    analysed_at: datetime
    graded_at: datetime | None = Field(
        default=None, description="When people had answered, if that is why it is told again; the newest counts."
    )


class RunningEstimate(Data):
    """A metric in one arm on the answers so far; what it is worth stands beside all of them."""

    metric: str
    option: str | None = Field(description="The option of a choice or ranking this is about.")
    arm: str
    measure: Literal["proportion", "mean", "mean_rank"]
    n: int = Field(description="Independent units with a value: agents, or all who heard each other.")
    value: float
    interval: Interval | None = Field(
        description="Holds at every look where there is a plan; else of what is there. Null while nothing varies."
    )
    method: str


class AggregatesChanged(MessageData):
    """What the answers so far amount to, at most four times a second; of several the one with the highest place counts.

    Nothing is compared and no verdict is given. Order and repetition of responses change no byte of `estimates`.
    """

    contract: ClassVar = Contract("evt", "results", "aggregates-changed", "simulation_id", ("gateway",))
    simulation_id: str
    intervention_id: str | None
    timeline_id: str
    place: int = Field(description="Of the last response that is in, in the feed of the simulation.")
    assigned: dict[str, int] = Field(description="Agents by arm.")
    answered: dict[str, int]
    failed: dict[str, int] = Field(description="Agents all of whose turns failed so far.")
    confidence_level: float
    estimates: tuple[RunningEstimate, ...] = Field(description="Of 2,000 at most, the primary metric first.")
    evidence: Evidence
    only_first: int | None = Field(
        default=None, description="All of this is of so many responses, the first, and stays so. Null: of all so far."
    )
