"""Problems that OpenAI's clients understand too: they look for the reason in `error.message` and show nothing else."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from libs.contracts.errors import DomainError


class OpenAiRoute(APIRoute):
    """A route whose problems have OpenAI's `error` beside their own fields."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, and what becomes of its errors."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except (DomainError, RequestValidationError) as error:
                kind = DomainError if isinstance(error, DomainError) else RequestValidationError
                problem = await request.app.exception_handlers[kind](request, error)
                return _with_error(problem)

        return handled


def _with_error(problem: Response) -> Response:
    document = json.loads(bytes(problem.body))
    fields = document["errors"]
    kind = "invalid_request_error" if problem.status_code < 500 else "api_error"
    param = fields[0]["field"] if fields else None
    error = {"message": document["detail"], "type": kind, "param": param, "code": None}
    return JSONResponse(document | {"error": error}, problem.status_code, media_type=problem.media_type)
