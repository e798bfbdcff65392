"""Messages of the orchestrator."""

from libs.bus import Outbox
from libs.contracts.communication import DeliverStimulus
from libs.contracts.intervention import AssignArms
from libs.contracts.orchestrator import (
    ProtocolState,
    ProtocolStateChanged,
    SimulationCreated,
    SimulationState,
    SimulationStateChanged,
    StepStarted,
    TimelineForked,
)
from libs.contracts.protocol import Step
from libs.contracts.results import AnalyseSimulation
from libs.db import Transaction
from services.orchestrator.domain.deliveries import Groups
from services.orchestrator.domain.simulation import Simulation


class Events:
    """Builds each message from the simulation it is about."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def created(self, tx: Transaction, simulation: Simulation) -> None:
        """The simulation can be queried from now on."""
        shared = simulation.model_dump(include=set(SimulationCreated.model_fields))
        await self._outbox.add(tx, SimulationCreated(**shared))

    async def state_changed(self, tx: Transaction, simulation: Simulation, previous: SimulationState) -> None:
        """The simulation entered its present state."""
        event = SimulationStateChanged(
            simulation_id=simulation.simulation_id,
            previous=previous,
            state=simulation.state,
            reason=simulation.reason,
            planned=simulation.planned,
            answered=simulation.answered,
            failed=simulation.failed,
            usage=simulation.usage,
            changed_at=simulation.updated_at,
            is_ending=simulation.is_ending and not simulation.state.is_terminal,
            paused_for=simulation.paused_for,
            pauses=simulation.pauses,
        )
        await self._outbox.add(tx, event)

    async def protocol_state_changed(
        self, tx: Transaction, simulation: Simulation, protocol_id: str, state: ProtocolState
    ) -> None:
        """A request runs, has run or never will."""
        event = ProtocolStateChanged(
            simulation_id=simulation.simulation_id,
            protocol_id=protocol_id,
            state=state,
            changed_at=simulation.updated_at,
        )
        await self._outbox.add(tx, event)

    async def assign_arms(self, tx: Transaction, simulation: Simulation) -> None:
        """Ask the intervention for its plan and assignments."""
        if simulation.intervention_id is None:
            raise ValueError("a simulation without an intervention has no arms to assign")
        command = AssignArms(
            simulation_id=simulation.simulation_id,
            intervention_id=simulation.intervention_id,
            population_id=simulation.population_id,
            seed=simulation.seed,
        )
        await self._outbox.add(tx, command)

    async def step_started(self, tx: Transaction, simulation: Simulation, step: Step, planned: dict[str, int]) -> None:
        """A step begins."""
        event = StepStarted(
            simulation_id=simulation.simulation_id,
            step=step,
            planned=planned,
            timeline=simulation.timeline,
            place=simulation.next_step,
        )
        await self._outbox.add(tx, event)

    async def timeline_forked(self, tx: Transaction, simulation: Simulation) -> None:
        """The simulation has gone back to a mark and is on a new timeline."""
        forked = simulation.timeline
        if simulation.is_within:  # what the arms come from, not the arms, whose past has only begun
            forked = simulation.timeline_of(next(iter(simulation.arms)))
        parent = forked.ancestors[-1]
        event = TimelineForked(
            simulation_id=simulation.simulation_id,
            timeline_id=simulation.timeline.timeline_id,
            parent_id=parent.timeline_id,
            place=parent.through,
            timeline=simulation.timeline,
            forked_at=simulation.updated_at,
        )
        await self._outbox.add(tx, event)

    async def deliver(
        self, tx: Transaction, simulation: Simulation, step: Step, arm: str, delivery_id: str, groups: Groups
    ) -> None:
        """Have one delivery of the step in hand made."""
        timeline = simulation.timeline_of(arm)
        command = DeliverStimulus(
            simulation_id=simulation.simulation_id,
            delivery_id=delivery_id,
            population_id=simulation.population_id,
            timeline_id=timeline.timeline_id,
            step_id=step.step_id,
            round=step.round,
            arm=arm,
            stimulus=step.stimuli.get(arm),
            instruments=step.instruments,
            agent_ids=tuple(agent_id for group in groups.values() for agent_id in group),
            seed=simulation.seed,
            model=simulation.model,
            engine=simulation.engine,
            place=simulation.next_step,
            groups=None if step.conversation is None else groups,
            conversation=step.conversation,
            condition=step.condition,
            simulated_at=step.simulated_at,
            tools=step.tools,
            correction=step.correction,
            responds=step.responds,
            timeline=timeline,
            pauses=simulation.pauses,
            budget=simulation.budget,
            past=simulation.start_from,
        )
        await self._outbox.add(tx, command)

    async def analyse(self, tx: Transaction, simulation: Simulation, expected_responses: int) -> None:
        """Have the simulation analysed."""
        command = AnalyseSimulation(
            simulation_id=simulation.simulation_id,
            intervention_id=simulation.intervention_id,
            expected_responses=expected_responses,
            timeline=simulation.timeline,
        )
        await self._outbox.add(tx, command)
