"""Messages of the results service."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from libs.contracts.base import Contract, MessageData
from libs.contracts.evidence import Analysis
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
    """The analysis of a simulation, as it is served."""

    contract: ClassVar = Contract(
        "evt", "results", "analysis-completed", "simulation_id", ("orchestrator", "intervention", "gateway")
    )
    simulation_id: str
    intervention_id: str | None
    analysis: Analysis
    analysed_at: datetime
