"""Composition root of the results service: the only place where its parts meet."""

from importlib.metadata import version

from fastapi import FastAPI

from libs.bus import Outbox
from libs.db import Database
from libs.models import ModelsClient
from libs.runtime import badge_of, service_app
from services.results import api, handlers
from services.results.events import Events
from services.results.service import Results
from services.results.settings import Settings
from services.results.store import Store


def create_app(settings: Settings) -> FastAPI:
    """The service with its own store, wired to the bus."""
    database = Database(settings.database_url)
    models = ModelsClient(
        settings.models_url, silence_s=settings.silence_s, badge=badge_of("results", settings, "models")
    )
    events = Events(Outbox("results"))
    service = Results(database, Store(), events, models, version("rehearsal"), wait_s=settings.model_wait_s)
    return service_app(
        "results", settings, database=database, service=service, api=api.router, handlers=handlers.router
    )
