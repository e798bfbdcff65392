"""Use cases of the ledger: what is added to it, what it teaches, and who is told."""

from datetime import UTC, datetime

from libs.contracts.comparisons import LedgerImport, MetricDeclaration
from libs.db import Transaction
from services.validation.domain.comparison.model import ComparisonResult
from services.validation.domain.ledger.entries import Entry, entries_in, entries_of
from services.validation.domain.ledger.model import CalibrationView
from services.validation.events import Events
from services.validation.store import Store


class Ledger:
    """All past comparisons."""

    def __init__(self, store: Store, events: Events) -> None:
        self._store, self._events = store.ledger, events

    async def load(self, tx: Transaction, spec: LedgerImport) -> tuple[int, list[str]]:
        """Add past comparisons from a file: how many were new, and of which simulators."""
        entries = entries_in(spec.csv, spec.columns, spec.source, datetime.now(UTC))
        return await self.add(tx, entries), sorted({entry.simulator or "" for entry in entries})

    async def add_comparison(
        self,
        tx: Transaction,
        result: ComparisonResult,
        metric: MetricDeclaration,
        study: str | None,
        simulator: str | None,
        now: datetime,
    ) -> int:
        """Add the outcomes of a comparison; how many were new."""
        return await self.add(tx, entries_of(result, metric, study, simulator, now))

    async def add(self, tx: Transaction, entries: list[Entry]) -> int:
        """Add entries; tell the others what is now known of their simulators."""
        new = await self._store.add(tx, entries)
        if new:
            for simulator in sorted({entry.simulator for entry in entries if entry.simulator}):
                await self._events.calibration_changed(tx, simulator, await self._store.of(tx, simulator))
        return new

    async def page(self, tx: Transaction, simulator: str | None, limit: int, after: str | None) -> list[Entry]:
        """Entries, in the order of their ids."""
        return await self._store.page(tx, simulator, limit, after)

    async def entries(self, tx: Transaction, simulator: str) -> list[Entry]:
        """Every entry of a simulator."""
        return await self._store.of(tx, simulator)

    async def calibration(self, tx: Transaction, simulator: str) -> CalibrationView:
        """What counts for a simulator."""
        from services.validation.domain.ledger.fitting import view

        return view(simulator, await self._store.of(tx, simulator))

    async def calibrations(self, tx: Transaction) -> list[CalibrationView]:
        """What counts for every simulator that has comparisons, and what is shipped."""
        from services.validation.domain.ledger.fitting import shipped_views

        own = await self._store.simulators(tx)
        views = [await self.calibration(tx, simulator) for simulator in own]
        return [*views, *(one for one in shipped_views() if one.simulator not in own)]
