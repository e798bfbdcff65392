"""The designer in a real browser: a draft that the platform keeps, its versions, trials, margins, and ways out."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from libs.pages.rich import rendered
from tests.support.browser import Visit, running_browser
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import wait_for

ATTACK = '<img src=x onerror="window.attacked=1">'
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def platform(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform


def from_the_example(visit: Visit) -> Page:
    page = visit.open("/ui/design", "Design a study")
    page.get_by_role("button", name="Start from the example").click()
    return page


def sent_by(page: Page) -> object:
    """The body of the request that is shown as a shell command."""
    shown = page.get_by_role("tabpanel").locator("pre", has_text="curl")
    sent = re.search(r"--json '(.*)'$", shown.inner_text(), re.DOTALL)
    assert sent is not None
    return json.loads(sent[1].replace("'\\''", "'"))


def kept(platform: EmbeddedPlatform) -> dict[str, Any]:
    """The newest study that the platform keeps."""
    newest = HTTP.get(f"{platform.url}/studies").json()["items"][0]
    found: dict[str, Any] = HTTP.get(f"{platform.url}/studies/{newest['id']}").json()
    return found


def test_a_draft_is_kept_follows_every_change_and_a_version_of_it_runs(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    with Visit(browser, platform.url) as visit:
        page = from_the_example(visit)
        page.get_by_role("button", name="Keep on the platform").click()
        state = page.get_by_role("status").filter(has_text=re.compile("saved|Version"))
        expect(state).to_have_text("Draft saved on the platform, never published")
        page.get_by_role("button", name="Publish").click()
        expect(state).to_have_text("Version 1, published")
        page.get_by_role("textbox", name="Name").fill("Named anew")
        expect(state).to_have_text("Draft saved on the platform, changed since version 1")
        assert kept(platform)["study"]["population"]["name"] == "Named anew"
        page.reload()
        expect(state).to_have_text("Draft saved on the platform, changed since version 1")
        page.get_by_role("textbox", name="Name").fill("")
        expect(page.get_by_text("Kept in this browser until nothing is missing")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(state).to_have_text("Draft saved on the platform, changed since version 1")
        assert visit.grave_violations_everywhere() == []
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_role("tab", name="Results").wait_for()
        identity = page.url.rsplit("/", 1)[-1].partition("?")[0]
        assert visit.faults == []
    origin = wait_for(platform.url, identity)["origin"]
    assert (origin["study_id"], origin["study_version"]) == (kept(platform)["id"], 2)


def test_a_version_is_brought_back_as_the_draft_and_a_template_begins_another_study(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    with Visit(browser, platform.url) as visit:
        page = from_the_example(visit)
        page.get_by_role("button", name="Keep on the platform").click()
        page.get_by_role("button", name="Publish").click()
        page.get_by_role("textbox", name="Name").fill("Another name")
        expect(page.get_by_role("status").filter(has_text="changed since version 1")).to_be_visible()
        page.get_by_label("Open a version as the draft").select_option("1")
        expect(page.get_by_role("status").filter(has_text="Version 1, published")).to_be_visible()
        before = kept(platform)
        page.get_by_label("Start from").select_option("ab_test")
        expect(page.get_by_role("button", name="Keep on the platform")).to_be_enabled()
        assert kept(platform) == before
        assert visit.faults == []


def test_five_people_try_a_variant_in_its_form_and_what_they_said_is_known_again(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    def simulations() -> int:
        return len(HTTP.get(f"{platform.url}/simulations/list?limit=200").json()["items"])

    with Visit(browser, platform.url) as visit:
        page = from_the_example(visit)
        page.goto(f"{platform.url}/ui/design?node=variant:0")
        trial = page.get_by_role("region", name="Try this variant with 5 people")
        trial.get_by_role("button").click()
        expect(trial.get_by_role("listitem")).to_have_count(5, timeout=60_000)
        said = trial.get_by_role("listitem").all_inner_texts()
        before = simulations()
        page.reload()
        trial.get_by_role("button").click()
        expect(trial.get_by_role("listitem")).to_have_count(5, timeout=60_000)
        assert trial.get_by_role("listitem").all_inner_texts() == said
        assert simulations() == before
        assert visit.grave_violations_everywhere() == []
        page.get_by_label("What is shown").fill("Something else")
        expect(trial.get_by_role("listitem")).to_have_count(0)
        assert visit.faults == []


def test_margins_and_what_is_worth_finding_are_set_and_stand_in_the_file(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    with Visit(browser, platform.url) as visit:
        page = from_the_example(visit)
        page.get_by_label("Change the margin of").select_option("gender")
        margin = page.get_by_role("region", name="Gender")
        share = margin.get_by_label("Share of female, percent")
        share.fill("90")
        share.blur()
        expect(page.get_by_role("button", name="The shares of gender make")).to_be_visible()
        margin.get_by_role("button", name="Make it 100 %").click()
        expect(page.get_by_text("Everything is there.")).to_be_visible()
        assert visit.grave_violations_everywhere() == []
        page.goto(f"{platform.url}/ui/design?node=analysis")
        page.get_by_label("Smallest effect of open rate worth finding").fill("0.2")
        page.get_by_role("button", name="View as").click()
        shown = page.get_by_role("tabpanel").locator("pre")
        study = yaml.safe_load(shown.inner_text())
        assert sum(study["population"]["margins"]["gender"]["shares"].values()) == pytest.approx(1)
        assert study["intervention"]["mde"] == {"open_rate": 0.2}
        page.get_by_role("tab", name="curl").click()
        assert sent_by(page) == study
        started = HTTP.post(f"{platform.url}/studies/run", json=study)
        assert started.status_code == 202, started.text
        assert visit.faults == []


def test_a_protocol_is_designed_step_by_step_and_asked(browser: Browser, platform: EmbeddedPlatform) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/design", "Design a study")
        page.get_by_role("button", name="New protocol").click()
        page.get_by_label("People", exact=True).first.fill("6")
        page.get_by_role("button", name="Step 1 says nothing yet.").click()
        page.get_by_label("What is shown").fill("Oat milk costs 2.49 now.")
        page.get_by_text("What is asked").click()
        page.get_by_role("checkbox", name="Click through").check()  # asked of those who opened it, so that is asked too
        expect(page.get_by_text("open rate → click through")).to_be_visible()
        page.get_by_role("checkbox", name="Open rate").uncheck()
        page.get_by_role("checkbox", name="Purchase intent").check()
        page.get_by_role("button", name="A question of your own").click()
        expect(page.get_by_role("button", name="question asks nothing yet.")).to_be_visible()
        page.get_by_label("Question", exact=True).fill("How do you like it? 1 = not at all, 7 = very much.")
        expect(page.get_by_role("region", name="What it takes")).to_contain_text("People asked6")
        page.get_by_role("toolbar").get_by_role("button", name="Conversation").click()
        page.get_by_role("button", name="Step 2 says nothing yet.").click()
        page.get_by_label("What it is about").fill("Breakfast")
        page.get_by_label("Groups", exact=True).fill("4")
        expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
        page.get_by_role("button", name=re.compile(r"protocol\.1\.groups: a focus_group needs at least 2")).click()
        page.get_by_label("Groups", exact=True).fill("2")
        page.get_by_label("What it is called").fill("Milk")
        page.get_by_role("toolbar").get_by_role("button", name="Journey").click()
        page.get_by_role("button", name="first has nothing to show yet.").click()
        page.get_by_label("What is shown").fill("Still thirsty?")
        page.get_by_role("button", name="Earlier", exact=True).click()
        expect(page.get_by_text("Everything is there.")).to_be_visible()
        assert visit.grave_violations_everywhere() == []
        page.get_by_role("button", name="Keep on the platform").click()
        expect(page.get_by_text("Draft saved on the platform, never published")).to_be_visible()
        study = kept(platform)["study"]
        assert "intervention" not in study
        assert (study["name"], study["model"]) == ("Milk", "offline")
        assert [one if isinstance(one, str) else one["name"] for one in study["protocol"][0]["metrics"]] == [
            "purchase_intent",
            "question",
        ]
        assert [{"content", "touchpoints", "topic"} & set(one) for one in study["protocol"]] == [
            {"content"},
            {"touchpoints"},
            {"topic"},
        ]
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_url("**/simulations/**", timeout=60_000)
        identity = page.url.rsplit("/", 1)[-1].partition("?")[0]
        visit.open(f"/ui/simulations/{identity}?tab=results", "Milk")
        expect(page.get_by_role("button", name="Download Transcript")).to_be_visible()
        visit.open("/ui/design", "Design a study").get_by_role("button", name="Pilot with 5 people").click()
        page.wait_for_url("**/simulations/**", timeout=60_000)
        pilot = page.url.rsplit("/", 1)[-1].partition("?")[0]
        assert visit.faults == []
    assert wait_for(platform.url, identity)["progress"]["answered"] >= 12
    assert wait_for(platform.url, pilot)["progress"]["answered"] >= 10


def test_a_variant_is_written_as_formatted_text_and_kept_as_markdown(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/design?node=variant:0", "Design a study")
        page.get_by_label("What is shown").fill("Half price\n\nFrom 2 * 3 to <b>Sunday</b>")
        page.get_by_text("Formatted", exact=True).click()
        box = page.get_by_role("textbox", name="What is shown")
        expect(box).to_have_attribute("contenteditable", "true")
        box.press("Control+End")
        tools = page.get_by_role("toolbar", name="Formatting")
        tools.get_by_role("button", name="Bold").click()
        box.press_sequentially(f" today{ATTACK}")
        box.press("Enter")
        tools.get_by_role("button", name="Picture").click()
        page.get_by_label("Address", exact=True).fill("http://example.org/crate.png")
        page.get_by_label("What is to be seen", exact=True).fill("a crate of apples")
        put = page.get_by_role("button", name="Put it in")
        expect(put).to_be_disabled()  # nothing but https
        page.get_by_label("Address", exact=True).fill("https://example.org/crate.png")
        put.click()
        box.press("Enter")
        tools.get_by_role("button", name="Link").click()
        page.get_by_label("Address", exact=True).fill("https://example.org/shop")
        page.get_by_role("button", name="Set the link").click()
        assert visit.grave_violations_everywhere() == []
        seen = page.get_by_role("figure", name="Preview: email")
        expect(seen.locator("strong")).to_contain_text("today<img")
        expect(seen).to_contain_text("a crate of apples")
        page.reload()  # what is kept is read again
        expect(page.get_by_role("textbox", name="What is shown")).to_contain_text("From 2 * 3 to <b>Sunday</b>")
        page.get_by_role("button", name="View as").click()
        study = yaml.safe_load(page.get_by_role("tabpanel").locator("pre").inner_text())
        assert page.evaluate("window.attacked") is None
        assert visit.faults == []  # of these addresses nothing was asked
    variant = study["intervention"]["variants"][0]
    assert variant["format"] == "markdown"
    text, rich = rendered(variant["content"], "markdown", [], "content")
    assert text.splitlines() == [
        "Half price",
        f"From 2 * 3 to <b>Sunday</b> today{ATTACK}",
        "[Picture: a crate of apples]",
        "https://example.org/shop",
    ]
    assert rich is not None
    assert "<script" not in str(rich.html)


def test_a_variant_becomes_a_sequence_of_contacts_with_times_and_conditions(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/design?node=variant:0", "Design a study")
        page.get_by_label("What is shown").fill("Your check is due.")
        page.get_by_text("A sequence", exact=True).click()
        first, second = (page.get_by_role("region", name=f"Contact {number}") for number in (1, 2))
        first.get_by_role("checkbox", name="open rate").check()
        expect(page.get_by_role("button", name="A contact of a has nothing to show yet: second.")).to_be_visible()
        second.get_by_label("What is shown").fill("Two places are left.")
        second.get_by_label("Wait before it: Days later").fill("3")
        expect(second).to_contain_text("3 days after the start")
        second.get_by_label("Who meets it").select_option("Those whose open rate is no")
        second.get_by_label("Channel").select_option("sms")
        expect(page.get_by_role("figure")).to_have_count(2)
        page.goto(f"{platform.url}/ui/design?node=variant:1")
        page.get_by_label("What is shown").fill("Your check is due, once.")
        expect(page.get_by_text("Everything is there.")).to_be_visible()
        assert visit.grave_violations_everywhere() == []
        page.get_by_role("button", name="Keep on the platform").click()
        expect(page.get_by_text("Draft saved on the platform, never published")).to_be_visible()
        assert visit.faults == []
    contacts = kept(platform)["study"]["intervention"]["variants"][0]["touchpoints"]
    assert [one["content"] for one in contacts] == ["Your check is due.", "Two places are left."]
    assert contacts[1]["condition"]["metric"] == "open_rate"
    assert (contacts[1]["condition"]["value"], contacts[1]["channel"]) == (False, "sms")
    assert contacts[1]["after"] == "P3D"


@pytest.mark.parametrize("name", ["survey", "focus_group", "customer_journey", "policy_change"])
def test_a_template_is_drawn_and_shown_again_without_a_loss(
    browser: Browser, platform: EmbeddedPlatform, name: str
) -> None:
    template = HTTP.get(f"{platform.url}/studies/templates/{name}").json()["study"]
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/design", "Design a study")
        page.get_by_label("Start from").select_option(name)
        page.get_by_role("button", name="View as").click()
        page.get_by_role("tab", name="curl").click()
        assert sent_by(page) == template
        assert visit.faults == []
