"""Signing in from the pages: a code is worth a token once, to the browser that asked, of somebody who may come in."""

import base64
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from libs.http import new_key_pair
from services.gateway.app import create_app
from services.gateway.settings import Settings
from tests.services.gateway.conftest import LOCAL, PAGE
from tests.support.apps import running
from tests.support.provider import CLIENT, StandIn, provider_on_a_socket

BACK = f"{PAGE}/ui/signed-in"


@pytest.fixture
def idp() -> Iterator[StandIn]:
    with provider_on_a_socket() as idp:
        yield idp


def settings_of(idp: StandIn, **changes: Any) -> dict[str, Any]:
    """Of a gateway that signs people in there."""
    given = {"auth": "oidc", "oidc_issuer": idp.issuer, "oidc_audience": "rehearsal", "oidc_client_id": CLIENT}
    return {**given, "signing_key": new_key_pair()[0], "nats_url": "nats://127.0.0.1:9"} | changes


@asynccontextmanager
async def door(database_url: str, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(database_url=database_url, **LOCAL, **settings))
    async with running("gateway", app) as client:
        yield client


def code_of(idp: StandIn, verifier: str) -> str:
    """What a browser comes back with when somebody has agreed."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {"response_type": "code", "client_id": CLIENT, "redirect_uri": BACK, "state": "s"}
    page = httpx.get(
        f"{idp.issuer}/authorize", params={**asked, "code_challenge": challenge, "code_challenge_method": "S256"}
    )
    back = re.search(r"href='([^']+)'", page.text)
    assert back
    return parse_qs(urlsplit(unescape(back[1])).query)["code"][0]


def spec(code: str, verifier: str, **changes: str) -> dict[str, str]:
    return {"code": code, "code_verifier": verifier, "redirect_uri": BACK} | changes


@pytest.mark.parametrize("secret", ["", "of the client"])
async def test_a_code_becomes_a_token_that_lets_its_person_in(sqlite_url: str, idp: StandIn, secret: str) -> None:
    idp.secret = secret
    async with door(sqlite_url, **settings_of(idp, oidc_client_secret=secret)) as client:
        told = (await client.get("/ui/sign-in")).json()
        assert told == {
            "authorization_endpoint": f"{idp.issuer}/authorize",
            "client_id": CLIENT,
            "scope": "openid profile",
        }
        verifier = secrets.token_urlsafe(32)
        answer = await client.post("/ui/sign-in", json=spec(code_of(idp, verifier), verifier))
        assert answer.headers["cache-control"] == "no-store"
        you = await client.get("/whoami", headers={"authorization": f"Bearer {answer.json()['token']}"})
        assert (you.json()["subject"], you.json()["tenant"], you.json()["role"]) == ("oidc:anna", "acme", "researcher")


async def test_a_code_is_worth_nothing_twice_or_to_whoever_caught_it(sqlite_url: str, idp: StandIn) -> None:
    async with door(sqlite_url, **settings_of(idp)) as client:
        verifier = secrets.token_urlsafe(32)
        for caught in (
            spec(code_of(idp, verifier), secrets.token_urlsafe(32)),
            spec(code_of(idp, verifier), verifier, redirect_uri="http://elsewhere/"),
            spec("made-up", verifier),
        ):
            assert (await client.post("/ui/sign-in", json=caught)).status_code == 401
        once = spec(code_of(idp, verifier), verifier)
        assert (await client.post("/ui/sign-in", json=once)).status_code == 200
        assert (await client.post("/ui/sign-in", json=once)).status_code == 401


async def test_who_is_in_no_tenant_signs_in_in_vain(sqlite_url: str, idp: StandIn) -> None:
    async with door(sqlite_url, **settings_of(idp, oidc_tenant_claim="organisation")) as client:
        verifier = secrets.token_urlsafe(32)
        answer = await client.post("/ui/sign-in", json=spec(code_of(idp, verifier), verifier))
    assert answer.status_code == 401
    assert "names no tenant" in answer.json()["detail"]


async def test_guessing_codes_has_to_wait(sqlite_url: str, idp: StandIn) -> None:
    async with door(sqlite_url, **settings_of(idp)) as client:
        guess = spec("made-up", secrets.token_urlsafe(32))
        statuses = [(await client.post("/ui/sign-in", json=guess)).status_code for _ in range(60)]
    assert statuses[:30] == [401] * 30
    assert statuses[-1] == 429  # unless 30 of them take a minute


@pytest.mark.parametrize("changes", [{"code": ""}, {"code_verifier": "short"}, {"redirect_uri": ""}, {"more": "x"}])
async def test_a_code_that_is_none_is_refused_by_field(sqlite_url: str, idp: StandIn, changes: dict[str, str]) -> None:
    async with door(sqlite_url, **settings_of(idp)) as client:
        answer = await client.post("/ui/sign-in", json=spec("c", secrets.token_urlsafe(32)) | changes)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == list(changes)


async def test_a_provider_that_is_away_is_503_and_one_that_is_not_there_nothing(sqlite_url: str, idp: StandIn) -> None:
    async with door(sqlite_url, **settings_of(idp, oidc_issuer="http://127.0.0.1:9")) as client:
        assert (await client.get("/ui/sign-in")).status_code == 503
    async with door(sqlite_url, **settings_of(idp, oidc_client_id="")) as client:
        assert (await client.get("/ui/sign-in")).status_code == 204
        assert (await client.post("/ui/sign-in", json=spec("c", secrets.token_urlsafe(32)))).status_code == 404
