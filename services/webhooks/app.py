"""Composition root of the webhooks service."""

from fastapi import FastAPI

from libs.db import Database
from libs.runtime import service_app
from services.webhooks import api, handlers
from services.webhooks.adapters import HttpReceivers
from services.webhooks.service import Dispatcher, Secrets, Service
from services.webhooks.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The service with its own store, wired to the bus and to addresses outside."""
    database = Database(settings.database_url)
    secrets = Secrets(settings.secrets_key.get_secret_value())
    receivers = HttpReceivers(settings.allowed_networks, allow_http=settings.allow_http, timeout_s=settings.timeout_s)
    service = Service(settings, secrets, receivers, Dispatcher(database, receivers, secrets, settings))
    return service_app(
        "webhooks", settings, database=database, service=service, api=api.router, handlers=handlers.router
    )
