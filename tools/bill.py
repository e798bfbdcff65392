"""The bill of materials of an image's Python packages: what the lock says of them, and what was installed on top.

`python bill.py LOCKED.json INSTALLED.json` (`uv export --format cyclonedx1.5`, `uv pip list --format json`) prints
it. Standard library alone, because the build stage of an image runs it.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any


def complete(bill: dict[str, Any], installed: list[dict[str, str]]) -> dict[str, Any]:
    """The bill with a component for each package that it does not list; ours is what the image is."""
    known = {part["name"] for part in bill["components"]} | {"rehearsal"}
    names = {re.sub(r"[-_.]+", "-", package["name"]).lower(): package["version"] for package in installed}
    further = [
        {"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}
        for name, version in sorted(names.items())
        if name not in known
    ]
    return bill | {"components": bill["components"] + further}


if __name__ == "__main__":
    locked, found = (json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:])
    json.dump(complete(locked, found), sys.stdout, separators=(",", ":"))
