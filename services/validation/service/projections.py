"""What other services announced, noted; the edge that calls this owns the transaction."""

from collections.abc import Sequence

from libs.contracts.communication import ResponsesRecorded
from libs.contracts.intervention import ArmsAssigned, PlanFrozen
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged, StepStarted, TimelineForked
from libs.contracts.population import AgentsGenerated, PersonasChanged
from libs.db import Transaction
from services.validation.store import Store


class Projections:
    """Keeps what quality and behaviour are judged from."""

    def __init__(self, store: Store) -> None:
        self._store = store.simulations

    async def simulation_created(self, tx: Transaction, created: SimulationCreated) -> None:
        """A simulation exists."""
        known = {"name": created.name, "model": created.model, "population_id": created.population_id}
        await self._store.put(tx, created.simulation_id, **known)

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

    async def step_started(self, tx: Transaction, started: StepStarted) -> None:
        """A step asks something."""
        await self._store.add_step(tx, started)

    async def timeline_forked(self, tx: Transaction, event: TimelineForked) -> None:
        """The simulation went back to a mark."""
        await self._store.put_timeline(tx, event.simulation_id, event.timeline)

    async def responses_recorded(self, tx: Transaction, recorded: Sequence[ResponsesRecorded]) -> None:
        """Turns were finished."""
        await self._store.add_turns(tx, recorded)

    async def agents_generated(self, tx: Transaction, generated: Sequence[AgentsGenerated]) -> None:
        """People were drawn."""
        for population_id in sorted({event.population_id for event in generated}):
            mine = (event.agents for event in generated if event.population_id == population_id)
            await self._store.add_agents(tx, population_id, (agent for agents in mine for agent in agents))

    async def personas_changed(self, tx: Transaction, changed: PersonasChanged) -> None:
        """People are no longer as they were."""
        await self._store.add_agents(tx, changed.population_id, changed.agents)
