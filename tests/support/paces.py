"""How fast the pages are in a real browser: the designer, and the monitor of ten thousand agents."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Visit
from tests.support.large import telling

INTERACTIVE_WITHIN_S = 2.0
SLOW_FRAME_MS = 50
AGENTS = 10_000
ARMS = ("emotional_appeal", "rational_appeal")  # of the sample
TOLD_S = 6.0
WATCH = """
window.seen = {frames: [], tasks: []};
new PerformanceObserver(list => list.getEntries().forEach(one => seen.tasks.push(one.duration)))
    .observe({type: "longtask", buffered: true});
window.watch = (last = 0) => requestAnimationFrame(at => {
    if (last) seen.frames.push(at - last);
    watch(at);
});
window.slow = (sorted = seen.frames.splice(0).sort((a, b) => a - b)) => sorted[Math.floor(sorted.length * 0.99)];
"""


def designer_at_hand(browser: Browser, url: str) -> float:
    """Seconds until the designer, opened in a browser that has nothing of it, takes what is typed and shows it."""
    with Visit(browser, url) as visit:
        began = time.perf_counter()
        visit.page.goto(f"{url}/ui/design", wait_until="commit")
        visit.page.get_by_role("group", name="Variant: a").click()
        visit.page.get_by_label("What is shown").fill("It takes what is typed.")
        expect(visit.page.get_by_role("figure")).to_contain_text("It takes what is typed.")
        return time.perf_counter() - began


@contextmanager
def told_of_ten_thousand(browser: Browser, url: str, sample: str, lasts_s: float) -> Iterator[Page]:
    """The monitor, once it was told that so many have answered; it did not work long at a time meanwhile."""
    with telling(AGENTS, ARMS, lasts_s) as stream, Visit(browser, url) as visit:
        visit.page.route(f"**/simulations/{sample}/stream", lambda route: route.continue_(url=stream))
        visit.page.add_init_script(WATCH)
        page = visit.open(f"/ui/simulations/{sample}?tab=monitor", "Responses")
        page.evaluate("watch()")
        expect(page.get_by_text("10,000 of 10,000 answered", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Activity: 10,000 agents")).to_be_visible()
        assert page.evaluate("document.querySelectorAll('*').length") < 1_500  # elements do not grow with agents
        assert sum(page.evaluate("seen.tasks")) < 3_000  # milliseconds of work in one piece, however it is cut
        yield page
        assert visit.faults == []


def slowest_frame(browser: Browser, url: str, sample: str) -> float:
    """Milliseconds of which 99 of 100 frames take less while ten thousand answers arrive."""
    with told_of_ten_thousand(browser, url, sample, TOLD_S) as page:
        return float(page.evaluate("slow()"))
