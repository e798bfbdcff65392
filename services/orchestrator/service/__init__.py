"""Use cases of the orchestrator."""

from services.orchestrator.service.checkpoints import Habits
from services.orchestrator.service.orchestrator import Orchestrator

__all__ = ["Habits", "Orchestrator"]
