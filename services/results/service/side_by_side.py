"""Setting finished simulations side by side."""

import asyncio
from collections.abc import Sequence

from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.db import Transaction
from services.results.domain.versus import Analysed, Versus, default_baseline, labels_of, set_side_by_side
from services.results.service.reading import read_replies
from services.results.service.studies import find_study
from services.results.store import Store


class SideBySide:
    """Simulations, or the newest simulations of interventions, compared."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def compare(
        self,
        tx: Transaction,
        simulations: Sequence[str],
        interventions: Sequence[str],
        baseline: str | None,
        metrics: Sequence[str] | None,
    ) -> Versus:
        """All arms against the baseline. Raises `NotFoundError`, `ConflictError` for one without an analysis."""
        newest = [await self._newest(tx, intervention_id) for intervention_id in interventions]
        found = [await self._analysed(tx, name) for name in dict.fromkeys([*simulations, *newest])]
        labels = labels_of(found)
        if baseline is not None and baseline not in labels:
            raise InvalidError("baseline", f"{baseline!r} is no arm of these simulations", labels)
        asked = list(dict.fromkeys(i.name for one in found for i in one.study.instruments))
        for index, metric in enumerate(metrics or ()):
            if metric not in asked:
                raise InvalidError(f"metrics.{index}", f"{metric!r} was asked in none of these simulations", asked)
        return await asyncio.to_thread(set_side_by_side, found, baseline or default_baseline(found), metrics)

    async def _newest(self, tx: Transaction, intervention_id: str) -> str:
        found = await self._store.studies.newest_analysed(tx, intervention_id)
        if found is None:
            raise NotFoundError("analysed simulation of the intervention", intervention_id)
        return found

    async def _analysed(self, tx: Transaction, simulation_id: str) -> Analysed:
        study = await find_study(self._store, tx, simulation_id)
        progress = await self._store.analyses.progress(tx, simulation_id)
        made = await self._store.analyses.latest(tx, simulation_id)
        if made is None or progress is None or progress.cause is not None:
            raise ConflictError(f"The simulation {simulation_id!r} has no analysis yet.")
        return Analysed(study, await read_replies(self._store, tx, study))
