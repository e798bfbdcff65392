"""The FastAPI app of a service: limits, correlation ids, problems, health and metrics."""

import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Query
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.contracts.errors import FieldError, InvalidError
from libs.http.problems import add_problem_handlers, problem_response
from libs.telemetry import correlation_id, exposition, observe_request

MAX_BODY_BYTES = 1_048_576
MAX_LARGE_BODY_BYTES = 16 * MAX_BODY_BYTES
LARGE_BODIES = {f"/agent-populations/import{kind}": MAX_LARGE_BODY_BYTES for kind in ("", "/csv", "/jsonl", "/parquet")}
"""Paths that take files: the same for the service that owns one and for what stands before it."""
OPERATIONS = frozenset({"/healthz", "/readyz", "/metrics"})
"""What probes and scrapes ask, again and again: no request of anybody, so it is neither counted nor traced."""
FURTHER_PARAMETERS = "x-further-parameters"
CORRELATION_HEADER = "x-correlation-id"
PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
CORRELATION = re.compile(r"[A-Za-z0-9._:-]{1,64}")
# FastAPI would make spans and metrics of its own beside those of `RequestContext`, and break the trace in two.
OBSERVED_HERE: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
Readiness = Callable[[], Awaitable[dict[str, bool]]]


def create_http_app(
    service: str,
    router: APIRouter,
    *,
    lifespan: Lifespan | None = None,
    readiness: Readiness | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    openapi_url: str | None = "/openapi.json",
    entrance: Middleware | None = None,
) -> FastAPI:
    """An app with the service's routes, `/healthz` (the process lives), `/readyz` (it can work) and `/metrics`.

    `entrance` stands right before the routes: requests that reach it have a correlation id and a body of allowed size.
    """
    app = FastAPI(
        title=f"Rehearsal {service}",
        lifespan=lifespan,
        redoc_url=None,
        openapi_url=openapi_url,
        dependencies=[Depends(_known_query)],
        telemetry=OBSERVED_HERE,
    )
    app.include_router(router)
    app.include_router(_operations(readiness))
    add_problem_handlers(app)
    if entrance is not None:
        app.user_middleware.append(entrance)
    app.add_middleware(BodyLimit, max_bytes=max_body_bytes)
    app.add_middleware(RequestContext, service=service)
    return app


async def _known_query(request: Request) -> None:
    """Refuse query parameters that a public route does not have: a misspelt filter must not show everything.

    A route whose parameters depend on what it shows says so in its description, and refuses unknown ones itself.
    """
    route = request.scope.get("route")
    if not request.query_params or not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    if FURTHER_PARAMETERS in (route.openapi_extra or {}):
        return
    known = [field.alias for field in get_flat_params(route.dependant) if isinstance(field.field_info, Query)]
    for name in request.query_params:
        if name not in known:
            raise InvalidError(name, "is not a parameter of this request", known)


def _operations(readiness: Readiness | None) -> APIRouter:
    operations = APIRouter(include_in_schema=False)

    @operations.get("/healthz")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @operations.get("/readyz")
    async def ready(response: Response, exclude: Annotated[tuple[str, ...], Query()] = ()) -> dict[str, object]:
        """Whether all checks pass but the excluded ones, which are told all the same."""
        checks = await readiness() if readiness else {}
        is_ready = all(passes for check, passes in checks.items() if check not in exclude)
        response.status_code = 200 if is_ready else 503
        return {"status": "ready" if is_ready else "not ready", "checks": checks}

    @operations.get("/metrics")
    async def metrics() -> Response:
        body, media_type = exposition()
        return Response(body, media_type=media_type)

    return operations


class RequestContext:
    """Gives a request its correlation id (or a new one), and counts it under its route template."""

    def __init__(self, app: ASGIApp, service: str) -> None:
        self.app = app
        self.service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if b"%00" in scope["raw_path"] or b"%00" in scope["query_string"]:
            await problem_response(400, "The request is not valid", "The URL may not contain NUL characters.")(
                scope, receive, send
            )
            return
        request = Request(scope)
        given = request.headers.get(CORRELATION_HEADER, "")
        correlation = given if CORRELATION.fullmatch(given) else uuid4().hex
        token = correlation_id.set(correlation)
        status = 500

        async def respond(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message.setdefault("headers", []).append((CORRELATION_HEADER.encode(), correlation.encode("latin-1")))
            await send(message)

        observed = observe_request(self.service, request.method, lambda: _route(scope), lambda: status, request.headers)
        with nullcontext() if scope["path"] in OPERATIONS else observed:
            try:
                await self.app(scope, receive, respond)
            finally:
                correlation_id.reset(token)


def _route(scope: Scope) -> str:
    """The path's template: concrete paths hold ids, which would be a label without bounds.

    A route knows its path without the prefix of the router it is in; that is what stands before it.
    """
    template: str = getattr(scope.get("route"), "path", "unmatched")
    given = scope.get("path_params", {})
    concrete = PARAMETER.sub(lambda found: str(given.get(found[1], "")), template)
    path: str = scope["path"]
    return path.removesuffix(concrete) + template if path.endswith(concrete) else template


class BodyLimit:
    """Refuses bodies above a limit, announced or not, before they are in memory."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self.app(scope, receive, send)
            return
        max_bytes = max(self.max_bytes, LARGE_BODIES.get(scope["path"], 0))
        announced = Request(scope).headers.get("content-length", "0")
        body = bytearray()
        more = announced.isdigit() and int(announced) <= max_bytes
        is_small = more
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            is_small = len(body) <= max_bytes
            if not is_small:
                break
        if not is_small:
            error = FieldError("body", f"may have at most {max_bytes} bytes")
            await problem_response(413, "The body is too large", error.message, [error])(scope, receive, send)
            return
        pending: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self.app(scope, replay, send)
