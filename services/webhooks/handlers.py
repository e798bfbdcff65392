"""Messages in: what webhooks can be told of. All of them are treated alike."""

from libs.bus import Router
from libs.contracts.base import MessageData
from libs.contracts.envelope import Message
from libs.contracts.intervention import InterventionCreated, InterventionRejected
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged
from libs.contracts.population import PopulationFailed, PopulationReady
from libs.contracts.results import AnalysisCompleted
from libs.contracts.validation import SimulationRectified
from libs.db import Transaction
from services.webhooks.service import Service

router = Router("webhooks")


@router.on(
    PopulationReady,
    PopulationFailed,
    InterventionCreated,
    InterventionRejected,
    SimulationCreated,
    SimulationStateChanged,
    AnalysisCompleted,
    SimulationRectified,
)
async def on_event(tx: Transaction, message: Message[MessageData], service: Service) -> None:
    """Owe it to the webhooks that listen to it."""
    await service.owe(tx, message)
