"""Every query of the validation service; domain objects in, domain objects out."""

from services.validation.store.evidence import Baselines, Comparisons, Hybrids, Ledger
from services.validation.store.simulations import Simulations

__all__ = ["Store"]


class Store:
    """All of the service's queries, by what they are about."""

    def __init__(self) -> None:
        self.simulations = Simulations()
        self.baselines = Baselines()
        self.comparisons = Comparisons()
        self.ledger = Ledger()
        self.hybrids = Hybrids()
