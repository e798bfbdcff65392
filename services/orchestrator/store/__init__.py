"""Queries of the orchestrator: simulations with all that belongs to them, and studies."""

from services.orchestrator.store.simulations import DELETED, ArmProgress, Population, Progress, Store
from services.orchestrator.store.studies import StudyStore

__all__ = ["DELETED", "ArmProgress", "Population", "Progress", "Store", "StudyStore"]
