"""Signing in from the pages: where a browser is sent, and the code it comes back with made into a token.

Open to everybody, as the pages are: whoever has no code gets nothing. The token is the page's; no session is kept here.
"""

import time
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from libs.contracts.base import Body
from libs.contracts.errors import NotFoundError
from services.gateway.adapters import ProviderUnavailableError
from services.gateway.api.entrance import TooManyError
from services.gateway.api.people import NO_STORE, Gate
from services.gateway.domain.limits import Limiter
from services.gateway.service.gatekeeper import UnprovableError

router = APIRouter(include_in_schema=False)
AT = "/ui/sign-in"
CODES_A_MINUTE = 30


class CodeSpec(Body):
    """What a browser comes back with, and what it kept to itself meanwhile."""

    code: str = Field(min_length=1, max_length=4_096)
    code_verifier: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{43,128}$")]
    redirect_uri: str = Field(min_length=1, max_length=2_000)


class ProviderView(BaseModel):
    """How a browser asks the provider."""

    authorization_endpoint: str
    client_id: str
    scope: str


class TokenView(BaseModel):
    """What gets somebody in, as `Authorization: Bearer …`."""

    token: str


@router.get(AT, response_model=ProviderView, responses={204: {"description": "There is none."}})
async def provider(gate: Gate) -> ProviderView | Response:
    """The identity provider that people sign in with."""
    if gate.sign_in is None:
        return Response(status_code=204)
    try:
        at = await gate.sign_in.authorization_url()
    except ProviderUnavailableError as error:
        raise UnprovableError(str(error)) from error
    return ProviderView(authorization_endpoint=at, client_id=gate.sign_in.client_id, scope=gate.sign_in.scope)


@router.post(AT)
async def redeem(spec: CodeSpec, gate: Gate, request: Request, response: Response) -> TokenView:
    """A code, made into a token of somebody who may come in."""
    response.headers.update(NO_STORE)
    limiter: Limiter = request.app.state.codes
    allowance = limiter.take(request.client.host if request.client else "", time.monotonic())
    if not allowance.is_allowed:
        raise TooManyError("Too many attempts from this address.", allowance)
    if gate.sign_in is None:
        raise NotFoundError("path", AT)
    return TokenView(token=await gate.signed_in(gate.sign_in, spec.code, spec.code_verifier, spec.redirect_uri))
