"""One service as one process."""

from collections.abc import Callable
from typing import TypeVar

import uvicorn
from fastapi import FastAPI

from libs.runtime.settings import ServiceSettings
from libs.telemetry import configure_logs, configure_traces

S = TypeVar("S", bound=ServiceSettings)
DRAIN_S = 20


def serve(create_app: Callable[[S], FastAPI], settings_class: type[S]) -> None:
    """Serve until SIGTERM or SIGINT; requests and messages in hand are finished first."""
    settings = settings_class()
    configure_logs(settings.log_level)
    configure_traces(create_app.__module__.split(".")[1])
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=DRAIN_S,
    )
