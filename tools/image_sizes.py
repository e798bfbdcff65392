"""How large the images are: `python -m tools.image_sizes [SERVICE…]`, without Docker.

Of each service it makes the environment that its image gets (deploy/docker/Dockerfile: from the lock, compiled, slim),
prints its megabytes, those of its largest packages, and what a registry would send of it (gzip). The base image is on
top.
"""

import os
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path

from services.embedded.platform import SERVICES
from tools.slim import keep, prune, slim

IMAGES = (*SERVICES, "gateway", "cli")
UV = Path(__file__).parents[1] / ".tools" / "uv" / "bin" / "uv"
MB = 1_000_000
SHOWN = 3


def build(service: str, folder: Path) -> Path:
    """The environment of an image."""
    extras = [part for name in (service, "postgres", "otlp") for part in ("--extra", name)]
    command = [str(UV), "sync", "--locked", "--quiet", "--no-dev", "--no-editable", "--compile-bytecode", *extras]
    environment = os.environ | {"UV_PROJECT_ENVIRONMENT": str(folder), "UV_LINK_MODE": "copy"}
    subprocess.run([*command, "--python", sys.executable], env=environment, check=True, stderr=subprocess.DEVNULL)
    slim(folder)
    keep(folder, service)
    prune(folder)
    return folder


def sizes(environment: Path) -> Counter[str]:
    """Bytes of each package."""
    [packages] = environment.glob("lib/python3.*/site-packages")
    found: Counter[str] = Counter()
    for path in environment.rglob("*"):
        if path.is_file() and not path.is_symlink():
            inside = path.relative_to(packages).parts[0] if path.is_relative_to(packages) else "other"
            found[inside.removesuffix(".libs")] += path.stat().st_size
    return found


def sent(environment: Path, folder: Path) -> int:
    """Bytes of the layer in a registry."""
    packed = folder / "layer.tar.gz"
    with tarfile.open(packed, "w:gz", compresslevel=6) as layer:
        layer.add(environment, arcname=".")
    return packed.stat().st_size


def main(services: list[str]) -> None:
    """Print a line for each."""
    for service in services or IMAGES:
        with tempfile.TemporaryDirectory() as name:
            environment = build(service, Path(name) / "venv")
            found = sizes(environment)
            largest = ", ".join(f"{package} {size / MB:.0f}" for package, size in found.most_common(SHOWN))
            total, packed = found.total() / MB, sent(environment, Path(name)) / MB
        sys.stdout.write(f"{service:14} {total:4.0f} MB, {packed:4.0f} MB to pull; largest: {largest}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
