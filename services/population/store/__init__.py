"""Every query of the population service, by what it is about; domain objects in, domain objects out."""

from services.population.store.fragments import Fragments
from services.population.store.people import People
from services.population.store.populations import Populations
from services.population.store.simulations import Simulations
from services.population.store.templates import Templates
from services.population.store.versions import Versions

__all__ = ["Store"]


class Store:
    """The tables of the service."""

    def __init__(self) -> None:
        self.populations = Populations()
        self.people = People()
        self.versions = Versions(self.people)
        self.fragments = Fragments()
        self.simulations = Simulations()
        self.templates = Templates()
