"""Composition root of the validation service."""

from fastapi import FastAPI

from libs.bus import Outbox
from libs.db import Database
from libs.models import ModelsClient
from libs.runtime import badge_of, service_app
from services.validation import api, handlers
from services.validation.adapters import ModelsPanel
from services.validation.events import Events
from services.validation.service import Validation
from services.validation.settings import Settings
from services.validation.store import Store


def create_app(settings: Settings) -> FastAPI:
    """The service with its own store, wired to the bus."""
    database = Database(settings.database_url)
    models = ModelsClient(
        settings.models_url, silence_s=settings.silence_s, badge=badge_of("validation", settings, "models")
    )
    events, panel = Events(Outbox("validation")), ModelsPanel(models)
    service = Validation(database, Store(), events, models, panel, wait_s=settings.model_wait_s)
    return service_app(
        "validation", settings, database=database, service=service, api=api.router, handlers=handlers.router
    )
