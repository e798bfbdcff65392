"""Messages the orchestrator obeys and listens to."""

from libs.bus import DeadLetter, Router
from libs.contracts.communication import DeliverStimulus, DeliveryCompleted, DeliveryHeld, ResponsesRecorded
from libs.contracts.envelope import Message
from libs.contracts.intervention import ArmsAssigned, AssignArms, AssignmentFailed
from libs.contracts.orchestrator import RunProtocol, StartSimulation
from libs.contracts.population import PopulationCreated, PopulationDeleted, PopulationFailed, PopulationReady
from libs.contracts.results import AnalyseSimulation, AnalysisCompleted
from libs.db import Transaction
from services.orchestrator.service import Orchestrator
from services.orchestrator.store import DELETED, Population

router = Router("orchestrator")


@router.on(StartSimulation)
async def on_start_simulation(tx: Transaction, message: Message[StartSimulation], service: Orchestrator) -> None:
    """Start a simulation."""
    await service.begin(tx, message.data)


@router.on(RunProtocol)
async def on_run_protocol(tx: Transaction, message: Message[RunProtocol], service: Orchestrator) -> None:
    """Run steps of an interactive simulation."""
    await service.run_protocol(tx, message.data)


@router.on(PopulationCreated)
async def on_population_created(tx: Transaction, message: Message[PopulationCreated], service: Orchestrator) -> None:
    """Remember the population."""
    await service.population_announced(tx, message.data.population_id, message.data.size)


@router.on(PopulationReady)
async def on_population_ready(tx: Transaction, message: Message[PopulationReady], service: Orchestrator) -> None:
    """Let waiting simulations go on."""
    data = message.data
    await service.population_settled(tx, Population(data.population_id, data.size, "ready", None))


@router.on(PopulationFailed)
async def on_population_failed(tx: Transaction, message: Message[PopulationFailed], service: Orchestrator) -> None:
    """Fail waiting simulations."""
    data = message.data
    await service.population_settled(tx, Population(data.population_id, 0, "failed", data.reason))


@router.on(PopulationDeleted)
async def on_population_deleted(tx: Transaction, message: Message[PopulationDeleted], service: Orchestrator) -> None:
    """Start nothing with it any more."""
    await service.population_settled(tx, Population(message.data.population_id, 0, DELETED, "it was deleted"))


@router.on(ArmsAssigned)
async def on_arms_assigned(tx: Transaction, message: Message[ArmsAssigned], service: Orchestrator) -> None:
    """Start the first step once every part is there."""
    await service.arms_assigned(tx, message.data)


@router.on(AssignmentFailed)
async def on_assignment_failed(tx: Transaction, message: Message[AssignmentFailed], service: Orchestrator) -> None:
    """Fail the simulation."""
    await service.assignment_failed(tx, message.data.simulation_id, message.data.reason)


@router.on(DeliveryCompleted)
async def on_delivery_completed(tx: Transaction, message: Message[DeliveryCompleted], service: Orchestrator) -> None:
    """Go on when it was the last delivery of its step."""
    await service.delivery_completed(tx, message.data)


@router.on(DeliveryHeld)
async def on_delivery_held(tx: Transaction, message: Message[DeliveryHeld], service: Orchestrator) -> None:
    """Pause until the budget is raised."""
    await service.delivery_held(tx, message.data)


@router.sink(ResponsesRecorded)
async def on_responses_recorded(
    tx: Transaction, messages: list[Message[ResponsesRecorded]], service: Orchestrator
) -> None:
    """Count progress."""
    await service.responses_recorded(tx, [message.data for message in messages])


@router.on(AnalysisCompleted)
async def on_analysis_completed(tx: Transaction, message: Message[AnalysisCompleted], service: Orchestrator) -> None:
    """Complete the simulation."""
    await service.analysis_completed(tx, message.data.simulation_id)


@router.dead(
    AssignArms, ArmsAssigned, DeliverStimulus, DeliveryCompleted, DeliveryHeld, AnalyseSimulation, AnalysisCompleted
)
async def on_dead_letter(tx: Transaction, letter: DeadLetter, service: Orchestrator) -> None:
    """Fail the simulation that waits for it."""
    delivery = letter.read(DeliverStimulus)
    await service.work_given_up(tx, letter.key, letter.name, letter.error, delivery.delivery_id if delivery else None)
