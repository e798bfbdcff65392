"""The forms of the designer in a real browser: what they ask, what they warn of, and what they say of a draft."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import Visit, running_browser
from tests.support.platforms import EmbeddedPlatform

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


@pytest.mark.parametrize("another", ["New", "New protocol"])
def test_what_one_study_takes_is_not_said_of_the_next(
    browser: Browser, platform: EmbeddedPlatform, another: str
) -> None:
    with Visit(browser, platform.url) as visit:
        page = from_the_example(visit)
        told = page.get_by_role("region").filter(has_text="People asked")
        expect(told).to_be_visible()
        expect(page.get_by_role("region", name="Can it find anything?")).to_be_visible()
        page.get_by_role("button", name=another, exact=True).click()
        expect(told).to_have_count(0)
        expect(page.get_by_role("region", name="Can it find anything?")).to_have_count(0)
        assert visit.faults == []


def test_numbers_of_the_design_before_a_change_are_marked_until_there_are_new_ones(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    stale = "of the design before the last change"
    with Visit(browser, platform.url) as visit:
        page = from_the_example(visit)
        told = page.get_by_role("region", name="What it takes")
        expect(told).to_be_visible()
        page.route("**/studies/validate", lambda route: None)  # no answer comes
        page.get_by_label("People", exact=True).first.fill("150")
        expect(told).to_contain_text(stale)
        page.unroute("**/studies/validate")
        page.get_by_label("People", exact=True).first.fill("160")
        expect(told).not_to_contain_text(stale)
        assert visit.faults == []


def test_words_nobody_is_drawn_by_and_a_hopeless_design_are_said_before_it_runs(
    browser: Browser, platform: EmbeddedPlatform
) -> None:
    with Visit(browser, platform.url) as visit:
        page = from_the_example(visit)
        before = page.get_by_role("region", name="Before it runs")
        page.goto(f"{platform.url}/ui/design?node=segment:1")
        page.get_by_role("textbox", name="Who they are").fill("drive to work by car")
        expect(before).to_contain_text("so nobody is drawn by it: drive to work by car")
        page.goto(f"{platform.url}/ui/design?node=population")
        page.get_by_label("People", exact=True).first.fill("200")
        expect(before).to_contain_text("Hopeless: it is more likely to miss its primary effect than to find it.")
        expect(before).to_contain_text("Nothing is missing, but look at this:")
        power = page.get_by_role("region", name="Can it find anything?")
        expect(power).to_contain_text(re.compile(r"Finds effects from \d+\.\d percentage points on"))
        expect(before).not_to_contain_text("Everything is there.")
        assert visit.grave_violations_everywhere() == []
        before.get_by_role("button", name="Hopeless").click()
        expect(page.get_by_role("region", name="Analysis")).to_be_visible()
        assert visit.faults == []


def test_a_file_is_read_alike_by_readers_of_every_yaml(browser: Browser, platform: EmbeddedPlatform) -> None:
    options = [
        "yes",
        "no",
        "unsure",
        "Off",
        "y",
        "null",
        "017",
        "12:30",
        "2025-01-01",
        "1_000",
        "=",
        "a\tb",
        "c\u2028d",
    ]
    with Visit(browser, platform.url) as visit:
        page = from_the_example(visit)
        page.get_by_role("button", name="View as").click()
        shown = page.get_by_role("tabpanel").locator("pre")
        study = yaml.safe_load(shown.inner_text())
        page.get_by_role("button", name="Close").click()
        asked = {"name": "vote", "type": "choice", "question": "Would you?", "options": options}
        study["intervention"]["success_metrics"] = [asked]
        with page.expect_file_chooser() as waiting:
            page.get_by_role("button", name="Open a file").click()
        waiting.value.set_files({"name": "s.json", "mimeType": "", "buffer": json.dumps(study).encode()})
        page.get_by_role("button", name="View as").click()
        expect(shown).to_contain_text("vote")
        assert yaml.safe_load(shown.inner_text()) == study
        assert visit.faults == []


def test_a_question_of_ones_own_is_a_guardrail_with_a_margin(browser: Browser, platform: EmbeddedPlatform) -> None:
    with Visit(browser, platform.url) as visit:
        page = from_the_example(visit)
        page.get_by_role("button", name="Question", exact=True).click()
        analysis = page.get_by_role("region", name="Analysis")
        asked = analysis.get_by_role("region", name="question")
        asked.get_by_role("textbox", name="Question").fill("How much does it annoy you?")
        asked.get_by_label("What it is for").select_option("guardrail")
        asked.get_by_label("Which way is good").select_option("lower")
        asked.get_by_label("Harm that would not matter").fill("0.3")
        expect(analysis.locator(".metrics li", has_text="Question")).to_contain_text("guardrail")
        assert visit.grave_violations_everywhere() == []
        question = file_of(page)["intervention"]["success_metrics"][-1]
        assert (question["role"], question["better"], question["margin"]) == ("guardrail", "lower", 0.3)
        analysis.locator(".metrics li", has_text="Question").get_by_role("button", name="Make primary").click()
        metrics = file_of(page)["intervention"]["success_metrics"]
        assert (metrics[0]["name"], metrics[0]["role"], metrics[0]["margin"]) == ("question", None, None)
        assert visit.faults == []


def test_what_is_added_opens_and_says_what_it_still_needs(browser: Browser, platform: EmbeddedPlatform) -> None:
    with Visit(browser, platform.url) as visit:
        page = from_the_example(visit)
        for kind, form in (("Segment", "Segment: segment"), ("Variant", "Variant: variant"), ("Question", "Analysis")):
            page.get_by_role("button", name=kind, exact=True).click()
            expect(page.get_by_role("region", name=form)).to_be_visible()
        question = page.get_by_role("region", name="question")
        question.get_by_label("Answer").select_option("choice")
        before = page.get_by_role("region", name="Before it runs")
        expect(before).to_contain_text("question needs at least two options.")
        question.get_by_role("textbox", name="Options").press_sequentially("yes\n\nno\n")
        expect(before).not_to_contain_text("options")
        assert file_of(page)["intervention"]["success_metrics"][-1]["options"] == ["yes", "no"]
        assert visit.faults == []


def test_a_conversation_has_a_moderator_with_a_name(browser: Browser, platform: EmbeddedPlatform) -> None:
    with Visit(browser, platform.url) as visit:
        page = visit.open("/ui/design", "Design a study")
        page.get_by_role("button", name="New protocol").click()
        page.get_by_role("button", name="Conversation", exact=True).click()
        page.get_by_label("Name of the moderator").fill("Ruth")
        assert file_of(page)["protocol"][1]["moderator"] == "Ruth"
        assert visit.faults == []


def file_of(page: Page) -> Any:
    """The study as its file has it."""
    page.get_by_role("button", name="View as").click()
    file = yaml.safe_load(page.get_by_role("tabpanel").locator("pre").inner_text())
    page.get_by_role("button", name="Close").click()
    return file
