"""The page of a simulation that runs, in a real browser: what holds it up, how far it is, what is drawn of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import Visit, running_browser
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import start_study, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TOLD = "Responses"  # a heading of the monitor


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def platform(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.mark.parametrize(("cap", "called"), [("calls", "model calls"), ("tokens", "tokens")])
def test_a_simulation_that_spent_a_cap_goes_on_with_more_of_that_very_cap(
    browser: Browser, platform: EmbeddedPlatform, cap: str, called: str
) -> None:
    seed, most = {"calls": (31, 50), "tokens": (32, 100_000)}[cap]  # calls that were made once cost nothing
    identity = start_study(platform.url, seed=seed, budget={cap: most})
    assert wait_for(platform.url, identity, states=("paused",))["paused_for"] == "budget"
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{identity}?tab=monitor", TOLD)
        expect(page.get_by_text(f"({called}) are spent.")).to_contain_text("Go on alone pauses it again at once.")
        page.get_by_label(f"New cap: {called}").fill("1")
        expect(page.get_by_role("button", name="Raise it and go on")).to_be_disabled()
        page.get_by_label(f"New cap: {called}").fill("900000")
        assert visit.grave_violations_everywhere() == []
        page.get_by_role("button", name="Raise it and go on").click()
        expect(page.get_by_text("completed", exact=True)).to_be_visible()
        assert visit.faults == []
    assert budget_of(platform, identity)["cap"][cap] == 900_000


def test_any_cap_is_set_while_it_waits(browser: Browser, platform: EmbeddedPlatform) -> None:
    identity = start_study(platform.url, seed=33, budget={"calls": 10})
    wait_for(platform.url, identity, states=("paused",))
    assert HTTP.post(f"{platform.url}/simulations/{identity}/pause").is_success
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{identity}?tab=monitor", TOLD)
        cost = page.get_by_role("region", name="Cost")
        cost.get_by_label("Cap on").select_option("tokens")
        cost.get_by_label("New cap").fill("5000000")
        cost.get_by_role("button", name="Set").click()
        expect(cost.get_by_text("of 5,000,000 (tokens)")).to_be_visible()
        assert visit.faults == []
    assert budget_of(platform, identity)["cap"] == {"cost_usd": None, "tokens": 5_000_000, "calls": 10}


def budget_of(platform: EmbeddedPlatform, identity: str) -> dict[str, Any]:
    told: dict[str, Any] = HTTP.get(f"{platform.url}/simulations/{identity}/budget").json()
    return told
