"""What images are built from agrees with what everybody else uses."""

import re
import tomllib
from pathlib import Path

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
    allowed = (ROOT / "deploy" / "docker" / "Dockerfile.dockerignore").read_text().split()
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for name in line.split()[:-1]
    ]
    assert copied
    for name in map(Path, copied):
        assert any(f"!{one}" in allowed for one in (name, *name.parents)), name
        assert (ROOT / name).exists(), name
