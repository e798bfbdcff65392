"""The pages in a real browser, against a whole platform: what a newcomer does, and what holds on every screen."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, ViewportSize, expect

from tests.support.browser import DESKTOP, PHONE, Visit, running_browser
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

EXAMPLES = Path("examples")
ATTACK = '<img src=x onerror="window.attacked=1"><script>window.attacked=1</script>{{7*7}}'
VIEWS = {
    "": "Simulations",
    "design": "Design a study",
    "design?node=segment:0": "Design a study",
    "design?node=analysis": "Design a study",
    "populations": "Populations",
    "settings": "Audit log",
    "api": "API",
    "simulations/{id}?tab=monitor": "Responses",
    "simulations/{id}?tab=results": "Differences from the baseline",
    "simulations/{id}?tab=people&metric=open_rate&trait=education": "Email Campaign A/B Test",
    "simulations/{id}?tab=people&agent=agent_0001": "What they said",
    "simulations/{id}?tab=health": "Health",
    "compare?first={id}": "Compare simulations",
    "validation": "What past comparisons teach",
    "events?message=simulation-created": "Dead letters",
}
ARMS = ("emotional_appeal", "rational_appeal")  # of the sample
WINDOWS = [("light", DESKTOP), ("dark", PHONE)]


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


def test_one_click_of_a_first_visit_leads_to_a_verdict_and_its_files(
    browser: Browser, platform: EmbeddedPlatform, sample: str, tmp_path: Path
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/", "Simulations")
        page.get_by_role("link", name="Email Campaign A/B Test").click()
        page.get_by_role("tab", name="Results").click()
        expect(page.get_by_text("Open rate is lower with rational appeal than with emotional appeal")).to_be_visible()
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Download CSV").click()
        file = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(file)
        assert visit.faults == []
    assert file.name == f"{sample}.csv"
    with file.open() as lines:
        assert len(list(csv.DictReader(lines))) >= 125


@pytest.mark.parametrize(("scheme", "size"), WINDOWS, ids=["desktop", "phone in the dark"])
def test_every_screen_is_accessible_fits_its_window_and_stays_at_home(
    browser: Browser, platform: EmbeddedPlatform, sample: str, scheme: str, size: ViewportSize
) -> None:
    with Visit(browser, platform.url, scheme=scheme, size=size) as visit:
        for path, heading in VIEWS.items():
            visit.open(f"/ui/{path.format(id=sample)}", heading)
            assert visit.grave_violations() == [], path
            assert visit.overflow() <= 0, path
            assert visit.faults == [], path


def test_a_study_of_ones_own_is_designed_run_and_has_a_verdict(browser: Browser, platform: EmbeddedPlatform) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/design", "Design a study")
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
        assert page.evaluate("window.attacked") is None
        assert visit.faults == []


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
        assert visit.grave_violations() == []
        page.get_by_label("What you say").fill(f"What do you think of oat milk? {ATTACK}")
        page.get_by_role("button", name="Say it").click()
        expect(page.locator(".line-person")).to_have_count(1, timeout=60_000)
        assert page.evaluate("window.attacked") is None
        assert visit.faults == []


def test_a_key_is_made_and_revoked_and_a_link_shared(browser: Browser, platform: EmbeddedPlatform, sample: str) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/settings", "Audit log")
        page.get_by_label("Name").fill("Reporting")
        page.get_by_role("button", name="Make a key").click()
        expect(page.locator("pre", has_text="rk_")).to_be_visible()
        row = page.get_by_role("row", name="Reporting")
        row.get_by_role("button", name="Revoke").click()
        expect(row.get_by_text("revoked")).to_be_visible()
        page = visit.open(f"/ui/simulations/{sample}?tab=results", "Exports")
        page.get_by_role("button", name="Share a link").click()
        shared = page.locator("pre", has_text="/shared/rk_").inner_text()
        assert HTTP.get(shared).status_code == 200
        assert visit.faults == []


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


def test_two_simulations_are_compared_only_in_what_both_asked_alike(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    other = hostile_simulation(platform.url)
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
        assert visit.grave_violations() == []
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


def test_the_past_of_ten_thousand_agents_arrives_without_holding_the_page_up(
    browser: Browser, platform: EmbeddedPlatform, sample: str
) -> None:
    with Visit(browser, platform.url) as visit:
        visit.page.route(f"**/simulations/{sample}/stream", lambda route: route.fulfill(body=past_of(10_000)))
        visit.page.add_init_script(
            "window.long = []; new PerformanceObserver(list => list.getEntries().forEach(one =>"
            " window.long.push(one.duration))).observe({type: 'longtask', buffered: true})"
        )
        page = visit.open(f"/ui/simulations/{sample}?tab=monitor", "Responses")
        expect(page.get_by_text("10,000 of 10,000 answered", exact=True)).to_be_visible()
        expect(page.get_by_role("img", name="Activity: 10,000 agents")).to_be_visible()
        assert page.evaluate("document.querySelectorAll('*').length") < 1_500  # elements do not grow with agents
        assert page.evaluate("window.long.reduce((sum, one) => sum + one, 0)") < 3_000  # of work, however it is cut
        assert visit.faults == []


def past_of(agents: int) -> str:
    """What the stream of a large simulation tells at once: the step, and everybody's response in few events."""
    metric = {"name": "open_rate", "type": "binary", "role": "primary", "minimum": None, "maximum": None}
    place = {"step_id": "s", "round": 1, "timeline_id": "main", "place": 0}
    step = {**place, "planned": dict.fromkeys(ARMS, agents // 2), "stimuli": {}, "metrics": [metric]}
    responses: list[dict[str, Any]] = [
        {
            "arm": ARMS[number % 2],
            "agent_id": f"agent_{number}",
            "name": f"Person {number}",
            "segment": None,
            "status": "answered",
            "answers": {"open_rate": number % 3 == 0},
            "response": "I would open it.",
            "sentiment": 0.1,
            "responded_at": f"2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
        }
        for number in range(agents)
    ]
    events = [("step-started", step)]
    events += [
        ("responses-recorded", {**place, "responses": responses[at : at + 4_000]}) for at in range(0, agents, 4_000)
    ]
    return "".join(f"event: {name}\ndata: {json.dumps(data)}\nid: 1.{n}\n\n" for n, (name, data) in enumerate(events))


def test_what_people_wrote_is_shown_as_text(browser: Browser, platform: EmbeddedPlatform) -> None:
    identity = hostile_simulation(platform.url)
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/", "Simulations")
        expect(page.get_by_text(ATTACK).first).to_be_visible()
        for tab in ("monitor", "results", "people", "health"):
            page = visit.open(f"/ui/simulations/{identity}?tab={tab}", ATTACK)
            assert page.evaluate("window.attacked") is None
            assert page.locator("img[src=x]").count() == 0
        page = visit.open(f"/ui/simulations/{identity}?tab=monitor", ATTACK)
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
            assert visit.grave_violations() == []


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
