"""The pages for somebody whose role may look and not run: they offer nothing that would be refused."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.support.browser import Visit, running_browser
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import start_study, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def platform(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


def as_viewer(visit: Visit) -> None:
    """The platform asks nobody who they are, so it is told here what a viewer would be told."""
    identity = HTTP.get(f"{visit.url}/whoami").json() | {"role": "viewer"}
    visit.page.route("**/whoami", lambda route: route.fulfill(json=identity))
    for path in ("keys?*", "shares?*", "audit?*", "tenants/*/quota", "studies/validate", "studies/run"):
        visit.page.route(f"{visit.url}/{path}", refused)


def refused(route: Route) -> None:
    route.fulfill(status=403, json={"type": "about:blank", "title": "Not allowed", "status": 403, "errors": []})


def test_a_viewer_sees_the_settings_that_are_for_viewers(browser: Browser, platform: EmbeddedPlatform) -> None:
    with Visit(browser, platform.url) as visit:
        as_viewer(visit)
        page = visit.open("/ui/settings", "Settings")
        expect(page.get_by_text("are not shown to the role viewer")).to_be_visible()
        expect(page.get_by_role("region", name="Engines")).to_contain_text("not here")
        expect(page.get_by_role("region", name="Engines")).not_to_contain_text("python")
        expect(page.get_by_role("alert")).to_have_count(0)
        for hidden in ("Keys", "Links", "Audit log"):
            expect(page.get_by_role("region", name=hidden)).to_have_count(0)
        assert visit.grave_violations_everywhere() == []
        assert visit.faults == []


def test_a_viewer_designs_and_is_told_that_running_is_for_others(browser: Browser, platform: EmbeddedPlatform) -> None:
    with Visit(browser, platform.url) as visit:
        as_viewer(visit)
        page = visit.open("/ui/design", "Design a study")
        page.get_by_role("button", name="Start from the example").click()
        expect(page.get_by_text("The role viewer may look and not run anything")).to_be_visible()
        for button in ("Run", "Pilot with 5 people", "Keep on the platform"):
            expect(page.get_by_role("button", name=button, exact=True)).to_be_disabled()
        expect(page.get_by_role("alert")).to_have_count(0)
        assert visit.grave_violations_everywhere() == []
        assert visit.faults == []


def test_a_viewer_follows_a_simulation_and_does_not_steer_it(browser: Browser, platform: EmbeddedPlatform) -> None:
    identity = start_study(platform.url, seed=51, budget={"calls": 20})
    wait_for(platform.url, identity, states=("paused",))
    with Visit(browser, platform.url) as visit:
        as_viewer(visit)
        page = visit.open(f"/ui/simulations/{identity}?tab=monitor", "Responses")
        expect(page.get_by_text("20 of 20 (model calls) are spent.")).to_be_visible()
        for button in ("Go on", "End it", "Raise it and go on"):
            expect(page.get_by_role("button", name=button)).to_have_count(0)
        assert visit.faults == []
