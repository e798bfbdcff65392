"""Use cases of the validation service; the edge that calls them owns the transaction."""

from collections.abc import Sequence

from libs.contracts.communication import ResponsesRecorded
from libs.contracts.errors import NotFoundError
from libs.contracts.intervention import ArmsAssigned, PlanFrozen
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged, TimelineForked
from libs.db import Transaction
from services.validation.domain.card import QualityCard, quality_card
from services.validation.store import Store


class Validation:
    """Keeps what quality is judged from, and judges it when asked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def quality(self, tx: Transaction, simulation_id: str) -> QualityCard:
        """The quality card of what has been recorded so far."""
        simulation = await self._store.simulation(tx, simulation_id)
        if simulation is None:
            raise NotFoundError("simulation", simulation_id)
        arms = await self._store.arms(tx, simulation_id)
        return quality_card(simulation, arms, await self._store.turns(tx, simulation_id))

    async def simulation_created(self, tx: Transaction, created: SimulationCreated) -> None:
        """A simulation exists."""
        await self._store.put(tx, created.simulation_id, name=created.name, model=created.model)

    async def state_changed(self, tx: Transaction, change: SimulationStateChanged) -> None:
        """A simulation entered a state."""
        await self._store.put_state(tx, change.simulation_id, change.state, change.changed_at)

    async def plan_frozen(self, tx: Transaction, frozen: PlanFrozen) -> None:
        """The plan was fixed."""
        plan = frozen.plan.model_dump(mode="json")
        await self._store.put(tx, frozen.simulation_id, plan=plan, plan_hash=frozen.plan_hash)

    async def arms_assigned(self, tx: Transaction, part: ArmsAssigned) -> None:
        """Some agents were assigned."""
        await self._store.assign(tx, part)

    async def timeline_forked(self, tx: Transaction, event: TimelineForked) -> None:
        """The simulation went back to a mark."""
        await self._store.put_timeline(tx, event.simulation_id, event.timeline)

    async def responses_recorded(self, tx: Transaction, recorded: Sequence[ResponsesRecorded]) -> None:
        """Turns were finished."""
        await self._store.add_turns(tx, recorded)
