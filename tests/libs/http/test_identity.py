"""What a service believes about who is asking: a token the gateway signed, and nothing else."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter
from starlette.middleware import Middleware

from libs.contracts.identity import Identity, Role, working_for
from libs.http import Badge, Caller, Identified, Signer, Tenant, connect, create_http_app, new_key_pair, verifier_of
from libs.http.identity import AUDIENCE, HEADER, LIFETIME_S, SIGNED_AGAIN_AFTER_S, _bytes, audience_of, issuer_of
from tests.support.apps import running

SIGNING, PUBLIC = new_key_pair()
RESULTS, POPULATION, STRANGER = new_key_pair(), new_key_pair(), new_key_pair()
ANNA = Identity(tenant="acme", subject="key:anna", role=Role.RESEARCHER)


def service(keys: str, *, is_private: bool = True) -> Any:
    router = APIRouter()

    @router.get("/who")
    async def who(caller: Caller, tenant: Tenant) -> dict[str, str]:
        return {"tenant": tenant, "subject": caller.subject, "role": caller.role}

    @router.get("/simulations/list")
    @router.get("/simulations/{simulation_id}/status")
    @router.delete("/simulations/{simulation_id}/end")
    @router.get("/interventions/inside")
    async def public() -> str:
        return "done"

    verifier = verifier_of(keys, "127.0.0.1", "who", {"results": RESULTS[1], "population": POPULATION[1]})
    return create_http_app("who", router, entrance=Middleware(Identified, verifier=verifier, is_private=is_private))


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with running("who", service(PUBLIC)) as client:
        yield client


def signed(key: Any = None, algorithm: str = "EdDSA", **changes: Any) -> str:
    """A token with some claims changed, or (None) left out."""
    now = int(time.time())
    claims = {"iss": "rehearsal-gateway", "aud": "rehearsal-services", "iat": now, "exp": now + LIFETIME_S}
    claims |= {"sub": "key:anna", "tenant": "acme", "role": "researcher"} | changes
    key = Ed25519PrivateKey.from_private_bytes(_bytes("signing_key", SIGNING)) if key is None else key
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm)


async def test_what_the_gateway_signed_is_believed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/who", headers=Signer(SIGNING).headers(ANNA))
    assert answer.json() == {"tenant": "acme", "subject": "key:anna", "role": "researcher"}


async def test_a_token_that_was_believed_is_refused_once_it_has_expired(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.http.identity.LEEWAY_S", 0)
    headers = {HEADER: signed(exp=int(time.time()) + 2)}
    assert [(await client.get("/who", headers=headers)).status_code for _ in range(2)] == [200, 200]
    time.sleep(2.1)
    assert (await client.get("/who", headers=headers)).status_code == 401


def test_what_is_signed_for_one_is_not_signed_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = Signer(SIGNING)
    anna = signer.headers(ANNA)
    assert signer.headers(ANNA.model_copy(update={"role": Role.ADMIN})) != anna
    later = time.time() + SIGNED_AGAIN_AFTER_S
    monkeypatch.setattr("libs.http.identity.time.time", lambda: later)
    assert signer.headers(ANNA) != anna


PAST = int(time.time()) - 3600
REFUSED = {
    "none at all": "",
    "not a token": "abc",
    "expired": signed(exp=PAST),
    "not valid yet": signed(nbf=PAST + 7200),
    "for somebody else": signed(aud="rehearsal-gateway"),
    "by somebody else": signed(iss="accounts.example"),
    "without an end": signed(exp=None),
    "without a tenant": signed(tenant=None),
    "a tenant that is a wildcard": signed(tenant="*"),
    "a role that does not exist": signed(role="root"),
    "signed by another key": signed(Ed25519PrivateKey.generate()),
    "not signed": signed("", "none"),
    "signed with the public key as a password": signed(PUBLIC.encode(), "HS256"),
    "cut off": signed()[:-4],
}


@pytest.mark.filterwarnings("ignore:The HMAC key")
@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED.keys())
async def test_anything_else_is_401(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.get("/who", headers={HEADER: token})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert not token or token not in answer.text


@pytest.mark.parametrize("header", ["x-tenant", "x-rehearsal-tenant", "x-rehearsal-role", "authorization"])
async def test_a_bare_header_means_nothing(client: httpx.AsyncClient, header: str) -> None:
    assert (await client.get("/who", headers={header: "acme"})).status_code == 401


async def test_health_is_told_to_anybody(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/openapi.json")).status_code == 200


async def test_a_key_is_replaced_without_a_gap() -> None:
    old, new = new_key_pair(), new_key_pair()
    async with running("who", service(f"{old[1]}, {new[1]}")) as client:
        for pair in (old, new):
            assert (await client.get("/who", headers=Signer(pair[0]).headers(ANNA))).status_code == 200


async def test_without_keys_everybody_is_the_local_admin_whatever_they_say() -> None:
    async with running("who", service("")) as client:
        answer = await client.get("/who", headers=Signer(SIGNING).headers(ANNA))
    assert answer.json() == {"tenant": "default", "subject": "local", "role": "admin"}


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "::"])
def test_a_service_that_cannot_tell_who_asks_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(SystemExit, match="REHEARSAL_IDENTITY_KEYS is not set"):
        verifier_of("", host, "results")
    assert verifier_of("", "127.0.0.1", "results") is None
    assert verifier_of(PUBLIC, host, "results") is not None


@pytest.mark.parametrize("text", ["", "short", "not base64 ☃", pytest.param(SIGNING + SIGNING, id="too long")])
def test_a_key_that_is_none_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError, match="signing_key: is not a key") as refusal:
        Signer(text)
    assert not text or text not in str(refusal.value)


@pytest.fixture
async def public() -> AsyncIterator[httpx.AsyncClient]:
    """A service with public paths, behind the gateway."""
    async with running("who", service(PUBLIC, is_private=False)) as client:
        yield client


LINK = Identity(tenant="acme", subject="share:1", role=Role.VIEWER, simulation_id="sim_1")


@pytest.mark.parametrize(
    ("method", "path", "identity", "status"),
    [
        ("GET", "/simulations/list", Identity(tenant="acme", subject="key:1", role=Role.VIEWER), 200),
        ("DELETE", "/simulations/sim_1/end", Identity(tenant="acme", subject="key:1", role=Role.VIEWER), 403),
        ("DELETE", "/simulations/sim_1/end", ANNA, 200),
        ("GET", "/interventions/inside", Identity(tenant="acme", subject="key:1", role=Role.RESEARCHER), 200),
        ("GET", "/who", Identity(tenant="acme", subject="key:1", role=Role.ADMIN), 404),
        ("GET", "/simulations/sim_1/status", LINK, 200),
        ("GET", "/simulations/sim_2/status", LINK, 404),
        ("GET", "/simulations/list", LINK, 403),
    ],
)
async def test_a_service_holds_the_role_against_the_permission_table_again(
    public: httpx.AsyncClient, method: str, path: str, identity: Identity, status: int
) -> None:
    answer = await public.request(method, path, headers=Signer(SIGNING).headers(identity))
    assert answer.status_code == status


async def asked_by(badge: Badge) -> httpx.Response:
    async with connect("local://who", badge=badge) as client:
        return await client.get("/who")


async def test_a_service_speaks_for_the_tenant_whose_work_it_does(client: httpx.AsyncClient) -> None:
    badge = Badge("results", RESULTS[0], "who")
    for tenant in ("acme", "globex"):
        with working_for(tenant):
            answer = await asked_by(badge)
        assert answer.json() == {"tenant": tenant, "subject": "service:results", "role": "operator"}


async def test_work_of_nobody_asks_nothing(client: httpx.AsyncClient) -> None:
    with pytest.raises(RuntimeError, match="in the name of no tenant"):
        await asked_by(Badge("results", RESULTS[0], "who"))


@pytest.mark.parametrize(
    ("name", "key", "audience"),
    [
        pytest.param("results", RESULTS[0], "models", id="for another service"),
        pytest.param("population", RESULTS[0], "who", id="under another name"),
        pytest.param("validation", STRANGER[0], "who", id="that may not ask"),
        pytest.param("results", STRANGER[0], "who", id="with a key that is not its own"),
    ],
)
async def test_no_service_is_believed(client: httpx.AsyncClient, name: str, key: str, audience: str) -> None:
    with working_for("acme"):
        assert (await asked_by(Badge(name, key, audience))).status_code == 401


@pytest.mark.parametrize(
    ("signer", "is_believed"),
    [
        pytest.param(Signer(RESULTS[0]), False, id="a service as the gateway"),
        pytest.param(Signer(RESULTS[0], issuer_of("results"), AUDIENCE), False, id="a service for all of them"),
        pytest.param(Signer(SIGNING, issuer_of("results"), audience_of("who")), False, id="the gateway as a service"),
        pytest.param(Signer(RESULTS[0], issuer_of("results"), audience_of("who")), True, id="a service as itself"),
    ],
)
async def test_nobody_speaks_as_somebody_else(client: httpx.AsyncClient, signer: Signer, is_believed: bool) -> None:
    answer = await client.get("/who", headers=signer.headers(ANNA))
    assert answer.status_code == (200 if is_believed else 401)
