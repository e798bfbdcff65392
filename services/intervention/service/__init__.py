"""Use cases of the intervention service; the edge that calls them owns the transaction."""

from libs.engines import Engines
from libs.models import Models
from services.intervention.events import Events
from services.intervention.service.interventions import Interventions
from services.intervention.service.requests import Requests
from services.intervention.store import Store

__all__ = ["Interventions", "Requests", "Service"]


class Service(Interventions):
    """All of them; `requests` are those that come over the bus."""

    def __init__(self, store: Store, events: Events, models: Models, engines: Engines, patience_s: float) -> None:
        super().__init__(store, events, models, engines)
        self.requests = Requests(self, store, events, patience_s)
