"""The results in a real browser, read by somebody who wants to know what was found and does not do statistics."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Locator, Route, expect

from tests.support.browser import Visit, running_browser
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import wait_for
from tests.support.talks import TALK, begin, transcript

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SURE = {
    "name": "how_sure",
    "type": "ordinal",
    "scale": [1, 5],
    "question": "Having opened it, how sure are you that you would use it?",
    "requires": "open_rate",
}
NOTICE: dict[str, Any] = {
    "name": "Cancellation rules of 2026",
    "seed": 4,
    "model": "offline",
    "population": {"name": "Customers", "demographic_base": "uk_demographics", "size": 400},
    "intervention": {
        "name": "Shorter notice",
        "type": "policy_change",
        "variants": [
            {
                "name": "long_notice",
                "content": "Cancelling takes a letter by post and three months of notice. Every form must be signed "
                "twice and sent in an envelope. You must pay a penalty.",
                "channel": "print",
                "is_control": True,
            },
            {
                "name": "short_notice",
                "content": "Cancel free with one click, at any time. Simple, free and easy. Save time and money.",
                "channel": "in_app",
            },
        ],
        "success_metrics": ["perceived_burden", "open_rate", SURE, "price_perception"],
    },
}
"""Less of a burden is better, only those who opened it are asked how sure they are, and of a price nobody says."""


FACTORIAL: dict[str, Any] = yaml.safe_load(Path("examples/factorial.yaml").read_text())


TOPIC = r"A *new* oat_drink with **less** sugar \ <b>for 2.49</b>. What do you think?"
"""What would be markup, if it were read as any."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def platform(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.fixture(scope="module")
def notice(platform: EmbeddedPlatform) -> str:
    return completed(platform.url, NOTICE)


@pytest.fixture(scope="module")
def factorial(platform: EmbeddedPlatform) -> str:
    return completed(platform.url, FACTORIAL)


def completed(url: str, study: dict[str, Any]) -> str:
    """The simulation of a study that was run."""
    answer = HTTP.post(f"{url}/studies/run", json=study)
    assert answer.is_success, answer.text
    identity: str = answer.json()["simulation_id"]
    assert wait_for(url, identity)["state"] == "completed"
    return identity


