"""What the pages of the project say about the code is true, and their links lead somewhere."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from libs.contracts.registry import MESSAGES, consumed_by
from libs.schemas.__main__ import drift, generated
from services.gateway.domain.owners import OWNER_OF_PREFIX

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "services", "libs", "schemas", "examples", "deploy", "tests", "bench", "chaos")
FOUND = [*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))]
PAGES = sorted(page for page in FOUND if "node_modules" not in page.parts)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAME = re.compile(r"`([a-z-]+)`")


class Row(NamedTuple):
    """A line of the table in services/README.md."""

    consumes: set[str]
    publishes: set[str]
    sends: set[str]
    paths: set[str]


def table() -> dict[str, Row]:
    rows = {}
    for line in (ROOT / "services" / "README.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        service = re.match(r"\[(\w+)\]", cells[0])
        if line.startswith("|") and service and len(cells) == 5:
            publishes, _, sends = cells[3].partition("sends")
            named = [set(NAME.findall(text)) for text in (cells[2], publishes, sends)]
            rows[service[1]] = Row(*named, paths=set(re.findall(r"`(/[\w-]+)`", cells[4])))
    return rows


@pytest.mark.parametrize("service", sorted(table()))
def test_the_table_of_services_says_who_receives_and_who_sends_what(service: str) -> None:
    row = table()[service]
    assert row.consumes == {message.contract.name for message in consumed_by(service)}
    contracts = {message.__name__: message.contract for message in MESSAGES}
    events = ROOT / "services" / service / "events.py"
    built = set(re.findall(r"\b([A-Z]\w+)\(", events.read_text())) if events.exists() else set()
    sent = [contracts[name] for name in built & contracts.keys()]
    assert row.publishes == {contract.name for contract in sent if contract.kind == "evt"}
    assert row.sends == {contract.name for contract in sent if contract.kind == "cmd"}


def test_the_table_names_every_service_and_its_public_paths() -> None:
    rows = table()
    assert set(rows) == {path.parent.name for path in (ROOT / "services").glob("*/settings.py")}
    owned = {prefix: service for service, row in rows.items() for prefix in row.paths - {"/v1"}}
    assert owned == {f"/{prefix}": service for prefix, service in OWNER_OF_PREFIX.items()}


def test_generated_files_are_what_the_contracts_say() -> None:
    assert drift(generated()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+?) *$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
