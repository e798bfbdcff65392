"""What images are built from agrees with what everybody else uses."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()


def test_images_are_built_with_the_uv_of_the_makefile() -> None:
    made = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    built = re.search(r"^ARG UV_VERSION=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert made is not None
    assert built is not None
    assert built[1] == made[1]


def test_every_service_that_can_be_an_image_has_its_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    services = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")} - {"embedded", "cli"}
    assert services <= extras.keys()
    assert {"postgres", "otlp"} <= extras.keys()


def test_an_image_gets_what_it_copies() -> None:
    allowed = (ROOT / ".dockerignore").read_text().split()
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    ]
    assert copied
    for name in map(Path, copied):
        assert any(f"!{one}" in allowed for one in (name, *name.parents)), name
        assert (ROOT / name).exists(), name


FINAL = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]


def test_an_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    assert re.search(r"^USER 10001$", FINAL, re.MULTILINE)
    assert "HEALTHCHECK" in FINAL
    assert "/healthz" in FINAL
    assert FINAL.index("USER 10001") < FINAL.index("ENTRYPOINT")


def test_an_image_brings_its_labels_and_its_bill_of_materials() -> None:
    for label in ("title", "description", "version", "revision", "licenses"):
        assert f"org.opencontainers.image.{label}=" in FINAL
    assert "--format cyclonedx1.5 --output-file /tmp/locked.json" in DOCKERFILE
    assert "bill.py /tmp/locked.json /tmp/installed.json > /app/sbom.cdx.json" in DOCKERFILE
    assert "COPY --from=build /app/sbom.cdx.json" in FINAL


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="only Debian can say what it has installed")
def test_a_second_bill_of_materials_lists_what_the_system_brings(tmp_path: Path) -> None:
    command = FINAL[FINAL.index("dpkg-query") : FINAL.index("\nCOPY")].replace("/app/", f"{tmp_path}/")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", command], check=True, env=environment)
    bill = json.loads((tmp_path / "system.cdx.json").read_text())
    found = {one["name"]: one for one in bill["components"]}
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.5")
    assert found["dpkg"]["purl"].startswith(f"pkg:deb/debian/dpkg@{found['dpkg']['version']}?arch=")


def test_an_image_is_built_from_the_lock_and_from_named_versions() -> None:
    assert not DOCKERFILE.startswith("# syntax")  # a builder's own is enough, and nothing has to be fetched for it
    assert not re.search(r"^(ADD|RUN .*(curl|wget|apt-get))", DOCKERFILE, re.MULTILINE)
    assert all("--locked" in line for line in re.findall(r"uv sync.*", DOCKERFILE))
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert bases
    assert all("${" in base and not base.endswith("latest") for base in bases)


def test_the_final_stage_has_no_compiler_and_no_package_manager_of_ours() -> None:
    assert "RUN useradd" in FINAL
    assert FINAL.count("\nRUN ") == 1
    assert "uv" not in re.findall(r"^COPY --from=build (\S+)", FINAL, re.MULTILINE)
