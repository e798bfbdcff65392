"""Messages out: what the results service tells the others."""

from collections.abc import Sequence
from datetime import datetime

from libs.bus import Outbox
from libs.contracts.envelope import Envelope
from libs.contracts.evidence import Analysis
from libs.contracts.results import AggregatesChanged, AnalysisCompleted, ExtractFields
from libs.db import Transaction
from services.results.domain.extraction.model import Extraction
from services.results.domain.live import Aggregates
from services.results.domain.records import Study

MOST_BYTES = 3_500_000  # of a payload; the bus takes 4 MB


class Events:
    """Builds the payloads and puts them into the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def completed(
        self,
        tx: Transaction,
        study: Study,
        analysis: Analysis,
        analysed_at: datetime,
        cause: Envelope,
        graded_at: datetime | None = None,
    ) -> None:
        """The analysis. `cause` is the command, also when a response was what completed the simulation, or that people
        have answered.
        """
        event = AnalysisCompleted(
            simulation_id=study.simulation_id,
            intervention_id=study.intervention_id,
            analysis=_within(analysis, MOST_BYTES),
            analysed_at=analysed_at,
            graded_at=graded_at,
        )
        await self._outbox.add(tx, event, cause=cause, discriminator=study.simulation_id)

    async def aggregates(self, tx: Transaction, found: Aggregates) -> None:
        """What the answers so far amount to."""
        await self._outbox.add(tx, AggregatesChanged(**dict(found)))

    async def extract_fields(self, tx: Transaction, extraction: Extraction, agent_ids: Sequence[str]) -> None:
        """Have the fields of some agents got."""
        command = ExtractFields(
            simulation_id=extraction.simulation_id, extraction_id=extraction.id, agent_ids=tuple(agent_ids)
        )
        await self._outbox.add(tx, command)


def _within(analysis: Analysis, most_bytes: int) -> Analysis:
    """The analysis as it can travel: one of thousands of numbers keeps those of the primary metrics, or its verdict.

    The whole of it is always served at /results/{simulation_id}/aggregate.
    """
    primary = {c.metric for c in analysis.comparisons if c.role == "primary"}
    for metrics in (None, primary, set()):
        kept = analysis
        if metrics is not None:
            changes = {
                "estimates": tuple(e for e in analysis.estimates if e.metric in metrics),
                "comparisons": tuple(c for c in analysis.comparisons if c.metric in metrics),
            }
            kept = analysis.model_copy(update=changes)
        if len(kept.model_dump_json()) <= most_bytes:
            break
    return kept
