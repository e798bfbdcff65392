"""Composition root of the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.middleware import Middleware

from libs.db import Database
from libs.http import create_http_app, problem_response
from libs.telemetry import metrics_served
from services.gateway.adapters import Provider, SignIn
from services.gateway.api import (
    developers,
    events,
    forwarding,
    pages,
    people,
    reruns,
    sign_in,
    streams,
    studies,
    tenants,
    usage,
)
from services.gateway.api.entrance import Entrance, Parts
from services.gateway.api.protection import Protection
from services.gateway.domain.access import OIDC, refusal_to_listen
from services.gateway.domain.claims import Mapper
from services.gateway.domain.limits import Limiter
from services.gateway.service import Erasures, Gatekeeper, Gateway, OwnerUnavailableError, Quotas, Records, Studies
from services.gateway.settings import Settings

MIGRATIONS = Path(__file__).parent / "migrations"
PARTS = (
    pages.router,
    sign_in.router,
    people.router,
    tenants.router,
    streams.router,
    studies.router,
    reruns.router,
    usage.router,
    events.router,
    developers.router,
    forwarding.router,
)
"""What is answered here before what is forwarded."""


def create_app(settings: Settings) -> FastAPI:
    """The app. Ends the program with a message when it may not listen on the address of the settings."""
    refusal = refusal_to_listen(settings.host, settings.auth) or settings.incomplete()
    if refusal is not None:
        raise SystemExit(refusal)
    database = Database(settings.database_url)
    service = Gateway(settings)
    gatekeeper = _gatekeeper(settings, database)
    records = Records(database)
    quotas = Quotas(database, service)
    erasures = Erasures(database, service, records)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await database.migrate(MIGRATIONS, may_change=settings.migrate)
        await gatekeeper.start()
        await service.start()
        erasures.start()
        try:
            with metrics_served(settings.host, settings.metrics_port):
                yield
        finally:
            await erasures.stop()
            await service.stop()
            await database.close()

    router = APIRouter()
    for part in PARTS:
        router.include_router(part)
    limiter = Limiter(settings.rate_per_minute, settings.rate_burst)
    app = create_http_app(
        "gateway",
        router,
        lifespan=lifespan,
        readiness=service.readiness,
        openapi_url=None,
        entrance=Middleware(Entrance, parts=Parts(gatekeeper, records, quotas, limiter)),
    )
    app.mount("/ui", pages.Pages(brand=settings.brand), name="ui")
    app.add_middleware(Protection, host=settings.host, allowed_hosts=settings.allowed_hosts)
    app.add_exception_handler(OwnerUnavailableError, _unavailable)
    app.state.service = service
    app.state.studies = Studies(service)
    app.state.gatekeeper = gatekeeper
    app.state.codes = Limiter(sign_in.CODES_A_MINUTE, sign_in.CODES_A_MINUTE)
    app.state.records = records
    app.state.quotas = quotas
    app.state.erasures = erasures
    app.state.database, app.state.migrations = database, MIGRATIONS
    app.state.settings = settings
    app.state.stopping = service.stopping
    return app


def _gatekeeper(settings: Settings, database: Database) -> Gatekeeper:
    provider = None
    if settings.auth == OIDC:
        provider = Provider(
            settings.oidc_issuer, settings.oidc_audience, settings.oidc_jwks_url, list(settings.oidc_algorithms)
        )
    mapper = Mapper(settings.oidc_tenant_claim, settings.oidc_tenant, settings.oidc_role_claim, settings.oidc_roles)
    bootstrap = {tenant: secret.get_secret_value() for tenant, secret in settings.bootstrap_keys.items()}
    return Gatekeeper(settings.auth, database, bootstrap, provider, mapper, _sign_in(settings))


def _sign_in(settings: Settings) -> SignIn | None:
    if settings.auth != OIDC or not settings.oidc_client_id:
        return None
    return SignIn(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret.get_secret_value(),
        settings.oidc_scope,
        settings.oidc_authorization_url,
        settings.oidc_token_url,
    )


async def _unavailable(_request: Request, error: Exception) -> Response:
    """503 that says when to come back."""
    detail = str(error)
    return problem_response(503, OwnerUnavailableError.title, detail, headers={"retry-after": "2"})
