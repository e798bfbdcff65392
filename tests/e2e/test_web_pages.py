"""The pages in a real browser, against a whole platform: what a newcomer does, and what holds on every screen."""

import csv
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import WINDOWS, Visit, running_browser
from tests.support.paces import (
    INTERACTIVE_WITHIN_S,
    SLOW_FRAME_MS,
    designer_at_hand,
    slowest_frame,
    told_of_ten_thousand,
)
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import wait_for
from tests.support.views import VIEWS, things

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

EXAMPLES = Path("examples")
BUSY = 3  # times slower, at most, beside the other tests; `python -m bench pages` holds them to their limits
ATTACK = '<img src=x onerror="window.attacked=1"><script>window.attacked=1</script>{{7*7}}'
ROUTES = Path("services/gateway/ui/src/app/router.tsx")
OLD = {"/simulation.html", "/docs.html"}  # lead elsewhere


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def platform(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


@pytest.fixture(scope="module")
def sample(browser: Browser, platform: EmbeddedPlatform) -> str:
    """The sample, run by the one click of a first visit; the id of its simulation."""
    with Visit(browser, platform.url) as visit:
        page = visit.open("/", "No simulation yet")
        page.get_by_role("button", name="Run the example").click()
        page.get_by_role("tab", name="Results").wait_for(timeout=60_000)
        identity = page.url.rsplit("/", 1)[-1].partition("?")[0]
        expect(page.get_by_text("Worth nothing about real people.")).to_be_visible(timeout=60_000)
        assert visit.faults == []
    return identity


def downloaded(page: Page, button: str, directory: Path) -> Path:
    """The file that a button gives."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    file = directory / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return file


def test_one_click_of_a_first_visit_leads_to_a_verdict_and_its_files(
    browser: Browser, platform: EmbeddedPlatform, sample: str, tmp_path: Path
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/", "Simulations")
        page.get_by_role("link", name="Email Campaign A/B Test").click()
        page.get_by_role("tab", name="Results").click()
        expect(page.get_by_text("Open rate is lower with rational appeal than with emotional appeal")).to_be_visible()
        file = downloaded(page, "Download CSV", tmp_path)
        assert visit.faults == []
    assert file.name == f"{sample}.csv"
    with file.open() as lines:
        assert len(list(csv.DictReader(lines))) >= 125


@pytest.fixture(scope="module")
def other(platform: EmbeddedPlatform) -> str:
    """A completed simulation in which every text a person may write is an attack."""
    return hostile_simulation(platform.url)


def test_every_screen_is_accessible_in_both_schemes_fits_its_window_and_stays_at_home(
    browser: Browser, platform: EmbeddedPlatform, sample: str, other: str
) -> None:
    named = things(platform.url, sample, other)
    with Visit(browser, platform.url) as visit:
        for path, heading, *_ in VIEWS.values():
            visit.looked_at(*WINDOWS[0])
            visit.open(f"/ui/{path.format(**named)}", heading)
            for scheme, size in WINDOWS:
                visit.looked_at(scheme, size)
                visit.settled(heading)
                assert visit.grave_violations() == [], (path, scheme, size)
                assert visit.overflow() <= 0, (path, size)
            assert visit.faults == [], path


def test_no_page_is_missing_among_the_screens_that_are_looked_at() -> None:
    routes = set(re.findall(r'path: "(/[^"]*)"', ROUTES.read_text())) - OLD
    seen = {f"/{re.sub(r'{[^}]*}', '*', view.path).partition('?')[0]}" for view in VIEWS.values()}
    assert {re.sub(r"\$\w+", "*", route) for route in routes} - seen == {"/populations/*/people/*"}
    assert "/populations/*/people/agent_0001" in seen


def test_a_newcomer_runs_a_survey_and_an_ab_test_of_their_own_and_takes_the_answers_along(
    browser: Browser, platform: EmbeddedPlatform, sample: str, tmp_path: Path
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{sample}?tab=results", "Differences from the baseline")
        page.get_by_role("link", name="Design", exact=True).click()
        page.get_by_role("button", name="New protocol").click()
        page.get_by_label("People", exact=True).first.fill("12")
        page.get_by_role("button", name="Step 1 says nothing yet.").click()
        page.get_by_label("What is shown").fill("Oat milk costs 2.49 from Monday on.")
        page.get_by_text("What is asked").click()
        page.get_by_label("Metrics", exact=True).fill("buy")
        page.get_by_role("checkbox", name="Purchase intent").check()
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_url("**/simulations/**")
        page.get_by_role("tab", name="People").click()
        expect(page.get_by_role("status").filter(has_text="12 of 12")).to_be_visible(timeout=60_000)
        page.get_by_role("tab", name="Results").click()
        page.get_by_role("heading", name="Distributions").wait_for(timeout=60_000)

        page.get_by_role("link", name="Design", exact=True).click()
        page.get_by_role("button", name="New", exact=True).click()
        run = page.get_by_role("button", name="Run", exact=True)
        expect(run).to_be_disabled()
        for arm, content in {"a": "Half price today", "b": f"Made to last {ATTACK}"}.items():
            page.get_by_role("button", name=f"{arm} has nothing to show yet.").click()
            page.get_by_label("What is shown").fill(content)
        page.get_by_role("button", name="Segment", exact=True).click()
        page.get_by_role("group", name="Segment: segment").click()
        page.get_by_label("Who they are").fill("over 60, tech-savvy, likes purple bicycles")
        expect(page.get_by_text("Not understood, so nobody is drawn by it")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_label("Who they are")).not_to_have_value("over 60, tech-savvy, likes purple bicycles")
        page.reload()  # the draft stays
        expect(page.get_by_role("group", name="Segment: segment")).to_be_visible()
        expect(page.get_by_role("heading", name="Can it find anything?")).to_be_visible()
        run.click()
        page.get_by_role("tab", name="Results").wait_for()
        expect(page.get_by_text("Worth nothing about real people.")).to_be_visible(timeout=60_000)
        page.get_by_role("tab", name="Results").click()
        expect(page.get_by_role("region", name="Population")).to_contain_text("Drawn from usa_demographics")
        file = downloaded(page, "Download CSV", tmp_path)
        assert page.evaluate("window.attacked") is None
        assert visit.faults == []
    with file.open() as lines:
        answers = list(csv.DictReader(lines))
    assert {answer["arm"] for answer in answers} == {"a", "b"}
    assert len(answers) == 100


def test_the_designer_is_at_hand_within_two_seconds(browser: Browser, platform: EmbeddedPlatform) -> None:
    taken = [math.inf]
    while min(taken) > INTERACTIVE_WITHIN_S and len(taken) <= 5:
        taken.append(designer_at_hand(browser, platform.url))
    assert min(taken) <= BUSY * INTERACTIVE_WITHIN_S, taken


def test_a_person_of_a_population_can_be_met_and_spoken_with(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/populations", "Populations")
        page.get_by_role("link", name="US Healthcare Consumers").first.click()
        page.get_by_role("heading", name="How well the margins are met").wait_for()
        page.get_by_label("Find by name").fill("Jacob")
        page.locator(".face", has_text="Jacob").first.click()
        page.get_by_role("heading", name="Persona").wait_for()
        assert visit.grave_violations_everywhere() == []
        page.get_by_label("What you say").fill(f"What do you think of oat milk? {ATTACK}")
        page.get_by_role("button", name="Say it").click()
        expect(page.locator(".line-person")).to_have_count(1, timeout=60_000)
        assert page.evaluate("window.attacked") is None
        assert visit.faults == []


def test_a_key_is_made_and_revoked_and_a_link_shows_one_simulation_to_a_guest_until_it_is_revoked(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/settings", "Audit log")
        page.get_by_label("Name").fill(f"Reporting {ATTACK}")
        page.get_by_role("button", name="Make a key").click()
        expect(page.locator("pre", has_text="rk_")).to_be_visible()
        row = page.get_by_role("row", name="Reporting")
        row.get_by_role("button", name="Revoke").click()
        expect(row.get_by_text("revoked")).to_be_visible()
        assert page.evaluate("window.attacked") is None
        page = visit.open(f"/ui/simulations/{sample}?tab=results", "Exports")
        page.get_by_role("button", name="View as").click()
        expect(page.get_by_role("tabpanel").locator("pre")).to_contain_text(f"rehearsal results {sample} --url")
        page.get_by_role("button", name="Close").click()
        page.get_by_role("button", name="Share a link").click()
        shared = page.locator("pre", has_text="/shared/rk_").inner_text()
        assert visit.faults == []
    with Visit(browser, platform.url) as guest:
        answers: list[tuple[str, int]] = []
        guest.page.on("response", lambda answer: answers.append((answer.url, answer.status)))
        page = guest.open(shared.removeprefix(platform.url), "Differences from the baseline")
        expect(page.get_by_role("navigation")).to_have_count(0)
        expect(page.get_by_role("button", name=re.compile("Share|Pause|End it|Add their"))).to_have_count(0)
        page.get_by_role("link", name="yes").first.click()
        page.locator("tbody tr button").first.click()
        page.get_by_role("heading", name="What they said").wait_for()
        assert page.url.startswith(shared)  # so that it can be kept and opened again
        assert [one for one in answers if one[1] >= 400] == []
        guest.open(shared.partition("/simulations/")[0].removeprefix(platform.url) + "/settings", "Only one simulation")
        for share in HTTP.get(f"{platform.url}/shares").json()["items"]:
            HTTP.delete(f"{platform.url}/shares/{share['id']}")
        guest.open(shared.removeprefix(platform.url), "This link shows nothing any more")
        assert guest.faults == []


def test_a_study_file_is_opened_and_shown_again_without_a_loss(browser: Browser, platform: EmbeddedPlatform) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/design", "Design a study")
        for file in ("within.yaml", "sequence.yaml", "factorial.yaml"):
            study = yaml.safe_load((EXAMPLES / file).read_text())
            with page.expect_file_chooser() as waiting:
                page.get_by_role("button", name="Open a file").click()
            waiting.value.set_files(EXAMPLES / file)
            page.get_by_role("button", name="View as").click()
            shown = page.get_by_role("tabpanel").locator("pre")
            expect(shown).to_contain_text(study["name"])
            assert yaml.safe_load(shown.inner_text()) == study
            page.get_by_role("button", name="Close").click()


def test_a_bar_leads_to_the_people_behind_it_and_the_address_keeps_the_filter(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    aggregate = HTTP.get(f"{platform.url}/results/{sample}/aggregate").json()["aggregate_results"]
    bars = next(one for one in aggregate["distributions"] if one["metric"] == "open_rate")
    expected = next(one["count"] for one in bars["bins"] if one["label"] == "yes")
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{sample}?tab=results", "Distributions")
        region = page.get_by_role("region", name=f"open rate: {bars['arm'].replace('_', ' ')}")
        region.get_by_role("link", name="yes").click()
        expect(page.get_by_text(f"{expected} of {bars['n']}")).to_be_visible()
        page.reload()
        expect(page.get_by_text(f"{expected} of {bars['n']}")).to_be_visible()
        assert page.locator("tbody tr").count() < bars["n"]  # only the rows in view exist
        page.locator("tbody tr button").first.click()
        page.get_by_role("heading", name="What they said").wait_for()
        assert visit.faults == []


def test_of_five_thousand_people_only_those_in_view_are_drawn(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    one = HTTP.get(f"{platform.url}/results/{sample}/individuals?limit=1").json()["items"][0]
    people = [one | {"agent_id": f"agent_{number}", "name": f"Person {number}"} for number in range(1, 5_001)]
    with Visit(browser, platform.url) as visit:
        body = {"items": people, "next_cursor": None}
        visit.page.route("**/results/*/individuals?*", lambda route: route.fulfill(json=body))
        page = visit.open(f"/ui/simulations/{sample}?tab=people", "Email Campaign A/B Test")
        expect(page.get_by_text("5,000 of 5,000")).to_be_visible()
        assert page.locator("tbody tr").count() < 60
        page.get_by_role("region", name="People").evaluate("box => box.scrollTo(0, box.scrollHeight)")
        expect(page.get_by_role("button", name="Open Person 5000")).to_be_visible()
        assert page.locator("tbody tr").count() < 60
        assert visit.faults == []


def test_every_mark_of_the_results_leads_to_as_many_people_as_it_counts(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    results = HTTP.get(f"{platform.url}/results/{sample}/aggregate").json()["aggregate_results"]
    mood, stage, theme = results["moods"][0], results["funnel"][-1], results["themes"][0]["themes"][0]
    family = next(one for one in results["segments"] if one["segment"] == "families")["estimates"][0]
    arm = mood["arm"].replace("_", " ")
    marks = {
        f"negative {mood['negative']} in {arm}: the people": mood["negative"],
        f"{stage['arm'].replace('_', ' ')} {stage['passed']} of {stage['reached']}": stage["passed"],
        theme["label"]: theme["n"],
        family["arm"].replace("_", " "): family["n"],
    }
    with Visit(browser, platform.url) as visit:
        for name, expected in marks.items():
            page = visit.open(f"/ui/simulations/{sample}?tab=results", "Exports")
            page.locator(".bin, .legend a").and_(page.get_by_role("link", name=name)).first.click()
            expect(page.get_by_role("status").filter(has_text=f"{expected} of ")).to_be_visible()
        page.get_by_role("button", name="Clear filters").click()
        expect(page.get_by_role("status").filter(has_text="125 of 125")).to_be_visible()
        assert visit.faults == []


def test_a_cell_of_the_activity_map_leads_to_the_turns_it_counts(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulations/{sample}?tab=monitor", "Activity")
        drawn = page.get_by_role("button", name="Activity: 125 agents")
        drawn.focus()
        for _ in range(60):  # to the last moment, when somebody has answered
            page.keyboard.press("ArrowRight")
        said = page.get_by_role("status").filter(has_text="Agents 1–")
        while "0 turns" in said.inner_text():
            page.keyboard.press("ArrowDown")
            said = page.get_by_role("status").filter(has_text=re.compile(r"Agents \d+–"))
        expected = re.search(r"(\d+) turns?$", said.inner_text())
        assert expected
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").filter(has_text=f"{expected[1]} of 125")).to_be_visible()
        page.go_back()
        drawn.click(position={"x": 3, "y": 3})
        expect(page.get_by_text(re.compile("^answered"))).to_be_visible()
        assert visit.faults == []


def test_two_simulations_are_compared_only_in_what_both_asked_alike(
    browser: Browser, platform: EmbeddedPlatform, sample: str, other: str
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/compare?first={sample}", "Two simulations side by side")
        page.get_by_label("Second").select_option(value=other)
        expect(page.get_by_text("Not compared, because not both asked it, or not alike: ")).to_contain_text("click")
        row = page.get_by_role("row", name="open rate").filter(has_text=f"{ATTACK}: a")
        expect(row.first).to_be_visible()
        assert page.evaluate("window.attacked") is None
        assert visit.faults == []


def test_answers_of_people_are_uploaded_compared_and_raise_the_grade_to_a(
    browser: Browser, platform: EmbeddedPlatform, sample: str, tmp_path: Path
) -> None:
    file = tmp_path / "panel.csv"
    people = HTTP.get(f"{platform.url}/results/{sample}/individuals?limit=90").json()["items"]
    lines = [f"p{n},{one['arm']},{one['agent_id']},{3 + n % 6},{ATTACK}" for n, one in enumerate(people)]
    file.write_text("\n".join([f"visitor,seen,twin,intent,{ATTACK}", *lines]))
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/validation", "Baselines")
        page.locator("input[type=file]").first.set_input_files(file)
        page.get_by_label("What it is: intent").select_option("metric")
        page.get_by_label("Called: intent").fill("purchase_intent")
        page.get_by_label("Scale: intent").fill("1, 10")
        page.get_by_label("Source").fill("Panel of May")
        page.get_by_role("button", name="Keep this baseline").click()
        page.get_by_role("button", name="Forget it").wait_for()
        page.get_by_label("Baseline", exact=True).select_option("panel")
        page.get_by_label("Simulation", exact=True).select_option(value=sample)
        page.get_by_role("button", name="Compare", exact=True).click()
        page.get_by_role("heading", name="Both distributions").wait_for()
        expect(page.get_by_text("Where a second sample of people")).to_be_visible()
        assert visit.grave_violations_everywhere() == []
        expect(visit.open("/ui/validation", "Ledger").get_by_role("row", name="panel offline")).to_have_count(2)
        page = visit.open(f"/ui/simulations/{sample}?tab=results", "Ask real people too")
        page.locator("input[type=file]").set_input_files(file)
        for field, column in {
            "Person": "visitor",
            "Arm": "seen",
            "Their agent": "twin",
            "purchase intent": "intent",
        }.items():
            page.get_by_label(field, exact=True).select_option(column)
        page.get_by_label("Source").fill("Panel of May")
        page.get_by_role("button", name="Add their answers").click()
        expect(page.get_by_text("With the answers of 90 people: Evidence grade A")).to_be_visible()
        row = page.get_by_role("row", name="purchase intent").filter(has_text="against emotional appeal").first
        expect(row).to_contain_text("AEffective n", timeout=30_000)
        assert page.evaluate("window.attacked") is None
        assert visit.faults == []


def test_events_are_followed_as_they_are_published_with_their_schema(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/events?message=simulation-created", "Nothing has happened since this page was opened")
        expect(page.get_by_text("rehearsal.evt.default.orchestrator.simulation-created.v1.*")).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
        identity = hostile_simulation(platform.url)
        page.get_by_text("rehearsal.orchestrator.simulation-created.v1").click()
        expect(page.locator(".tail pre")).to_contain_text(ATTACK.replace('"', '\\"'))
        expect(page.locator(".tail summary")).to_contain_text(identity)
        expect(page.get_by_text("Every message was handled.")).to_be_visible()
        assert page.evaluate("window.attacked") is None
        assert visit.faults == []


def test_ten_thousand_agents_are_shown_at_once(browser: Browser, platform: EmbeddedPlatform, sample: str) -> None:
    with told_of_ten_thousand(browser, platform.url, sample, 0.0):
        pass


def test_ten_thousand_agents_make_no_frame_slow(browser: Browser, platform: EmbeddedPlatform, sample: str) -> None:
    slow = [math.inf]
    while min(slow) > SLOW_FRAME_MS and len(slow) <= 3:
        slow.append(slowest_frame(browser, platform.url, sample))
    assert min(slow) <= BUSY * SLOW_FRAME_MS, slow


def test_what_people_wrote_is_shown_as_text(browser: Browser, platform: EmbeddedPlatform, other: str) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/", "Simulations")
        expect(page.get_by_text(ATTACK).first).to_be_visible()
        for tab in ("monitor", "results", "people", "health"):
            page = visit.open(f"/ui/simulations/{other}?tab={tab}", ATTACK)
            assert page.evaluate("window.attacked") is None
            assert page.locator("img[src=x]").count() == 0
        page = visit.open(f"/ui/simulations/{other}?tab=monitor", ATTACK)
        expect(page.locator("blockquote", has_text=ATTACK).first).to_be_visible()
        assert visit.faults == []


def test_old_addresses_lead_to_where_their_pages_are_now(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open(f"/ui/simulation.html?id={sample}", "Email Campaign A/B Test")
        assert page.url.endswith(f"/ui/simulations/{sample}")
        assert visit.open("/ui/docs.html", "API").url.endswith("/ui/api")


def test_a_brand_whose_colours_cannot_be_read_is_made_readable(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    brand = {"name": "Sunshine Research", "logo": "/ui/icon.svg", "primary": "#ffe600", "primary_dark": "#301000"}
    for scheme in ("light", "dark"):
        with Visit(browser, platform.url, scheme=scheme) as visit:
            visit.page.route("**/ui/brand.json", lambda route: route.fulfill(json=brand))
            page = visit.open("/ui/", "Simulations")
            expect(page.get_by_role("link", name="Sunshine Research")).to_be_visible()
            assert visit.grave_violations_everywhere() == []


def test_a_page_goes_on_by_itself_after_the_platform_was_killed(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/", "Simulations")
        status = page.get_by_role("status")
        expect(status).to_have_text("Live")
        platform.kill()
        expect(status).to_have_text("Reconnecting")
        platform.start()
        expect(status).to_have_text("Live", timeout=30_000)
        hostile_simulation(platform.url, name="Born after the crash")
        expect(page.get_by_role("link", name="Born after the crash")).to_be_visible()


def hostile_simulation(url: str, name: str = ATTACK) -> str:
    """A completed simulation in which every text a person may write is an attack."""
    population: Any = {"name": ATTACK, "demographic_base": "usa_demographics", "size": 12, "seed": 3}
    made = HTTP.post(f"{url}/agent-populations/create", json=population)
    variants = [{"name": arm, "content": f"{arm} {ATTACK}", "channel": "email"} for arm in ("a", "b")]
    body = {"name": name, "type": "marketing_intervention", "variants": variants, "success_metrics": ["open_rate"]}
    intervention = HTTP.post(f"{url}/interventions/create", json={**body, "population_id": made.json()["id"]})
    run = HTTP.post(f"{url}/interventions/{intervention.json()['id']}/execute", json={"seed": 3})
    assert run.status_code < 300, run.text
    identity: str = run.json()["simulation_id"]
    wait_for(url, identity)
    return identity
