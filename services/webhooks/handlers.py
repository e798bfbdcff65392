"""Messages in: what webhooks can be told of. All of them are treated alike."""

from libs.bus import Router
from libs.contracts.envelope import Message
from libs.contracts.intervention import InterventionCreated, InterventionRejected
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged
from libs.contracts.population import PopulationFailed, PopulationReady
from libs.contracts.results import AnalysisCompleted
from libs.contracts.validation import SimulationRectified
from libs.db import Transaction
from services.webhooks.service import Service

router = Router("webhooks")


@router.on(PopulationReady)
async def on_population_ready(tx: Transaction, message: Message[PopulationReady], service: Service) -> None:
    await service.owe(tx, message)


@router.on(PopulationFailed)
async def on_population_failed(tx: Transaction, message: Message[PopulationFailed], service: Service) -> None:
    await service.owe(tx, message)


@router.on(InterventionCreated)
async def on_intervention_created(tx: Transaction, message: Message[InterventionCreated], service: Service) -> None:
    await service.owe(tx, message)


@router.on(InterventionRejected)
async def on_intervention_rejected(tx: Transaction, message: Message[InterventionRejected], service: Service) -> None:
    await service.owe(tx, message)


@router.on(SimulationCreated)
async def on_simulation_created(tx: Transaction, message: Message[SimulationCreated], service: Service) -> None:
    await service.owe(tx, message)


@router.on(SimulationStateChanged)
async def on_simulation_state_changed(
    tx: Transaction, message: Message[SimulationStateChanged], service: Service
) -> None:
    await service.owe(tx, message)


@router.on(AnalysisCompleted)
async def on_analysis_completed(tx: Transaction, message: Message[AnalysisCompleted], service: Service) -> None:
    await service.owe(tx, message)


@router.on(SimulationRectified)
async def on_simulation_rectified(tx: Transaction, message: Message[SimulationRectified], service: Service) -> None:
    await service.owe(tx, message)
