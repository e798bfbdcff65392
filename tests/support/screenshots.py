"""Pictures of every screen into docs/ui/: `make screenshots`.

It takes a platform of its own, the sample study, and a headless browser.
The pictures are of what the sample shows, with a fixed seed; times and ids in them differ from run to run.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from tests.support.browser import DESKTOP, PHONE, Visit, running_browser
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.views import VIEWS, View, things

TARGET = Path("docs/ui")


def sample(browser: Browser, url: str) -> str:
    """The sample, started as a newcomer does; the id of its simulation."""
    with Visit(browser, url) as visit:
        page = visit.open("/ui/", "Simulations")
        page.get_by_role("button", name="Run the example").click()
        page.get_by_role("tab", name="Results").wait_for()
        page.get_by_text("Worth nothing about real people.").first.wait_for()
        return page.url.rsplit("/", 1)[-1].partition("?")[0]


def begun(visit: Visit, view: View) -> None:
    """Of the designer: with the study of the sample in it. Of the settings: without where Python is on this machine."""
    engines = HTTP.get(f"{visit.url}/communications/engines").text.replace(sys.executable, "python")
    visit.page.route("**/communications/engines", lambda route: route.fulfill(body=engines))
    if view.path.startswith("design"):
        visit.open("/ui/design", "Design a study").get_by_role("button", name="Start from the example").click()


def main(*wanted: str) -> int:
    """Take them all, or those that are named."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as directory,
        running_browser() as browser,
        EmbeddedPlatform(Path(directory)) as platform,
    ):
        with Visit(browser, platform.url) as visit:
            visit.open("/", "No simulation yet").screenshot(path=TARGET / "first-run.png")
        other, shown = sample(browser, platform.url), sample(browser, platform.url)
        assert HTTP.get(f"{platform.url}/results/{other}/aggregate").json()["analysis"]
        named = things(platform.url, shown, other)
        for name, view in VIEWS.items():
            if wanted and name not in wanted:
                continue
            windows = [("light", DESKTOP, ""), *([("dark", PHONE, "-phone")] if view.is_taken_on_a_phone else [])]
            for scheme, size, suffix in windows:
                with Visit(browser, platform.url, scheme=scheme, size=size) as visit:
                    begun(visit, view)
                    page = visit.open(f"/ui/{view.path.format(**named)}", view.heading)
                    page.wait_for_timeout(800)
                    if view.shows:
                        page.locator(view.shows).first.evaluate("shown => scrollTo(0, shown.offsetTop - 80)")
                        page.wait_for_timeout(300)
                    page.screenshot(path=TARGET / f"{name}{suffix}.png")
                    sys.stderr.write(f"{TARGET / name}{suffix}.png\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
