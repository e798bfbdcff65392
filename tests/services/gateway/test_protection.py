"""Security headers, strangers, and where the gateway may listen."""

import httpx
import pytest

from services.gateway.app import create_app
from services.gateway.settings import Settings


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
    with pytest.raises(SystemExit, match=r"REHEARSAL_AUTH.*Login of its own is not available in this version"):
        create_app(Settings(host=host))


def test_an_auth_setting_that_cannot_be_obeyed_is_refused() -> None:
    with pytest.raises(SystemExit, match="Allowed: none"):
        create_app(Settings(host="0.0.0.0", auth="oidc"))


def test_a_proxy_in_front_may_do_the_login() -> None:
    assert create_app(Settings(host="0.0.0.0", auth="none"))


def test_auth_is_read_from_the_documented_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSAL_AUTH", "none")
    assert Settings().auth == "none"
