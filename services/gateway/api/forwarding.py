"""Public paths of other services, forwarded to their owners."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from libs.contracts.errors import NotFoundError
from libs.http.app import CORRELATION_HEADER
from libs.telemetry import correlation_id, inject_traceparent
from services.gateway.domain.owners import OWNER_OF_PREFIX, is_plain
from services.gateway.service import Gateway

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
router = APIRouter(include_in_schema=False)


def gateway(request: Request) -> Gateway:
    """The service built by create_app."""
    service: Gateway = request.app.state.service
    return service


Service = Annotated[Gateway, Depends(gateway)]


async def forward(request: Request, service: Service) -> StreamingResponse:
    """Send a request on to the owner of its path and stream the answer back."""
    path = request.url.path
    if not is_plain(path):
        raise NotFoundError("path", path)
    target = request.scope.get("raw_path", path.encode()).decode("ascii")
    if request.url.query:
        target = f"{target}?{request.url.query}"
    owner = OWNER_OF_PREFIX[path.split("/")[1]]
    body, traced = await request.body(), _trace(request)
    answer = await service.forward(owner, request.method, target, request.headers, body, traced)
    return StreamingResponse(answer.body, answer.status, answer.headers)


def _trace(request: Request) -> dict[str, str]:
    """What makes this request and the owner's one story in logs and traces."""
    traceparent = inject_traceparent() or request.headers.get("traceparent")
    headers = {CORRELATION_HEADER: correlation_id.get() or "", "traceparent": traceparent or ""}
    return {name: value for name, value in headers.items() if value}


for _prefix in OWNER_OF_PREFIX:
    router.add_api_route(f"/{_prefix}", forward, methods=METHODS)
    router.add_api_route(f"/{_prefix}/{{rest:path}}", forward, methods=METHODS)
