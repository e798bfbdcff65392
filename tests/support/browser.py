"""A browser for the pages: Debian's chromium, or the one that `REHEARSAL_TEST_CHROMIUM` names. No browser, no test."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from services.gateway.api.pages import BUILT

NAMES = (os.environ.get("REHEARSAL_TEST_CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
AXE = BUILT.parent / "node_modules/axe-core/axe.min.js"
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 360, "height": 740}
WINDOWS = [("light", DESKTOP), ("dark", DESKTOP), ("dark", PHONE), ("light", PHONE)]
WITHIN_MS = 45_000  # a page is as slow as the machine is busy
GRAVE = {"serious", "critical"}


def chromium() -> Path:
    """The browser. Skips the test, and says why, where a page cannot be looked at; in CI that is a failure."""
    found = next((path for name in NAMES if name and (path := shutil.which(name))), None)
    if not (BUILT / ".complete").exists():
        why = "the pages are not built: make setup builds them"
    elif found is None:
        why = "no chromium on this machine: make test installs it where it may, REHEARSAL_TEST_CHROMIUM names one"
    else:
        return Path(found)
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """One headless browser."""
    path = chromium()
    expect.set_options(timeout=WITHIN_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A page with everything it did that it should not have done."""

    def __init__(self, browser: Browser, url: str, *, scheme: Any = "light", size: ViewportSize = DESKTOP) -> None:
        self.url = url
        self.context = browser.new_context(
            viewport=size,
            color_scheme=scheme,
            accept_downloads=True,
            reduced_motion="reduce",  # colours on their way to another scheme are not looked at
        )
        self.context.set_default_timeout(WITHIN_MS)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", lambda said: self._said(said.type, said.text))
        self.page.on("request", lambda request: self._asked(request.url))

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def open(self, path: str, shows: str) -> Page:
        """Go there and wait for a heading."""
        self.page.goto(f"{self.url}{path}")
        return self.settled(shows)

    def settled(self, shows: str) -> Page:
        """The page, once it shows a heading and nothing is on its way."""
        self.page.get_by_role("heading", name=shows).first.wait_for()
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)
        return self.page

    def looked_at(self, scheme: Any, size: ViewportSize) -> None:
        """The same page in another light, or another window."""
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_viewport_size(size)

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def grave_violations_everywhere(self) -> list[str]:
        """The same of the page as it is now in every light and window, where it has to fit too."""
        found = []
        for scheme, size in WINDOWS:
            self.looked_at(scheme, size)
            found += [f"{scheme} {size['width']}: {one}" for one in self.grave_violations()]
            if (wider := self.overflow()) > 0:
                found.append(f"{scheme} {size['width']}: {wider} pixels too wide")
        self.looked_at(*WINDOWS[0])
        return found

    def grave_violations(self) -> list[str]:
        """What axe calls serious or critical, and goes on to: what is being brought up to date is pale for a moment."""
        for _ in range(5):
            if not (found := self._grave_violations()):
                break
            self.page.wait_for_timeout(1_000)
        return found

    def _grave_violations(self) -> list[str]:
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found
            if one["impact"] in GRAVE
            for node in one["nodes"]
        ]

    def _said(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "Failed to load resource" not in text:
            self.faults.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.url, "data:", "blob:")):
            self.faults.append(f"left the origin: {url}")
