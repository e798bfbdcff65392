"""The pages, the description of the API, and where `/` leads.

The pages are one program, built into `ui/dist` by `make setup`: every address below /ui/ that is no file is answered
with its start, which has a nonce of its own, so that no other style can be put in. Files in `assets` are named after
their content and never change; everything else is asked for again.
"""

import secrets
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from libs.http import study_schemas
from services.gateway.api.forwarding import Service
from services.gateway.api.incoming import as_of_endpoints, event_schemas
from services.gateway.api.protection import PAGE_POLICY
from services.gateway.domain import openapi

BUILT = Path(__file__).parent.parent / "ui" / "dist"
NONCE = "__NONCE__"
BRAND = "brand.json"
FOREVER = "public, max-age=31536000, immutable"
NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Rehearsal</title>
<h1>The pages are not built</h1>
<p>Run <code>make setup</code>: it builds them, with Node 20.19 or newer, or with the one it installs itself.
The API works without them: <a href="/openapi.json">its description</a>.</p></html>"""
router = APIRouter(include_in_schema=False)


class Pages(StaticFiles):
    """The built pages."""

    def __init__(self, built: Path = BUILT, brand: Path | None = None) -> None:
        super().__init__(directory=built, check_dir=False)
        self._built = built
        self._brand = brand

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, 304 when the browser has it, or the start of the pages."""
        if path in {".", "index.html"}:
            return self._start()
        if path == BRAND and self._brand is not None:
            return FileResponse(self._brand, media_type="application/json", headers={"cache-control": "no-cache"})
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or path.startswith("assets/"):
                raise
            return self._start()
        is_asset = path.startswith("assets/")
        response.headers["cache-control"] = FOREVER if is_asset else "no-cache"
        return self._packed(path, Headers(scope=scope), response) if is_asset else response

    def _packed(self, path: str, wanted: Headers, response: Response) -> Response:
        """The same file as it was compressed when it was built, for whoever takes it."""
        packed = self._built / f"{path}.gz"
        if response.status_code != 200 or "gzip" not in wanted.get("accept-encoding", "") or not packed.is_file():
            return response
        headers = {"content-encoding": "gzip", "vary": "accept-encoding", "cache-control": FOREVER}
        return FileResponse(packed, headers=headers, media_type=response.media_type)

    def _start(self) -> Response:
        try:
            page = (self._built / "index.html").read_text()
        except FileNotFoundError:
            return HTMLResponse(NOT_BUILT, 503)
        nonce = secrets.token_urlsafe(16)
        headers = {
            "content-security-policy": f"{PAGE_POLICY}; style-src 'self' 'nonce-{nonce}'",
            "cache-control": "no-store",
        }
        return HTMLResponse(page.replace(NONCE, nonce), headers=headers)


@router.get("/")
@router.get("/ui")
async def home() -> RedirectResponse:
    """To the pages."""
    return RedirectResponse("/ui/")


@router.get("/docs")
async def docs() -> RedirectResponse:
    """To the readable description of the API."""
    return RedirectResponse("/ui/api")


@router.get("/openapi.json")
async def description(request: Request, service: Service) -> JSONResponse:
    """The API of all services as one OpenAPI document."""
    schemas = as_of_endpoints(study_schemas() | event_schemas())
    own = openapi.with_schemas(request.app.openapi(), schemas)
    return JSONResponse(await service.description(own))
