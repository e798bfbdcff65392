"""Composition root of the population service."""

from fastapi import FastAPI

from libs.bus import Outbox
from libs.db import Database
from libs.models import ModelsClient
from libs.runtime import badge_of, service_app
from services.population import api, handlers
from services.population.adapters import ModelAuthor
from services.population.domain.library import load_library
from services.population.events import Events
from services.population.service import Populations
from services.population.settings import Settings
from services.population.store import Store


def create_app(settings: Settings) -> FastAPI:
    """The service with its own store, wired to the bus."""
    database = Database(settings.database_url)
    models = ModelsClient(
        settings.models_url, silence_s=settings.silence_s, badge=badge_of("population", settings, "models")
    )
    service = Populations(database, Store(), Events(Outbox("population")), load_library(), ModelAuthor(models))
    return service_app(
        "population",
        settings,
        database=database,
        service=service,
        api=api.router,
        handlers=handlers.router,
    )
