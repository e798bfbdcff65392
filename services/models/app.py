"""Composition root of the models service."""

from datetime import timedelta
from pathlib import Path

from fastapi import FastAPI

from libs.db import Database
from libs.runtime import service_app
from services.models import api
from services.models.adapters import Offline, Pace, Server
from services.models.domain.prices import PriceTable
from services.models.service import EndpointJobs, Findings, Models, Stores
from services.models.settings import Settings, read_document
from services.models.store import Accounts, CapabilityStore, JobStore, Store

PRICES = Path(__file__).parent / "domain" / "prices.json"
MAX_BODY_BYTES = 16_777_216
"""A batch holds up to 256 personas with their memory."""


def create_app(settings: Settings) -> FastAPI:
    """The models service over its own database."""
    database = Database(settings.database_url)
    jobs = JobStore()
    servers = _servers(settings, database, jobs)
    stores = Stores(Store(), Accounts(), jobs)
    service = Models(database, stores, Offline(), servers, _prices(settings), drain_s=settings.drain_s)
    return service_app(
        "models",
        settings,
        api=api.router,
        service=service,
        database=database,
        max_body_bytes=MAX_BODY_BYTES,
        is_private=True,
    )


def _prices(settings: Settings) -> PriceTable:
    """The table that is shipped, behind the operator's own. Raises `ValueError` naming what is wrong in that."""
    shipped = PriceTable.model_validate_json(PRICES.read_bytes())
    if settings.prices_file is None:
        return shipped
    return read_document("prices_file", settings.prices_file, PriceTable).over(shipped)


def _servers(settings: Settings, database: Database, jobs: JobStore) -> list[Server]:
    """Every endpoint. Raises `ValueError` for settings that cannot be."""
    lifetime = timedelta(hours=settings.capabilities_hours)
    pace = Pace(settings.economy_linger_s, settings.economy_poll_s)
    memory = Findings(database, CapabilityStore())
    servers = []
    for endpoint in settings.endpoints:
        if taken := [name for name in Offline.models if name in endpoint.names]:
            raise ValueError(f"endpoint {endpoint.name!r}: {taken[0]!r} is the name of a model that is built in")
        key = settings.key_of(endpoint)
        mine = EndpointJobs(endpoint.name, database, jobs)
        secret = key.get_secret_value() if key else None
        servers.append(Server(endpoint, secret, memory, mine, lifetime=lifetime, pace=pace))
    return servers
