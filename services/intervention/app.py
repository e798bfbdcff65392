"""Composition root of the intervention service."""

from fastapi import FastAPI

from libs.bus import Outbox
from libs.db import Database
from libs.engines import Engines
from libs.models import ModelsClient
from libs.runtime import badge_of, service_app
from services.intervention import api, handlers
from services.intervention.events import Events
from services.intervention.service import Service
from services.intervention.settings import Settings
from services.intervention.store import Store


def create_app(settings: Settings) -> FastAPI:
    """The service with its own store, wired to the bus."""
    database = Database(settings.database_url)
    models = ModelsClient(
        settings.models_url, silence_s=settings.models_patience_s, badge=badge_of("intervention", settings, "models")
    )
    engines = Engines(
        settings.communication_url,
        silence_s=settings.models_patience_s,
        badge=badge_of("intervention", settings, "communication"),
    )
    service = Service(Store(), Events(Outbox("intervention")), models, engines, settings.requests_patience_s)
    return service_app(
        "intervention", settings, database=database, service=service, api=api.router, handlers=handlers.router
    )
