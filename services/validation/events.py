"""Messages out: what the validation service tells the others."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from libs.bus import Outbox
from libs.contracts.ids import derived_id
from libs.contracts.validation import (
    CalibrationChanged,
    CalibrationParameters,
    EffectParameters,
    RectifiedEstimate,
    SimulationRectified,
)
from libs.db import Transaction
from services.validation.domain.ledger.entries import Entry


class Events:
    """Builds the payloads and puts them into the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def rectified(
        self,
        tx: Transaction,
        simulation_id: str,
        revision: int,
        people: int,
        source: str,
        estimates: Sequence[RectifiedEstimate],
        caveats: Sequence[str],
    ) -> SimulationRectified:
        """Estimates with the answers of people."""
        event = SimulationRectified(
            simulation_id=simulation_id,
            revision=revision,
            people=people,
            source=source,
            estimates=tuple(estimates),
            caveats=tuple(caveats),
            rectified_at=datetime.now(UTC),
        )
        await self._outbox.add(tx, event)
        return event

    async def calibration_changed(self, tx: Transaction, simulator: str, entries: Sequence[Entry]) -> None:
        """What a simulator's own comparisons teach, once they are of two studies."""
        from libs.stats import FEWEST_STUDIES
        from services.validation.domain.ledger.fitting import fit

        found = fit(simulator, entries)
        if found is None:
            return
        event = CalibrationChanged(
            calibration_id=f"cal_{derived_id('calibration', simulator).hex}",
            simulator=simulator,
            bias=CalibrationParameters(**asdict(found.bias)),
            effects=EffectParameters.model_validate(asdict(found.effects)) if found.effects else None,
            human_sd_ratio=found.sd_ratio,
            is_enough=found.bias.studies >= FEWEST_STUDIES,
            changed_at=datetime.now(UTC),
        )
        await self._outbox.add(tx, event)