def test_a_run_is_called_as_its_study_and_says_what_was_tried(
    browser: Browser, platform: EmbeddedPlatform, notice: str, factorial: str
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{notice}?tab=results", "Cancellation rules of 2026")
        expect(page.get_by_text("intervention “Shorter notice”")).to_be_visible()
        page = visit.open(f"/ui/simulations/{factorial}?tab=results", "Main effects")
        expect(page.get_by_text("intervention “")).to_have_count(0)  # it is called as the study


def test_a_finding_says_whether_it_is_good_and_nothing_where_nobody_said_which_way_is(
    browser: Browser, platform: EmbeddedPlatform, notice: str
) -> None:
    said = HTTP.get(f"{platform.url}/results/{notice}/aggregate").json()
    cases: list[tuple[dict[str, str], str, str]] = [
        (said["better"], "lowerwhich is better", "better"),
        ({"perceived_burden": "higher"}, "lowerwhich is worse", "worse"),
        ({}, "lower", ""),
    ]
    with Visit(browser, platform.url) as visit:
        for better, words, sense in cases:
            visit.page.route("**/results/*/aggregate", answered_with(said | {"better": better}))
            page = visit.open(f"/ui/simulations/{notice}?tab=results", "Differences from the baseline")
            differences = page.get_by_role("region", name="Differences from the baseline")
            found = differences.get_by_role("row", name="perceived burden").locator(".finding")
            expect(found).to_have_text(words)
            assert found.get_attribute("class") == f"finding finding-{sense or 'clear'}"
        assert visit.faults == []


def answered_with(body: dict[str, Any]) -> Callable[[Route], None]:
    return lambda route: route.fulfill(json=body)


def test_how_many_answered_is_said_of_all_who_were_asked(
    browser: Browser, platform: EmbeddedPlatform, notice: str
) -> None:
    said = HTTP.get(f"{platform.url}/results/{notice}/aggregate").json()
    said["analysis"]["sample_ratio"]["completed"]["long_notice"] = 172
    of_sure = [one for one in said["aggregate_results"]["distributions"] if one["metric"] == "how_sure"]
    with Visit(browser, platform.url) as visit:
        visit.page.route("**/results/*/aggregate", answered_with(said))
        page = visit.open(f"/ui/simulations/{notice}?tab=results&metric=how_sure", "Each arm")
        arms = page.get_by_role("region", name="Each arm").last
        head = arms.get_by_role("row").first
        expect(head).to_contain_text("long notice172 of 200 answered")
        expect(head).to_contain_text("short notice200 answered")
        for one in of_sure:
            assert 0 < one["n"] < 200
            expect(arms.get_by_role("row", name="how sure")).to_contain_text(f"{one['n']} of 200 answered")
            spread = page.get_by_role("region", name=f"how sure: {one['arm'].replace('_', ' ')}")
            expect(spread).to_contain_text(f"{one['n']} of 200 answered")
        assert visit.faults == []


@pytest.mark.parametrize("width", [360, 390])
def test_on_a_phone_nothing_is_cut_off_or_on_top_of_another(
    browser: Browser, platform: EmbeddedPlatform, notice: str, factorial: str, width: int
) -> None:
    with Visit(browser, platform.url, size={"width": width, "height": 800}) as visit:
        for simulation in (notice, factorial):
            said = HTTP.get(f"{platform.url}/results/{simulation}/aggregate").json()
            for one in said["aggregate_results"]["associations"]:
                one["value"], one["by_chance"] = 0.5, 0.01
            visit.page.route(
                "**/results/*/aggregate", answered_with(said | {"analysis": asked_twice(said["analysis"])})
            )
            page = visit.open(f"/ui/simulations/{simulation}?tab=results", "Who answers how")
            assert visit.overflow() <= 0
            assert page.locator(".table-scroll").evaluate_all(CUT_OFF) == [0] * page.locator(".table-scroll").count()
            page.locator("[role=img] svg text").first.wait_for()
            assert page.locator("[role=img] svg").last.evaluate(OVERLAPS) == []
            page.goto(f"{platform.url}/results/{simulation}/export?format=html")
            assert visit.overflow() <= 0
            assert [one for svg in page.locator("svg").all() for one in svg.evaluate(OVERLAPS)] == []


CUT_OFF = "boxes => boxes.map(box => box.scrollWidth - box.clientWidth)"
OVERLAPS = """svg => {
    const texts = [...svg.querySelectorAll("text")].map(one => [one.textContent, one.getBoundingClientRect()]);
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
    const later = at => texts.slice(at + 1);
    return texts.flatMap(([one, a], at) => later(at).filter(([, b]) => meet(a, b)).map(([two]) => [one, two]));
}"""
"""Pairs of texts of a drawing that lie on each other."""


def asked_twice(analysis: dict[str, Any]) -> dict[str, Any]:
    """The analysis with a change of every estimate, as of answers that were asked for twice."""
    rounds = {"first_round": 1, "last_round": 2, "first": 2.0, "last": 2.5, "difference": 0.5, "p_value": 0.5}
    return analysis | {"changes": [one | rounds for one in analysis["estimates"]]}


def test_a_bar_is_as_long_as_its_share_of_all(browser: Browser, platform: EmbeddedPlatform, notice: str) -> None:
    results = HTTP.get(f"{platform.url}/results/{notice}/aggregate").json()["aggregate_results"]
    spread = next(one for one in results["distributions"] if one["metric"] == "perceived_burden")
    theme = results["themes"][0]["themes"][0]
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{notice}?tab=results&metric=perceived_burden", "Distributions")
        region = page.get_by_role("region", name=f"perceived burden: {spread['arm'].replace('_', ' ')}")
        assert filled(region) == pytest.approx([one["share"] for one in spread["bins"]], abs=0.01)
        assert sum(filled(page.locator(".theme").first)) == pytest.approx(theme["share"], abs=0.01)
        assert visit.faults == []


def filled(place: Locator) -> list[float]:
    """How much of its track each bar fills."""
    script = "bars => bars.map(bar => bar.offsetWidth / bar.parentElement.offsetWidth)"
    found: list[float] = place.locator(".share-track > span").evaluate_all(script)
    return found


def test_the_main_effects_of_a_factorial_study_are_shown_with_what_they_are_compared_over(
    browser: Browser, platform: EmbeddedPlatform, factorial: str
) -> None:
    effects = HTTP.get(f"{platform.url}/results/{factorial}/aggregate").json()["analysis"]["factor_effects"]
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{factorial}?tab=results", "Main effects")
        table = page.get_by_role("region", name="Main effects")
        expect(table.get_by_role("row")).to_have_count(1 + len(effects))
        expect(table).to_contain_text("over all levels of the other factors")
        one = next(one for one in effects if (one["metric"], one["factor"]) == ("purchase_intent", "price"))
        row = table.get_by_role("row", name="purchase intent").filter(has_text="price: high")
        difference = f"{one['difference']:+.2f}".replace("-", "−")
        low, high = (f"{end:+.2f}".replace("-", "−") for end in one["interval"])
        for words in ("against low", difference, f"{low} to {high}", f"{one['p_adjusted']:.3f}", "Effective n 0"):
            expect(row).to_contain_text(words)
        assert visit.faults == []


def test_a_focus_group_shows_the_beginning_of_what_was_said_and_on_request_all_of_it(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    simulation = begin(platform.url, topic=TOPIC)
    rounds = len(TALK["prompts"])  # then everybody answers the metrics, for themselves
    said = [item for item in transcript(platform.url, simulation) if item[3] == "talk" and item[0] <= rounds]
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{simulation}?tab=results", "What was said")
        talk = page.get_by_role("region", name="What was said")
        expect(talk.get_by_role("heading", name="Talk 1, group 1")).to_be_visible()
        expect(talk.locator(".told").first).to_have_text(f"Moderator: {TOPIC}")
        assert 0 < talk.get_by_role("link").count() < len(said)
        talk.get_by_role("button", name="Read on").click()
        expect(talk.get_by_text("All of the talk")).to_be_visible()
        assert talk.get_by_role("link").count() == len(said)
        assert talk.locator(".told").count() == len(said) + TALK["groups"] * rounds
        assert visit.grave_violations_everywhere() == []
        talk.get_by_role("link").first.click()
        page.get_by_role("heading", name="What they said").first.wait_for()
        assert visit.faults == []
