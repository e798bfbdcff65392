"""Composition root of the models service."""

from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI

from libs.db import Database
from libs.runtime import service_app
from services.models import api
from services.models.adapters import Memory, Offline, Server
from services.models.domain.prices import PriceTable
from services.models.service import Findings, Models
from services.models.settings import Settings, read_document
from services.models.store import Accounts, Store

PRICES = Path(__file__).parent / "domain" / "prices.json"
MAX_BODY_BYTES = 16_777_216
"""A batch holds up to 256 personas with their memory."""


def create_app(settings: Settings) -> FastAPI:
    """The models service over its own database."""
    database = Database(settings.database_url)
    store = Store()
    servers = _servers(settings, Findings(database, store))
    service = Models(database, store, Accounts(), Offline(), servers, _prices(settings))
    return service_app(
        "models", settings, api=api.router, service=service, database=database, max_body_bytes=MAX_BODY_BYTES
    )


def _prices(settings: Settings) -> PriceTable:
    """The table that is shipped, behind the operator's own. Raises `ValueError` naming what is wrong in that."""
    shipped = PriceTable.model_validate_json(PRICES.read_bytes())
    if settings.prices_file is None:
        return shipped
    return read_document("prices_file", settings.prices_file, PriceTable).over(shipped)


def _servers(settings: Settings, memory: Memory) -> list[Server]:
    """Every endpoint. Raises `ValueError` for settings that cannot be."""
    lifetime = timedelta(hours=settings.capabilities_hours)
    servers = []
    for endpoint in settings.endpoints:
        if taken := [name for name in Offline.models if name in endpoint.names]:
            raise ValueError(f"endpoint {endpoint.name!r}: {taken[0]!r} is the name of a model that is built in")
        key = settings.key_of(endpoint)
        servers.append(Server(endpoint, key.get_secret_value() if key else None, memory, lifetime))
    return servers
