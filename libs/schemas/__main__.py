"""`python -m libs.schemas`: write schemas/ and docs/events.md. `--check`: fail on drift, and on breaking changes."""

import json
import subprocess
import sys
from pathlib import Path

from libs.schemas.compatibility import breaking_changes
from libs.schemas.events_page import events_page
from libs.schemas.render import EVENTS, render

ROOT = Path(__file__).parents[2]


def main(arguments: list[str]) -> int:
    """The exit code: 0 when everything is as it should be."""
    files = generated()
    if "--check" not in arguments:
        for name, text in files.items():
            path = ROOT / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return 0
    problems = drift(files) + incompatibilities(files, published_in())
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


def generated() -> dict[str, str]:
    """Every file that is made from the contracts, by its path from the root."""
    return render() | {"docs/events.md": events_page()}


def drift(files: dict[str, str]) -> list[str]:
    """Generated files that are not as the contracts say, or that no contract asks for."""
    problems = [
        f"{name} is not what the contracts say; run `make schemas`"
        for name, text in files.items()
        if not (ROOT / name).exists() or (ROOT / name).read_text() != text
    ]
    orphans = {f"{EVENTS}/{path.name}" for path in (ROOT / EVENTS).glob("*.json")} - files.keys()
    return problems + [f"{name} belongs to no message" for name in sorted(orphans)]


def incompatibilities(files: dict[str, str], reference: str | None) -> list[str]:
    """What the event schemas break against a published state of them."""
    if reference is None:
        return []
    problems = []
    for name, text in files.items():
        if name.startswith(EVENTS) and (published := _git("show", f"{reference}:{name}")):
            for change in breaking_changes(json.loads(published), json.loads(text)):
                problems.append(f"{name}: {change} since {reference}; publish a new major version beside it")
    return problems


def published_in() -> str | None:
    """The git revision whose schemas count as published: the newest release tag, else the commit before."""
    tag = (_git("describe", "--tags", "--abbrev=0", "--match", "v*") or "").strip()
    return tag or ("HEAD^" if _git("rev-parse", "--verify", "--quiet", "HEAD^") else None)


def _git(*arguments: str) -> str | None:
    result = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    return result.stdout if result.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
