"""Composition root of the communication service."""

import sys

from fastapi import FastAPI

from libs.bus import Outbox
from libs.db import Database
from libs.minds.tools import Tools
from libs.models import Models, ModelsClient
from libs.runtime import badge_of, service_app
from services.communication import api, handlers
from services.communication.adapters import (
    Engines,
    Minds,
    ModelsEmbedder,
    ModelsJudge,
    NativeEngine,
    TinyTroupeEngine,
    load_tools,
)
from services.communication.events import Events
from services.communication.service import Communication
from services.communication.settings import Settings
from services.communication.store import Store


def create_app(settings: Settings) -> FastAPI:
    """The communication service over its own database and the models service."""
    database = Database(settings.database_url)
    models = ModelsClient(
        settings.models_url, silence_s=settings.silence_s, badge=badge_of("communication", settings, "models")
    )
    tools = load_tools(settings.tools)
    minds = Minds(_engines(models, settings, tools), ModelsEmbedder(models), ModelsJudge(models), tools)
    service = Communication(database, Store(), Events(Outbox("communication")), minds, models)
    return service_app(
        "communication", settings, api=api.router, service=service, database=database, handlers=handlers.router
    )


def _engines(models: Models, settings: Settings, tools: Tools) -> Engines:
    tinytroupe = TinyTroupeEngine(
        models,
        tools,
        python=settings.tinytroupe_python or sys.executable,
        processes=settings.tinytroupe_processes,
        start_s=settings.tinytroupe_start_s,
    )
    return Engines({"native": NativeEngine(models, tools), "tinytroupe": tinytroupe}, tools)
