"""Composition root of the orchestrator."""

from datetime import timedelta

from fastapi import FastAPI

from libs.bus import Outbox
from libs.db import Database
from libs.engines import Engines
from libs.models import ModelsClient
from libs.runtime import badge_of, service_app
from services.orchestrator import api, handlers
from services.orchestrator.events import Events
from services.orchestrator.service import Habits, Orchestrator, Studies
from services.orchestrator.settings import Settings
from services.orchestrator.store import Store, StudyStore


def create_app(settings: Settings) -> FastAPI:
    """The orchestrator over its own database."""
    database = Database(settings.database_url)
    models = ModelsClient(
        settings.models_url, silence_s=settings.models_patience_s, badge=badge_of("orchestrator", settings, "models")
    )
    engines = Engines(
        settings.communication_url,
        silence_s=settings.models_patience_s,
        badge=badge_of("orchestrator", settings, "communication"),
    )
    service = Orchestrator(
        database,
        Store(),
        Events(Outbox("orchestrator")),
        models,
        engines,
        habits=Habits(timedelta(minutes=settings.checkpoint_minutes), settings.checkpoints_kept),
        timer_interval_s=settings.timer_interval_s,
    )
    app = service_app(
        "orchestrator", settings, api=api.router, service=service, database=database, handlers=handlers.router
    )
    app.state.studies = Studies(StudyStore())
    return app
