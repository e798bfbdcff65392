"""Queries of the orchestrator: simulations with all that belongs to them, when they were looked at, and studies."""

from services.orchestrator.store.lookouts import LookoutStore
from services.orchestrator.store.simulations import DELETED, ArmProgress, Population, Progress, Store
from services.orchestrator.store.studies import StudyStore

__all__ = ["DELETED", "ArmProgress", "LookoutStore", "Population", "Progress", "Store", "StudyStore"]
