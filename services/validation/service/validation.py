"""All use cases of the service, by what they are about."""

from libs.contracts.errors import NotFoundError
from libs.db import Database, Transaction
from libs.models import Models
from services.validation.adapters import Panel
from services.validation.domain.card import QualityCard, quality_card
from services.validation.events import Events
from services.validation.service.baselines import Baselines
from services.validation.service.behaviour import Behaviour
from services.validation.service.comparisons import Comparisons
from services.validation.service.hybrids import Hybrids
from services.validation.service.ledger import Ledger
from services.validation.service.projections import Projections
from services.validation.store import Store


class Validation:
    """What simulated answers are like among themselves, and how far they are those of people."""

    def __init__(
        self, database: Database, store: Store, events: Events, models: Models, panel: Panel, *, wait_s: float
    ) -> None:
        self._store = store.simulations
        self._models = models
        self.behaviour = Behaviour(database, store, models, panel, wait_s)
        self.projections = Projections(store)
        self.baselines = Baselines(store)
        self.ledger = Ledger(store, events)
        self.comparisons = Comparisons(store, self.baselines, self.ledger)
        self.hybrids = Hybrids(store, events, self.ledger)

    async def start(self) -> None:
        """Get ready to reach the models service."""
        await self._models.start()

    async def stop(self) -> None:
        """Let go of it."""
        await self._models.stop()

    async def quality(self, tx: Transaction, simulation_id: str) -> QualityCard:
        """The quality card of what has been recorded so far."""
        simulation = await self._store.simulation(tx, simulation_id)
        if simulation is None:
            raise NotFoundError("simulation", simulation_id)
        assigned = await self._store.assigned(tx, simulation_id)
        return quality_card(simulation, assigned, await self._store.turns(tx, simulation_id))
