"""Use cases of the population service; the edge that calls them owns the transaction."""

from services.population.service.populations import Populations, Segment, Wanted
from services.population.service.profiles import Compared, Profiled

__all__ = ["Compared", "Populations", "Profiled", "Segment", "Wanted"]
