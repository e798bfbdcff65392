"""Signing in from the pages in a real browser: to the provider and back to where somebody was; only a token stays."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import expect

from services.gateway.app import create_app
from services.gateway.settings import Settings
from tests.services.gateway.conftest import LOCAL
from tests.services.gateway.test_sign_in import settings_of
from tests.support.browser import Visit, running_browser
from tests.support.platforms import free_port
from tests.support.provider import StandIn, provider_on_a_socket

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
def idp() -> Iterator[StandIn]:
    with provider_on_a_socket() as idp:
        yield idp


@pytest.fixture
def gateway_url(idp: StandIn, tmp_path: Path) -> Iterator[str]:
    """A gateway on a socket, without the services behind it."""
    port = free_port()
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/gateway.db", **LOCAL, **settings_of(idp)))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def test_somebody_signs_in_with_the_provider_and_is_back_where_they_were(idp: StandIn, gateway_url: str) -> None:
    with running_browser() as browser, Visit(browser, gateway_url) as visit:
        page = visit.open("/ui/events?message=plan-frozen", "Sign in")
        assert visit.grave_violations() == []
        page.get_by_role("button", name="Sign in with your organisation").click()
        page.get_by_role("link", name="Go on as anna").click()
        page.wait_for_url(f"{gateway_url}/ui/events?message=plan-frozen")
        page.goto(f"{gateway_url}/ui/settings")
        expect(page.get_by_text("oidc:anna, researcher of acme")).to_be_visible()
        kept = page.evaluate("JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)])")
        assert re.search(r"rehearsal\.key", kept)
        assert "verifier" not in kept
        left = {fault.split("?")[0] for fault in visit.faults if fault.startswith("left the origin")}
        assert left == {f"left the origin: {idp.issuer}/authorize"}  # the browser went there, no script of the page did
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="Sign in").wait_for()


def test_an_answer_that_nobody_asked_for_signs_nobody_in(gateway_url: str) -> None:
    with running_browser() as browser, Visit(browser, gateway_url) as visit:
        page = visit.open("/ui/signed-in?code=caught&state=made-up", "Sign in")
        expect(page.get_by_role("alert")).to_contain_text("Signing in did not work")
        assert page.evaluate("sessionStorage.getItem('rehearsal.key')") is None
