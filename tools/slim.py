"""Take out of the environment of an image what its service never reads.

`python slim.py ENVIRONMENT` takes tests, sources in C, stubs of types and debugging symbols out of packages; with a
SERVICE, the other services; with `--alone`, where nothing was installed beside the lock, also the parts of packages
that nothing here imports. Standard library alone, because the build stage of an image runs it. `strip` is of binutils;
without it symbols stay. Libraries that wheels brought along (`*.libs`) were moved by patchelf, which strip does not
always survive: those stay as they are.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ALL = "cli"
"""Starts the whole platform, so it keeps every service."""
SOURCES = {".a", ".c", ".cpp", ".h", ".hpp", ".proto", ".pxd", ".pxi", ".pyi", ".pyx"}
UNUSED = (
    *("alembic/testing", "sqlalchemy/testing"),
    *(f"sqlalchemy/dialects/{name}" for name in ("mssql", "mysql", "oracle")),
    *(f"faststream/{name}" for name in ("confluent", "kafka", "mqtt", "rabbit", "redis")),
    *(f"google/{name}" for name in ("api", "cloud", "gapic", "logging", "longrunning", "rpc", "type")),
    *("cffi", "pycparser"),
)
"""What packages test others with, databases and buses that are not ours, what Google has beside protobuf, and the
compiler of cffi: cryptography is compiled."""


def slim(environment: Path) -> None:
    """What packages have and nobody runs."""
    packages = _packages(environment)
    for folder in sorted(path for path in packages.rglob("tests") if path.is_dir()):
        shutil.rmtree(folder, ignore_errors=True)  # one may lie in another
    for path in packages.rglob("*"):
        if path.suffix in SOURCES and path.is_file():
            path.unlink()
    libraries = [path for path in packages.rglob("*.so") if not path.relative_to(packages).parts[0].endswith(".libs")]
    if libraries and (strip := shutil.which("strip")) is not None:
        subprocess.run([strip, "--strip-unneeded", *map(str, libraries)], check=True)


def keep(environment: Path, service: str) -> None:
    """Of the services this one alone."""
    for folder in (_packages(environment) / "services").iterdir():
        if folder.is_dir() and service != ALL and folder.name not in {service, "__pycache__"}:
            shutil.rmtree(folder)


def prune(environment: Path) -> None:
    """What nothing here imports, though what comes on top might."""
    for part in UNUSED:
        shutil.rmtree(_packages(environment) / part, ignore_errors=True)


def _packages(environment: Path) -> Path:
    [packages] = environment.glob("lib/python3.*/site-packages")
    return packages


if __name__ == "__main__":
    target, *rest = sys.argv[1:]
    if rest:
        keep(Path(target), rest[0])
    else:
        slim(Path(target))
    if "--alone" in rest:
        prune(Path(target))
