"""Security headers, strangers, and where the gateway may listen."""

from typing import Any

import httpx
import pytest

from libs.http import new_key_pair
from services.gateway.app import create_app
from services.gateway.settings import Settings

UNUSED = "sqlite:///never-opened.db"


@pytest.mark.parametrize("path", ["/ui/", "/", "/openapi.json", "/healthz", "/nothing", "/simulations/list", "/docs"])
async def test_every_answer_carries_the_security_headers(gateway: httpx.AsyncClient, path: str) -> None:
    headers = (await gateway.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("host", ["rehearsal.example.com", "127.0.0.1.evil.example", "evil.example:8000"])
async def test_a_strange_host_name_on_loopback_is_refused(gateway: httpx.AsyncClient, host: str) -> None:
    answer = await gateway.get("/simulations/list", headers={"host": host})
    assert answer.status_code == 421
    assert "frame-ancestors" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:8000", "[::1]:8000", "gateway"])
async def test_this_machine_is_no_stranger(gateway: httpx.AsyncClient, host: str) -> None:
    assert (await gateway.get("/healthz", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999"])
async def test_a_page_of_another_site_cannot_change_anything(gateway: httpx.AsyncClient, origin: str) -> None:
    headers = {"host": "127.0.0.1:8000", "origin": origin}
    assert (await gateway.post("/interventions/i/execute", headers=headers)).status_code == 403
    assert (await gateway.delete("/simulations/s/end", headers=headers)).status_code == 403


async def test_our_own_page_may(gateway: httpx.AsyncClient) -> None:
    headers = {"host": "127.0.0.1:8000", "origin": "http://127.0.0.1:8000"}
    assert (await gateway.delete("/simulations/s/end", headers=headers)).status_code == 503


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "rehearsal.local"])
def test_listening_beyond_this_machine_without_auth_is_refused_with_the_way_out(host: str) -> None:
    with pytest.raises(SystemExit, match=r"REHEARSAL_AUTH is not set.*keys.*oidc.*none"):
        create_app(Settings(host=host, database_url=UNUSED))


def test_an_auth_setting_that_cannot_be_obeyed_is_refused_with_those_that_can() -> None:
    with pytest.raises(SystemExit, match=r"Allowed: keys.*oidc.*none"):
        create_app(Settings(host="0.0.0.0", database_url=UNUSED, auth="basic"))


@pytest.mark.parametrize(
    ("missing", "settings"),
    [
        ("REHEARSAL_GATEWAY_DATABASE_URL", {"database_url": ""}),
        ("REHEARSAL_GATEWAY_SIGNING_KEY", {"auth": "keys"}),
        ("REHEARSAL_GATEWAY_OIDC_ISSUER", {"auth": "oidc", "signing_key": new_key_pair()[0]}),
        ("REHEARSAL_GATEWAY_BRAND: nowhere.json cannot be read", {"brand": "nowhere.json"}),
        ("REHEARSAL_GATEWAY_BRAND: .*", {"brand": "pyproject.toml"}),
        ("must begin with https://", {"oidc_issuer": "http://login.example"}),
        ("must begin with https://", {"oidc_jwks_url": "file:///etc/passwd"}),
        ("REHEARSAL_GATEWAY_BOOTSTRAP_KEYS", {"bootstrap_keys": {"default": "secret-but-short"}}),
    ],
)
def test_a_gateway_whose_settings_cannot_be_obeyed_says_what_is_missing(missing: str, settings: dict[str, Any]) -> None:
    with pytest.raises(SystemExit, match=missing) as refusal:
        create_app(Settings(**{"database_url": UNUSED} | settings))
    assert "secret-but-short" not in str(refusal.value)


def test_a_proxy_in_front_may_do_the_login() -> None:
    assert create_app(Settings(host="0.0.0.0", database_url=UNUSED, auth="none"))


def test_auth_is_read_from_the_documented_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSAL_AUTH", "none")
    assert Settings().auth == "none"
