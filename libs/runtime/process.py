"""One service as one process."""

import asyncio
import logging
import resource
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from math import ceil
from types import FrameType
from typing import TypeVar

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.types import ASGIApp

from libs.runtime.memory import keep_tidy, settle, share_heap
from libs.runtime.settings import ServiceSettings
from libs.runtime.starting import Starting, reason_of, wrong_settings
from libs.telemetry import configure_logs, configure_traces

logger = logging.getLogger(__name__)
S = TypeVar("S", bound=ServiceSettings)
STARTUP_FAILURE = 3


class Server(uvicorn.Server):
    """Stops in order at SIGTERM and SIGINT, and returns.

    It sets the app's `state.stopping` event first: whoever takes on work stops to do so then, and requests without an
    end of their own, event streams, must end, because the lifespan ends only after them. uvicorn itself would send
    itself the signal again once it has stopped, and so end the process before anything around it could stop.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and look after the memory of the process from then on."""
        await super().startup(sockets)
        settle()
        self._tidying = asyncio.create_task(keep_tidy(), name="tidying")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle a signal; a second SIGINT does not wait for requests in hand."""
        stopping = getattr(getattr(self.config.app, "state", None), "stopping", None)
        if stopping is not None:
            stopping.set()
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


async def _migrate(app: FastAPI, service: str) -> None:
    try:
        await app.state.database.migrate(app.state.migrations)
    except Exception as error:
        if (reason := reason_of(error, service)) is None:
            raise
        logger.error("the tables of %s are as they were: %s", service, reason)
        sys.exit(STARTUP_FAILURE)
    finally:
        await app.state.database.close()


def server_config(app: ASGIApp, host: str, port: int, *, drain_s: int) -> uvicorn.Config:
    """How every process serves: our own logs, and requests in hand get `drain_s` seconds to finish."""
    return uvicorn.Config(
        app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=drain_s
    )


def prepare() -> None:
    """Before there are threads and sockets: one heap, and as many open files as the system lets it have.

    Every call in flight is a socket.
    """
    share_heap()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS says that there is no limit, and has one
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def serve(create_app: Callable[[S], FastAPI], settings_class: type[S]) -> None:
    """Serve until SIGTERM or SIGINT; requests and messages in hand are finished first.

    With the argument `migrate` only the tables are brought to this version.
    """
    prepare()
    service = create_app.__module__.split(".")[1]
    try:
        settings = settings_class()
    except ValidationError as error:
        raise SystemExit(wrong_settings(error, service)) from None
    configure_logs(settings.log_level)
    if sys.argv[1:] == ["migrate"]:
        asyncio.run(_migrate(create_app(settings), service))
        return
    configure_traces(service)
    app = Starting(create_app(settings), service)
    server = Server(server_config(app, settings.host, settings.port, drain_s=ceil(settings.drain_s)))
    server.run()
    if not server.started:
        sys.exit(STARTUP_FAILURE)
