"""The page is served, cached by its ETag, and holds nothing that the policy would have to allow inline."""

import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

UI = Path("services/gateway/ui")
PAGES = sorted(path.name for path in UI.glob("*.html"))
SCRIPTS = sorted(path.name for path in UI.glob("*.js"))


class Inline(HTMLParser):
    """Collects what is inline, and what is referred to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.references: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.found.append(f"{tag} {name}")
            if name in {"src", "href"} and value and value.startswith("/ui/"):
                self.references.append(value)

    def handle_data(self, data: str) -> None:
        if self._within in {"script", "style"} and data.strip():
            self.found.append(f"inline {self._within}")


def test_there_are_pages_and_scripts() -> None:
    assert PAGES == ["docs.html", "index.html", "simulation.html"]
    assert SCRIPTS


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_holds_nothing_inline_and_all_it_refers_to_is_there(gateway: httpx.AsyncClient, page: str) -> None:
    text = (await gateway.get(f"/ui/{page}")).text
    parser = Inline()
    parser.feed(text)
    assert parser.found == []
    assert any(reference.endswith(".js") for reference in parser.references)
    for reference in parser.references:
        assert (await gateway.get(reference)).status_code == 200, reference


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_never_makes_markup_out_of_text(script: str) -> None:
    source = (UI / script).read_text()
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"):
        assert way not in source


@pytest.mark.parametrize("script", SCRIPTS)
async def test_modules_that_a_script_imports_are_there(gateway: httpx.AsyncClient, script: str) -> None:
    for name in re.findall(r'from "\./([^"]+)"', (UI / script).read_text()):
        answer = await gateway.get(f"/ui/{name}")
        assert answer.status_code == 200
        assert "javascript" in answer.headers["content-type"]


async def test_the_root_leads_to_the_page(gateway: httpx.AsyncClient) -> None:
    answer = await gateway.get("/")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/ui/"
    page = await gateway.get("/ui/")
    assert page.headers["content-type"].startswith("text/html")
    assert "rehearsal run examples/email_ab.yaml" in page.text


async def test_an_unchanged_file_is_not_sent_twice(gateway: httpx.AsyncClient) -> None:
    first = await gateway.get("/ui/style.css")
    assert first.headers["cache-control"] == "no-cache"
    again = await gateway.get("/ui/style.css", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""
