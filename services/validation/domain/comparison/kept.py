"""A comparison as it is kept: the answer, and what was compared with what."""

from datetime import datetime

from pydantic import Field

from libs.contracts.comparisons import MetricDeclaration
from services.validation.domain.comparison.model import ComparisonResult


class Comparison(ComparisonResult):
    """A comparison in the ledger."""

    id: str
    declared: MetricDeclaration
    study: str | None
    simulator: str | None = Field(description="The model of the simulation, or what made the values.")
    simulation_id: str | None
    baseline_id: str | None
    ledger_entries: int = Field(description="Outcomes that the ledger did not have before.")
    created_at: datetime
