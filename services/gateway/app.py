"""Composition root of the gateway."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response

from libs.http import create_http_app, problem_response
from services.gateway.api import events, forwarding, pages, streams, studies
from services.gateway.api.protection import Protection
from services.gateway.domain.access import refusal_to_listen
from services.gateway.service import Gateway, OwnerUnavailableError
from services.gateway.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The app. Ends the program with a message when it may not listen on the address of the settings."""
    refusal = refusal_to_listen(settings.host, settings.auth)
    if refusal is not None:
        raise SystemExit(refusal)
    service = Gateway(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await service.start()
        try:
            yield
        finally:
            await service.stop()

    router = APIRouter()
    for part in (
        pages.router,
        streams.router,
        studies.router,
        events.router,
        forwarding.router,
    ):  # what is answered here before what is forwarded
        router.include_router(part)
    app = create_http_app(
        "gateway",
        router,
        lifespan=lifespan,
        readiness=service.readiness,
        openapi_url=None,
    )
    app.mount("/ui", pages.PageFiles(), name="ui")
    app.add_middleware(Protection, host=settings.host, allowed_hosts=settings.allowed_hosts)
    app.add_exception_handler(OwnerUnavailableError, _unavailable)
    app.state.service = service
    app.state.settings = settings
    app.state.stopping = service.stopping
    return app


async def _unavailable(_request: Request, error: Exception) -> Response:
    """503 that says when to come back."""
    detail = str(error)
    return problem_response(503, OwnerUnavailableError.title, detail, headers={"retry-after": "2"})
