"""Every query of the results service; domain objects in, domain objects out."""

from services.results.store.codings import Codings
from services.results.store.extractions import Extractions
from services.results.store.grades import Grades
from services.results.store.results import Analyses, Made, Progress, Responses, Studies
from services.results.store.shown import Shown

__all__ = ["Made", "Progress", "Store"]


class Store:
    """All of the service's queries, by what they are about."""

    def __init__(self) -> None:
        self.studies = Studies()
        self.responses = Responses()
        self.analyses = Analyses()
        self.extractions = Extractions()
        self.grades = Grades()
        self.shown = Shown()
        self.codings = Codings()
