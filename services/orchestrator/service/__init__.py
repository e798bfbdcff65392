"""Use cases of the orchestrator: simulations and their process, and the studies they are runs of."""

from services.orchestrator.service.checkpoints import Habits
from services.orchestrator.service.orchestrator import Ended, Orchestrator
from services.orchestrator.service.studies import Studies

__all__ = ["Ended", "Habits", "Orchestrator", "Studies"]
