"""Messages in: what quality and behaviour are judged from."""

from libs.bus import Router
from libs.contracts.communication import ResponsesRecorded
from libs.contracts.envelope import Message
from libs.contracts.intervention import ArmsAssigned, PlanFrozen
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged, StepStarted, TimelineForked
from libs.contracts.population import AgentsGenerated, PersonasChanged
from libs.db import Transaction
from services.validation.service import Validation

router = Router("validation")


@router.on(SimulationCreated)
async def on_simulation_created(tx: Transaction, message: Message[SimulationCreated], service: Validation) -> None:
    await service.projections.simulation_created(tx, message.data)


@router.on(SimulationStateChanged)
async def on_simulation_state_changed(
    tx: Transaction, message: Message[SimulationStateChanged], service: Validation
) -> None:
    await service.projections.state_changed(tx, message.data)


@router.on(StepStarted)
async def on_step_started(tx: Transaction, message: Message[StepStarted], service: Validation) -> None:
    await service.projections.step_started(tx, message.data)


@router.on(TimelineForked)
async def on_timeline_forked(tx: Transaction, message: Message[TimelineForked], service: Validation) -> None:
    await service.projections.timeline_forked(tx, message.data)


@router.on(PlanFrozen)
async def on_plan_frozen(tx: Transaction, message: Message[PlanFrozen], service: Validation) -> None:
    await service.projections.plan_frozen(tx, message.data)


@router.on(ArmsAssigned)
async def on_arms_assigned(tx: Transaction, message: Message[ArmsAssigned], service: Validation) -> None:
    await service.projections.arms_assigned(tx, message.data)


@router.on(PersonasChanged)
async def on_personas_changed(tx: Transaction, message: Message[PersonasChanged], service: Validation) -> None:
    await service.projections.personas_changed(tx, message.data)


@router.sink(AgentsGenerated)
async def on_agents_generated(tx: Transaction, messages: list[Message[AgentsGenerated]], service: Validation) -> None:
    await service.projections.agents_generated(tx, [message.data for message in messages])


@router.sink(ResponsesRecorded)
async def on_responses_recorded(
    tx: Transaction, messages: list[Message[ResponsesRecorded]], service: Validation
) -> None:
    await service.projections.responses_recorded(tx, [message.data for message in messages])
