"""Use cases of baselines: import, list, show, forget."""

from datetime import UTC, datetime

from libs.contracts.comparisons import BaselineSpec, Value
from libs.contracts.errors import NotFoundError
from libs.contracts.ids import new_id
from libs.db import Transaction
from services.validation.domain.baselines import Baseline, baseline_from
from services.validation.store import Store


class Baselines:
    """Past results of people."""

    def __init__(self, store: Store) -> None:
        self._store = store.baselines

    async def add(self, tx: Transaction, spec: BaselineSpec) -> Baseline:
        """Keep past results."""
        baseline, answers = baseline_from(spec, new_id("bas"), datetime.now(UTC))
        await self._store.add(tx, baseline, answers)
        return baseline

    async def newest(self, tx: Transaction, limit: int, before: str | None) -> list[Baseline]:
        """Newest first."""
        return await self._store.newest(tx, limit, before)

    async def with_answers(self, tx: Transaction, baseline_id: str) -> tuple[Baseline, dict[str, list[Value]]]:
        """A baseline and what was answered."""
        found = await self._store.get(tx, baseline_id)
        if found is None:
            raise NotFoundError("baseline", baseline_id)
        return found

    async def remove(self, tx: Transaction, baseline_id: str) -> None:
        """Forget a baseline; comparisons made with it stay in the ledger."""
        if not await self._store.remove(tx, baseline_id):
            raise NotFoundError("baseline", baseline_id)
