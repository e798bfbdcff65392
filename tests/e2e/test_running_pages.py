"""The page of a simulation that runs, in a real browser: what holds it up, how far it is, what is drawn of it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import Visit, running_browser
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import start_study, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

TOLD = "Responses"  # a heading of the monitor

LETTER = {"name": "letter", "content": "A charge applies from April.", "channel": "email", "metrics": ["open_rate"]}
REMINDER = {
    "name": "reminder",
    "content": "Register before April.",
    "channel": "sms",
    "metrics": ["open_rate"],
    "after": "P3D",
    "condition": {"metric": "open_rate", "value": True},
}
LETTERS = {
    "name": "Letters",
    "seed": 9,
    "population": {"name": "Drivers", "demographic_base": "uk_demographics", "size": 60},
    "intervention": {
        "name": "Letters",
        "type": "communication_flow",
        "variants": [
            {"name": "plain", "is_control": True, "touchpoints": [LETTER]},
            {"name": "again", "touchpoints": [LETTER, REMINDER]},
        ],
        "success_metrics": ["open_rate"],
    },
}
FEW = {
    "name": "Three people",
    "seed": 5,
    "population": {"name": "Few", "demographic_base": "uk_demographics", "size": 3},
    "protocol": [
        {
            "content": "A charge of 5 pounds a day applies.",
            "metrics": [{"name": "support", "type": "ordinal", "scale": [1, 7], "question": "Do you support it?"}],
        }
    ],
}


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


@pytest.fixture(scope="module")
def letters(platform: EmbeddedPlatform) -> str:
    return ran(platform.url, "studies/run", LETTERS)


def ran(url: str, path: str, body: dict[str, Any]) -> str:
    """The simulation that was run by this request, when it is completed."""
    answer = HTTP.post(f"{url}/{path}", json=body)
    assert answer.is_success, answer.text
    identity: str = answer.json()["simulation_id"]
    assert wait_for(url, identity)["state"] == "completed"
    return identity


def test_who_did_not_meet_a_condition_is_not_waited_for(
    browser: Browser, platform: EmbeddedPlatform, letters: str
) -> None:
    told = HTTP.get(f"{platform.url}/simulations/{letters}/status").json()["progress"]
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{letters}?tab=monitor", TOLD)
        responses = page.get_by_role("region", name=TOLD)
        expect(responses).to_contain_text(f"{told['answered']} of {told['planned']} turns answered, by 60 people")
        expect(responses).to_contain_text(re.compile(r"[1-9]\d? did not meet the condition and were not asked\."))
        whole = responses.get_by_role("progressbar", name="All responses")
        expect(whole).to_have_attribute("aria-valuemax", str(told["planned"]))
        assert visit.grave_violations_everywhere() == []
        assert visit.faults == []


def test_arms_stand_in_the_order_of_the_plan_with_one_colour_everywhere(
    browser: Browser, platform: EmbeddedPlatform, letters: str
) -> None:
    def colours(page: Page, place: str) -> dict[str, str | None]:
        marked = page.locator(place).filter(has=page.locator(".swatch")).all()
        return {one.inner_text().split("\n")[0].strip(): of_arm(one.locator(".swatch").first) for one in marked}

    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{letters}?tab=monitor", TOLD)
        expect(page.locator(".arm-card strong")).to_have_text(["plain", "again"])
        cards = colours(page, ".arm-name")
        page.get_by_role("tab", name="Results").click()
        visit.settled("Differences from the baseline")
        found = colours(page, "td, th")
        assert cards == {"plain": "arm-0", "again": "arm-1"} == {name: found[name] for name in cards}
        assert visit.faults == []


def of_arm(swatch: Locator) -> str | None:
    found = re.search(r"arm-\d", swatch.get_attribute("class") or "")
    return found and found[0]


def test_the_trend_of_few_answers_is_drawn_whole_and_named(browser: Browser, platform: EmbeddedPlatform) -> None:
    identity = ran(platform.url, "studies/run", FEW)
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{identity}?tab=monitor", TOLD)
        trend = page.get_by_role("region", name="Trend")
        expect(trend).to_contain_text("Support")
        heights = drawn_heights(trend.locator("path.series"))
        assert len(set(heights)) == len(heights) == 3, "no two means of these three people are the same"
        assert visit.faults == []


def drawn_heights(line: Locator) -> list[float]:
    return [float(point.split()[1]) for point in re.split("[ML]", line.get_attribute("d") or "")[1:]]


def test_simulations_to_compare_have_the_name_of_their_study_and_any_arm_is_the_baseline(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    study = HTTP.post(f"{platform.url}/studies", json=LETTERS | {"name": "The letters study"}).json()["id"]
    first = ran(platform.url, f"studies/{study}/run", {})
    changed = json.loads(json.dumps(LETTERS).replace("Register before April.", "Register now."))
    assert HTTP.put(f"{platform.url}/studies/{study}", json=changed | {"name": "The letters study"}).is_success
    again = ran(platform.url, f"studies/{study}/run", {})
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/compare?first={first}&second={again}", "Every arm")
        chosen = page.get_by_label("Second").locator("option:checked")
        expect(chosen).to_have_text(re.compile(r"^The letters study, version 2 \("))
        expect(page.get_by_text("What else differs").locator("..")).to_contain_text(
            "The arm again is not the same in all of them: it shows another text."
        )
        page.get_by_label("Baseline", exact=True).select_option(f"{again}/again")
        differences = page.get_by_role("region", name="Differences from the baseline")
        expect(differences.get_by_role("row", name="open rate")).to_have_count(3)
        expect(page.get_by_label("Baseline", exact=True).locator("option:checked")).to_have_text("Second: again")
        assert visit.grave_violations_everywhere() == []
        assert visit.faults == []
