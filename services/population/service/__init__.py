"""Use cases of the population service; the edge that calls them owns the transaction."""

from services.population.service.populations import Populations, Segment, Wanted
from services.population.service.profiles import Profiled

__all__ = ["Populations", "Profiled", "Segment", "Wanted"]
