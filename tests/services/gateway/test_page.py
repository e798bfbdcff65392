"""How the pages are served: nothing inline applies, what does not change is kept, and the first visit is small."""

import gzip
import json
import re
from pathlib import Path

import httpx
import pytest
import yaml
from starlette.applications import Starlette
from starlette.routing import Mount

from services.gateway.api.pages import BUILT, Pages

UI = Path("services/gateway/ui")
ENTRY_LIMIT = 180_000  # bytes, compressed
MARKUP = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "new Function",
    "srcdoc",
    "dangerously",
)

built = pytest.mark.skipif(not (BUILT / ".complete").exists(), reason="the pages are not built: make setup builds them")


def sources() -> list[Path]:
    return sorted(path for path in (UI / "src").rglob("*.ts*") if path.name != "schema.d.ts")


async def test_the_root_leads_to_the_pages_and_docs_to_the_explorer(gateway: httpx.AsyncClient) -> None:
    for path, place in {"/": "/ui/", "/ui": "/ui/", "/docs": "/ui/api"}.items():
        answer = await gateway.get(path)
        assert (answer.status_code, answer.headers["location"]) == (307, place)


@built
@pytest.mark.parametrize("path", ["/ui/", "/ui/simulations/sim_1", "/ui/docs.html", "/ui/nothing/of/that/name"])
async def test_every_address_of_the_pages_is_answered_with_their_start(gateway: httpx.AsyncClient, path: str) -> None:
    answer = await gateway.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert '<div id="root">' in answer.text


@built
async def test_each_visit_has_a_nonce_of_its_own_that_lets_its_styles_apply_and_no_scripts(
    gateway: httpx.AsyncClient,
) -> None:
    nonces = set()
    for _ in range(2):
        answer = await gateway.get("/ui/")
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'"
        assert "script-src" not in policy
        match = re.fullmatch(r"'self' 'nonce-([\w-]{20,})'", policy["style-src"])
        assert match
        assert f'nonce="{match[1]}"' in answer.text
        assert "__NONCE__" not in answer.text
        nonces.add(match[1])
    assert len(nonces) == 2


@built
async def test_the_start_holds_no_inline_script_or_style(gateway: httpx.AsyncClient) -> None:
    text = (await gateway.get("/ui/")).text
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", text)
    for reference in re.findall(r'(?:src|href)="(/ui/[^"]+)"', text):
        assert (await gateway.get(reference)).status_code == 200, reference


@built
async def test_assets_are_kept_for_ever_and_come_compressed_to_whoever_takes_that(gateway: httpx.AsyncClient) -> None:
    script = next(path for path in (BUILT / "assets").glob("index-*.js"))
    path = f"/ui/assets/{script.name}"
    packed = await gateway.get(path, headers={"accept-encoding": "gzip"})
    plain = await gateway.get(path, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == script.read_text()
    for answer in (packed, plain):
        assert "immutable" in answer.headers["cache-control"]
        assert "javascript" in answer.headers["content-type"]


@built
async def test_an_asset_of_another_build_is_not_found(gateway: httpx.AsyncClient) -> None:
    assert (await gateway.get("/ui/assets/index-gone.js")).status_code == 404


@built
@pytest.mark.parametrize("path", ["/ui/../settings.py", "/ui/%2e%2e/package.json", "/ui/assets/..%2f..%2fpackage.json"])
async def test_nothing_outside_of_the_built_pages_is_served(gateway: httpx.AsyncClient, path: str) -> None:
    answer = await gateway.get(path)
    assert "ServiceSettings" not in answer.text
    assert "devDependencies" not in answer.text


@built
def test_what_the_first_page_needs_is_small() -> None:
    manifest = json.loads((BUILT / "manifest.json").read_text())
    needed: set[str] = set()

    def add(name: str) -> None:
        entry = manifest[name]
        if entry["file"] not in needed:
            needed.update([entry["file"], *entry.get("css", [])])
            for other in entry.get("imports", []):
                add(other)

    add("index.html")
    size = sum(len(gzip.compress((BUILT / file).read_bytes(), 9)) for file in needed)
    assert size <= ENTRY_LIMIT, f"{size:,} bytes in {len(needed)} files"


@pytest.mark.parametrize("way", MARKUP)
def test_no_source_makes_markup_out_of_text(way: str) -> None:
    assert sources()
    assert [path.name for path in sources() if way in path.read_text()] == []


def test_the_lock_file_names_no_registry() -> None:
    lock = json.loads((UI / "package-lock.json").read_text())
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []


def test_the_sample_of_the_first_page_is_the_example() -> None:
    sample = json.loads((UI / "src/screens/simulations/sample.json").read_text())
    assert sample == yaml.safe_load(Path("examples/email_ab.yaml").read_text())


async def test_pages_that_are_not_built_say_what_to_do(tmp_path: Path) -> None:
    app = Starlette(routes=[Mount("/ui", Pages(tmp_path))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        answer = await client.get("/ui/")
    assert answer.status_code == 503
    assert "make setup" in answer.text


async def test_a_brand_of_ones_own_is_a_setting(tmp_path: Path) -> None:
    file = tmp_path / "brand.json"
    file.write_text(json.dumps({"name": "Sunshine Research", "primary": "#ffe600"}))
    app = Starlette(routes=[Mount("/ui", Pages(BUILT, file))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        answer = await client.get("/ui/brand.json")
    assert answer.json() == {"name": "Sunshine Research", "primary": "#ffe600"}
    assert answer.headers["cache-control"] == "no-cache"
