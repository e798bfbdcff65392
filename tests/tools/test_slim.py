"""How large the image of a light service is, without Docker: its environment as the build stage makes it."""

import subprocess
from pathlib import Path

import pytest

from tools.image_sizes import MB, UV, build, sizes

MOST_MB = 78
"""With the base image, some 120 MB, less than 200 MB."""
WORKS = (
    "import services.gateway.app, asyncpg, uvloop, alembic.command, sqlalchemy.dialects.sqlite.aiosqlite;"
    "import opentelemetry.exporter.otlp.proto.http.trace_exporter; from libs.http import identity;"
    "uvloop.install(); identity.new_key_pair()"
)
ALONE = (
    "from importlib.util import find_spec as there; assert there('services.gateway') and not there('services.models')"
)


def test_the_packages_of_a_light_service_are_small_and_whole(tmp_path: Path) -> None:
    if not UV.exists():
        pytest.skip("there is no uv; `make setup` brings it")
    try:
        environment = build("gateway", tmp_path / "venv")
    except subprocess.CalledProcessError:
        pytest.skip("the packages of the lock cannot be had here")
    assert sizes(environment).total() / MB < MOST_MB
    for program in (WORKS, ALONE):
        command = [environment / "bin" / "python", "-I", "-W", "error", "-c", program]
        subprocess.run(command, check=True, cwd=tmp_path)
