"""Composition of the embedded platform.

One data directory holds everything: `nats/`, one SQLite file per service, and a lock so that it is used once at a time.
"""

import asyncio
import fcntl
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import uvloop
from fastapi import FastAPI

from libs.bus.accounts import USERS, Outsider
from libs.bus.connection import connect
from libs.bus.permissions import ERASER, GATEWAY
from libs.bus.spreading import lower
from libs.bus.streams import provision
from libs.contracts.envelope import DEFAULT_TENANT
from libs.http import new_key_pair
from libs.runtime import ServiceSettings, service_config
from libs.runtime.hosting import Hosting
from libs.runtime.nats_server import NatsServer
from libs.runtime.process import Server, prepare, server_config
from libs.telemetry import configure_logs, configure_traces
from services.embedded.credentials import Credentials, own_secret

log = logging.getLogger(__name__)

SERVICES = (
    "orchestrator",
    "population",
    "intervention",
    "communication",
    "models",
    "results",
    "validation",
    "webhooks",
)
NATS_CHECK_S = 0.5
DRAIN_S = 10
"""Whoever presses Ctrl-C waits; nobody else would take what is in hand, and it is gone on with at the next start."""


class DataDirectoryInUseError(Exception):
    """Another platform runs on this data directory."""


class Service(NamedTuple):
    """What is needed to build a service: its settings class and its composition root."""

    settings: type[Any]
    create_app: Callable[[Any], FastAPI]


def service(name: str) -> Service:
    """A service by its name."""
    return Service(
        import_module(f"services.{name}.settings").Settings, import_module(f"services.{name}.app").create_app
    )


class Shared(ServiceSettings):
    """What must be the same for all services of one process."""

    model_config = service_config("embedded")


class Platform:
    """Every service over one data directory."""

    def __init__(self, data: Path, *, nats_port: int | None = None, outsiders: Sequence[Outsider] = ()) -> None:
        self.data = data.absolute()
        self._credentials = Credentials(self.data / "external", outsiders)
        self.nats = NatsServer(
            self.data / "nats", port=nats_port, outsiders=outsiders, passwords=self._credentials.passwords
        )
        self._spread = Shared().stream_spread
        self._signing_key, self._identity_keys = new_key_pair()
        self._service_keys = {name: new_key_pair() for name in SERVICES}

    @asynccontextmanager
    async def running(self, **gateway_settings: Any) -> AsyncIterator[FastAPI]:
        """Start everything; gives the gateway's app, whose own lifespan is the caller's to run."""
        with _locked(self.data):
            self.nats.start()
            try:
                await self._fit_streams()
                self._credentials.write(self.nats.port)
                async with self._services_running():
                    yield self._gateway(**gateway_settings)
            finally:
                self.nats.stop()

    @asynccontextmanager
    async def _services_running(self) -> AsyncIterator[None]:
        watch = asyncio.create_task(self._keep_nats_running(), name="nats-watch")
        hosting = Hosting({name: self._app(name) for name in SERVICES})
        try:
            await hosting.start()
            yield
        finally:
            await hosting.stop()
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _fit_streams(self) -> None:
        """As many streams as the settings say, made by whom NATS lets change them. Raises `SpreadError`."""
        connection = await connect(self.nats.url)
        try:
            await lower(connection.jetstream(), self._spread)
            await provision(connection.jetstream(), [], spread=self._spread)
        finally:
            await connection.close()

    def _app(self, name: str) -> FastAPI:
        settings, create_app = service(name)
        known = {
            "database_url": f"sqlite:///{self.data / name}.db",
            "drain_s": DRAIN_S,
            "nats_url": self.nats.url_of(name) if name in USERS else "",
            "stream_spread": self._spread,
            "models_url": "local://models",
            "communication_url": "local://communication",
            "identity_keys": self._identity_keys,
            "service_key": self._service_keys[name][0],
            "secrets_key": own_secret(self.data / "webhooks.key"),
            "service_keys": {service: public for service, (_, public) in self._service_keys.items()},
        }
        return create_app(settings(**_fields(settings, known)))

    def _gateway(self, **given: Any) -> FastAPI:
        settings, create_app = service("gateway")
        known = {f"{name}_url": f"local://{name}" for name in SERVICES} | {
            "database_url": f"sqlite:///{self.data / 'gateway'}.db",
            "nats_url": self.nats.url_of(GATEWAY),
            "erasure_nats_url": self.nats.url_of(ERASER),
            "signing_key": self._signing_key,
            "stream_spread": self._spread,
        }
        return create_app(settings(**_fields(settings, known), **given))

    async def _keep_nats_running(self) -> None:
        while True:
            await asyncio.sleep(NATS_CHECK_S)
            if not self.nats.is_running():
                log.error("nats-server ended unexpectedly; starting it again")
                self.nats.start()


def run(
    data: Path,
    *,
    port: int = 8000,
    host: str = "127.0.0.1",
    log_level: str = "WARNING",
    first_key: str | None = None,
    nats_port: int | None = None,
    outsiders: Sequence[Outsider] = (),
) -> None:
    """Run the platform until SIGINT or SIGTERM. Raises `DataDirectoryInUseError`, and `SpreadError` while what is to be
    lowered has messages that wait.

    With a first admin key everybody needs a key. With `outsiders` systems of this machine can reach NATS, each with the
    credentials that are in DATA/external/ then.
    """
    prepare()
    configure_logs(log_level)
    configure_traces("embedded")
    access = {"auth": "keys", "bootstrap_keys": {DEFAULT_TENANT: first_key}} if first_key else {}
    platform = Platform(data, nats_port=nats_port, outsiders=outsiders)
    uvloop.run(_serve(platform, host, port, access))


async def _serve(platform: Platform, host: str, port: int, access: dict[str, Any]) -> None:
    async with platform.running(host=host, port=port, **access) as gateway:
        await Server(server_config(gateway, host, port, drain_s=DRAIN_S)).serve()


def _fields(settings: type[Any], known: dict[str, Any]) -> dict[str, Any]:
    """The settings a service has of those that are known here."""
    return {name: value for name, value in known.items() if name in settings.model_fields}


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    data.mkdir(parents=True, exist_ok=True)
    with (data / "platform.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataDirectoryInUseError(f"another platform is running on {data}") from None
        yield
