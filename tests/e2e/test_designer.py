"""The designer in a real browser: a draft that the platform keeps, its versions, trials, margins, and ways out."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Visit, running_browser
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import wait_for

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
        assert visit.grave_violations() == []
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
        assert visit.grave_violations() == []
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
        assert visit.grave_violations() == []
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
        page.get_by_label("What is asked").fill("no_such_metric")
        expect(page.get_by_role("button", name=re.compile("protocol.0.metrics.0"))).to_be_visible()
        page.get_by_label("What is asked").fill("purchase_intent")
        page.get_by_role("toolbar").get_by_role("button", name="Conversation").click()
        page.get_by_role("button", name="Step 2 says nothing yet.").click()
        page.get_by_label("What it is about").fill("Breakfast")
        page.get_by_role("toolbar").get_by_role("button", name="Journey").click()
        page.get_by_role("button", name="first has nothing to show yet.").click()
        page.get_by_label("What is shown").fill("Still thirsty?")
        page.get_by_role("button", name="Earlier").click()
        expect(page.get_by_text("Everything is there.")).to_be_visible()
        assert visit.grave_violations() == []
        page.get_by_role("button", name="Keep on the platform").click()
        expect(page.get_by_text("Draft saved on the platform, never published")).to_be_visible()
        study = kept(platform)["study"]
        assert "intervention" not in study
        assert [{"content", "touchpoints", "topic"} & set(one) for one in study["protocol"]] == [
            {"content"},
            {"touchpoints"},
            {"topic"},
        ]
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_url("**/simulations/**", timeout=60_000)
        identity = page.url.rsplit("/", 1)[-1].partition("?")[0]
        assert visit.faults == []
    assert wait_for(platform.url, identity)["progress"]["answered"] >= 12


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
