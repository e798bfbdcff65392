"""Errors as RFC 9457 problem+json that name the field, what is wrong with it and what is allowed."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from libs.contracts.errors import DomainError, FieldError, allowed_of, in_words
from libs.db import FAILURES, is_away, log_failure

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
NO_FIELDS: Sequence[FieldError] = ()
UNAVAILABLE, RETRY_AFTER_S = "A part of the platform is not available", "5"
MOST_ERRORS = 100
"""Of one request that are told: more of them help nobody, and take time that others wait for."""


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str
    allowed: list[str]


class Problem(BaseModel):
    """The body of every error answer."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldProblem]


def problem_of(error: DomainError) -> Problem:
    """A domain error as a problem, for a stream that has begun already."""
    return _problem(error.status, error.title, error.detail, error.errors)


def problem_response(
    status: int,
    title: str,
    detail: str,
    errors: Sequence[FieldError] = NO_FIELDS,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem+json answer."""
    problem = _problem(status, title, detail, errors)
    return JSONResponse(problem.model_dump(), status, media_type=MEDIA_TYPE, headers=headers)


def _problem(status: int, title: str, detail: str, errors: Sequence[FieldError]) -> Problem:
    return Problem(
        type="about:blank",
        title=title,
        status=status,
        detail=detail,
        errors=[FieldProblem(field=e.field, message=e.message, allowed=list(e.allowed)) for e in errors],
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Turn domain errors, validation errors and the unforeseen into problems."""

    @app.exception_handler(DomainError)
    async def _domain(_request: Request, error: DomainError) -> JSONResponse:
        return problem_response(error.status, error.title, error.detail, error.errors)

    @app.exception_handler(RequestValidationError)
    async def _validation(_request: Request, error: RequestValidationError) -> JSONResponse:
        fields = _merged(_field_error(item, error.body) for item in error.errors())
        detail = "; ".join(f"{field.field}: {field.message}" for field in fields)
        return problem_response(422, "The request is not valid", detail, fields)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        is_body = error.status_code == 400 and "body" in str(error.detail)
        fields = [FieldError("body", "the body is not valid JSON")] if is_body else []
        return problem_response(error.status_code, str(error.detail), str(error.detail), fields)

    async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
        log_failure(log, "request failed", error, method=request.method, path=request.url.path)
        if is_away(error):
            detail = "A database does not answer now; nothing is lost, try again shortly."
            return problem_response(503, UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER_S})
        return problem_response(500, "Internal error", "The request failed; the log has the cause.")

    for kind in (*FAILURES, Exception):  # but for the last they are handled with their correlation id
        app.add_exception_handler(kind, _unforeseen)


def field_errors(error: ValidationError, body: object) -> list[FieldError]:
    """What is wrong with a document that did not come as the body of a request."""
    items = ({**item, "loc": ("body", *item["loc"])} for item in error.errors(include_url=False))
    return _merged(_field_error(item, body) for item in items)


def _merged(errors: Iterable[FieldError]) -> list[FieldError]:
    """One error for each field: a value that fits no branch of a union fails in every one of them."""
    by_field: dict[str, list[FieldError]] = {}
    for error in islice(errors, MOST_ERRORS):
        by_field.setdefault(error.field, []).append(error)
    return [
        FieldError(
            field,
            "; or: ".join(dict.fromkeys(error.message for error in found)),
            tuple(dict.fromkeys(name for error in found for name in error.allowed)),
        )
        for field, found in by_field.items()
    ]


def _field_error(item: dict[str, Any], body: object) -> FieldError:
    """One pydantic error; a validator's `field: message` names its field more exactly than its location does."""
    place, *parts = item["loc"] or ("body",)
    kind = item["type"]
    location = _sent(parts, body, keeps_last=kind == "missing") if place == "body" else list(map(str, parts))
    message = str(item["msg"])
    allowed: tuple[str, ...] = ()
    if kind == "value_error":
        text = str(item.get("ctx", {}).get("error", message))
        field, separator, rest = text.partition(": ")
        if separator and all(part.isidentifier() or part.isdigit() for part in field.split(".")):
            location, text = [*location, field], rest
        message = text
        allowed = allowed_of(text)
    elif kind in {"enum", "literal_error"}:
        expected = str(item.get("ctx", {}).get("expected", ""))
        allowed = tuple(part.strip("' ") for part in expected.replace(" or ", ", ").split(", "))
    elif kind == "extra_forbidden":
        message = "is not a field of this request"
    elif kind == "json_invalid":
        location, message = [], f"the body is not valid JSON: {item.get('ctx', {}).get('error', message)}"
    else:
        message = in_words(kind, message, item["input"], item.get("ctx", {}))
    return FieldError(".".join(location) or "body", message, allowed)


def _sent(location: Sequence[str | int], body: object, *, keeps_last: bool) -> list[str]:
    """The parts of a location that lead through what was sent; others are pydantic's: tags of unions, validators."""
    found: list[str] = []
    for place, part in enumerate(location):
        if isinstance(body, Mapping) and part in body:
            body = body[part]
        elif isinstance(body, list) and isinstance(part, int):
            body = body[part] if part < len(body) else None
        elif not (keeps_last and place == len(location) - 1):
            continue
        found.append(str(part))
    return found
