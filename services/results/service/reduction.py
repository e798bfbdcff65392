"""Use case of reduction: the events of a simulation as rows, a few agents at a time, so that any number fits."""

from collections.abc import AsyncGenerator, Sequence

from libs.contracts.tools import ReductionSpec
from libs.db import Database
from services.results.domain.records import in_order
from services.results.domain.reduction import Cell, Reduction
from services.results.service.studies import explain_nothing, find_study
from services.results.store import Store

AGENTS = 200
"""Agents whose turns are read at once."""


class Reductions:
    """Rows from recorded turns, by declared rules."""

    def __init__(self, database: Database, store: Store) -> None:
        self._database, self._store = database, store

    async def rows(
        self, spec: ReductionSpec, reduction: Reduction, tenant: str
    ) -> AsyncGenerator[Sequence[Sequence[Cell]], None]:
        """The rows in portions, by agent; the first one is empty and comes when the request is known to be good.

        Raises `NotFoundError`, and `InvalidError` for a scope of nobody who could be in the simulation.
        """
        async with self._database.read(tenant=tenant) as tx:
            study = await find_study(self._store, tx, spec.simulation_id)
            agents = list(dict.fromkeys(agent for agent, _ in await self._store.responses.subjects(tx, spec)))
            if not agents:
                await explain_nothing(self._store, tx, study, spec.arm, spec.segment, spec.agent_ids)
            yield []
            for start in range(0, len(agents), AGENTS):
                turns = await self._store.responses.of_agents(tx, spec, agents[start : start + AGENTS])
                yield list(reduction.rows(study, in_order(turns)))
