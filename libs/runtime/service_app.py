"""What `create_app` of every service builds: HTTP app, database and bus, started and stopped together."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.middleware import Middleware

from libs.bus import Bus, BusSettings, Router
from libs.bus.permissions import inbox_prefix
from libs.db import Database
from libs.http import Badge, Identified, create_http_app, verifier_of
from libs.http.app import MAX_BODY_BYTES
from libs.runtime import tenancy
from libs.runtime.settings import ServiceSettings
from libs.telemetry import observed_loop


def service_app(
    name: str,
    settings: ServiceSettings,
    *,
    api: APIRouter,
    service: object = None,
    database: Database | None = None,
    handlers: Router | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    is_private: bool = False,
) -> FastAPI:
    """The app of the service `name`.

    `service` gets the messages of `handlers`, and may have `async start()` and `async stop()`, called around serving,
    and `wind_down()`, called as soon as the process is asked to stop: from then on it takes on nothing new.
    Without `handlers` there is no bus, without `database` no store. A service that `is_private` has no public paths:
    it is asked by other services, in the name of a tenant.
    """
    bus = _bus(name, settings, service, database, handlers)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if database is not None:
                stack.push_async_callback(database.close)
                await database.migrate(_migrations(name), may_change=settings.migrate)
            for part in (service, bus):
                if (start := getattr(part, "start", None)) is not None:
                    await start()
                if (stop := getattr(part, "stop", None)) is not None:
                    stack.push_async_callback(stop)
            await stack.enter_async_context(observed_loop(name))
            stack.callback(asyncio.create_task(_wind_down(app.state.stopping, bus, service)).cancel)
            yield

    verifier = verifier_of(settings.identity_keys, settings.host, name, settings.service_keys)
    app = create_http_app(
        name,
        api,
        lifespan=lifespan,
        readiness=partial(_checks, database, bus),
        max_body_bytes=max_body_bytes,
        entrance=Middleware(Identified, verifier=verifier, is_private=is_private),
    )
    if database is not None:
        app.include_router(tenancy.router)
    app.state.service = service
    app.state.database = database
    app.state.migrations = _migrations(name)
    app.state.bus = bus
    app.state.stopping = asyncio.Event()
    app.state.settings = settings
    return app


async def _wind_down(stopping: asyncio.Event, *parts: object) -> None:
    """Tell those who take on work, once the process is asked to stop."""
    await stopping.wait()
    for part in parts:
        if (wind_down := getattr(part, "wind_down", None)) is not None:
            wind_down()


def badge_of(name: str, settings: ServiceSettings, asked: str) -> Badge | None:
    """What the service `name` shows to the one it asks; None where nobody checks.

    Ends the program with a message where identities are checked and this service could show none.
    """
    if secret := settings.service_key.get_secret_value():
        return Badge(name, secret, asked)
    if not settings.identity_keys:
        return None
    raise SystemExit(
        f"The {name} service could not ask the {asked} service: REHEARSAL_{name.upper()}_SERVICE_KEY is not set. "
        f"`rehearsal keys service {name}` makes it, with the REHEARSAL_SERVICE_KEYS of the services that it asks."
    )


def _bus(
    name: str, settings: ServiceSettings, service: object, database: Database | None, handlers: Router | None
) -> Bus | None:
    if handlers is None or database is None:
        return None
    bus_settings = BusSettings(
        nats_url=settings.nats_url,
        tls=settings.nats_tls,
        inbox_prefix=inbox_prefix(name),
        replicas=settings.stream_replicas,
        spread=settings.stream_spread,
        retention_days=settings.retention_days,
        ack_wait=settings.ack_wait_s,
        drain_timeout=settings.drain_s,
        work_at_once=settings.work_at_once,
        hold_delay=settings.hold_s,
    )
    return Bus(bus_settings, service=name, database=database, router=handlers, subject_service=service)


def _migrations(name: str) -> Path:
    """The folder of revisions beside the service's code."""
    package = sys.modules[f"services.{name}"]
    return Path(next(iter(package.__path__))) / "migrations"


async def _checks(database: Database | None, bus: Bus | None) -> dict[str, bool]:
    """What the service needs, and whether it is there."""
    checks = {}
    if database is not None:
        checks["database"] = await _answers(database)
    if bus is not None:
        checks["bus"] = bus.is_ready()
    return checks


async def _answers(database: Database) -> bool:
    try:
        async with database.read() as tx:
            await tx.connection.exec_driver_sql("SELECT 1")
    except Exception:  # any failure at all means not ready
        return False
    return True
