"""Tokens of an identity provider. The provider is a stand-in with keys of its own, on a socket; the tokens are real."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from libs.contracts.identity import Identity, Role
from services.gateway.adapters import Provider, ProviderUnavailableError, TokenRefusedError
from services.gateway.adapters import oidc as module
from services.gateway.domain.claims import ClaimError, Mapper
from tests.support.provider import CURVE, OTHER, RSA, StandIn, provider_on_a_socket


def provider_of(idp: StandIn, **changes: Any) -> Provider:
    given = {"issuer": idp.issuer, "audience": "rehearsal", "jwks_url": "", "algorithms": ["RS256", "ES256"]}
    return Provider(**given | changes)


@pytest.fixture
def idp() -> Iterator[StandIn]:
    with provider_on_a_socket() as idp:
        yield idp


async def test_a_token_of_the_provider_is_accepted_and_its_keys_are_fetched_once(idp: StandIn) -> None:
    provider = provider_of(idp)
    for _ in range(5):
        assert (await provider.claims(idp.token()))["sub"] == "anna"
    assert (await provider.claims(idp.token("ec-1", CURVE, "ES256")))["sub"] == "anna"
    assert idp.asked == ["/.well-known/openid-configuration", "/jwks"]


PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
WRONG: dict[str, dict[str, Any]] = {
    "expired": {"exp": 1_700_000_000},
    "not valid yet": {"nbf": 4_000_000_000},
    "of another issuer": {"iss": "https://accounts.example"},
    "for another audience": {"aud": "another-app"},
    "for nobody": {"aud": None},
    "without an end": {"exp": None},
    "without a subject": {"sub": None},
    "signed by another key": {"key": OTHER},
    "of an unknown key": {"kid": "rsa-9"},
    "with the algorithm of another key": {"kid": "ec-1"},
    "not signed": {"key": "", "algorithm": "none"},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
async def test_a_token_that_is_wrong_is_refused(idp: StandIn, changes: dict[str, Any]) -> None:
    with pytest.raises(TokenRefusedError):
        await provider_of(idp).claims(idp.token(**changes))


async def test_a_public_key_is_no_password(idp: StandIn) -> None:
    """The old trick: HS256 with the provider's public key as the secret. PyJWT does not even make such a token."""
    import base64
    import hashlib
    import hmac

    def part(value: bytes) -> bytes:
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    signed = part(json.dumps({"alg": "HS256", "kid": "rsa-1"}).encode()) + b"." + idp.token().split(".")[1].encode()
    token = signed + b"." + part(hmac.new(PEM, signed, hashlib.sha256).digest())
    with pytest.raises(TokenRefusedError, match="algorithm"):
        await provider_of(idp).claims(token.decode())


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "e30.e30.e30", "x" * 20_000, "☃"])
async def test_what_is_no_token_is_refused_and_nobody_is_asked(idp: StandIn, token: str) -> None:
    with pytest.raises(TokenRefusedError):
        await provider_of(idp).claims(token)
    assert idp.asked == []


async def test_a_new_key_is_fetched_but_unknown_ones_cannot_make_us_ask_often(
    idp: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = provider_of(idp, jwks_url=f"{idp.issuer}/jwks")
    await provider.claims(idp.token())
    for number in range(20):
        with pytest.raises(TokenRefusedError):
            await provider.claims(idp.token(f"made-up-{number}"))
    assert len(idp.asked) == 1
    idp.keys["rsa-2"] = OTHER
    monkeypatch.setattr(module, "REFRESH_S", 0.0)
    assert (await provider.claims(idp.token("rsa-2", OTHER)))["sub"] == "anna"
    assert len(idp.asked) == 2


async def test_a_provider_that_went_away_is_not_needed_for_known_keys(
    idp: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = provider_of(idp)
    await provider.claims(idp.token())
    idp.redirects = True
    monkeypatch.setattr(module, "KEEP_S", -1.0)
    assert (await provider.claims(idp.token()))["sub"] == "anna"


async def test_a_redirect_is_not_followed(idp: StandIn) -> None:
    idp.redirects = True
    with pytest.raises(ProviderUnavailableError):
        await provider_of(idp).claims(idp.token())


@pytest.mark.parametrize(
    "uri", ["http://169.254.169.254/latest/meta-data", "file:///etc/passwd", "http://[::1]:1/jwks"]
)
async def test_keys_at_another_host_are_not_fetched_unless_the_operator_names_it(idp: StandIn, uri: str) -> None:
    idp.jwks_uri = uri
    with pytest.raises(ProviderUnavailableError):
        await provider_of(idp).claims(idp.token())
    assert idp.asked == ["/.well-known/openid-configuration"]


MAPPER = Mapper("tenant", "", "realm_access.roles", {"analyst": Role.RESEARCHER, "boss": Role.ADMIN})


def test_claims_become_an_identity_with_the_highest_role_they_name() -> None:
    claims = {"sub": "anna", "tenant": "acme", "realm_access": {"roles": ["analyst", "boss", "other"]}}
    assert MAPPER.identity(claims) == Identity(tenant="acme", subject="oidc:anna", role=Role.ADMIN)


def test_a_claim_whose_name_is_a_url_is_found() -> None:
    mapper = MAPPER._replace(role_claim="https://rehearsal.example/roles", tenant="acme")
    claims = {"sub": "anna", "https://rehearsal.example/roles": "analyst"}
    assert mapper.identity(claims).role == Role.RESEARCHER


@pytest.mark.parametrize(
    "claims",
    [
        {"tenant": "acme"},
        {"tenant": "acme", "realm_access": {"roles": ["admin"]}},
        {"tenant": "acme", "realm_access": "boss"},
        {"tenant": "*", "realm_access": {"roles": ["boss"]}},
        {"tenant": ["acme"], "realm_access": {"roles": ["boss"]}},
        {"realm_access": {"roles": ["boss"]}},
    ],
)
def test_who_is_in_no_known_tenant_or_role_is_nobody(claims: dict[str, Any]) -> None:
    with pytest.raises(ClaimError):
        MAPPER.identity({"sub": "anna"} | claims)
