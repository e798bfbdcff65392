"""The page, the description of the API, and where `/` leads."""

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from services.gateway.api.forwarding import Service

UI = Path(__file__).parent.parent / "ui"
router = APIRouter(include_in_schema=False)


class PageFiles(StaticFiles):
    """The files of the page: kept by browsers, checked by their ETag at every visit."""

    def __init__(self) -> None:
        super().__init__(directory=UI, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file, or 304 when the browser has it."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


@router.get("/")
async def home() -> RedirectResponse:
    """To the page."""
    return RedirectResponse("/ui/")


@router.get("/docs")
async def docs() -> RedirectResponse:
    """To the readable description of the API."""
    return RedirectResponse("/ui/docs.html")


@router.get("/openapi.json")
async def description(request: Request, service: Service) -> JSONResponse:
    """The API of all services as one OpenAPI document."""
    return JSONResponse(await service.description(request.app.openapi()))
