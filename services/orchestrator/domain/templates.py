"""The library of studies to begin with: files in library/, `<name>.v<version>.yaml`, checked like everybody's.

A template that changes gets a new file with the next version; the old one stays, because studies name what they came
from.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from libs.studies import YAML, StudyFile, read
from services.orchestrator.domain.study import Source

LIBRARY = Path(__file__).parent / "library"
FILE = re.compile(r"(?P<name>[a-z][a-z_]*)\.v(?P<version>\d+)\.yaml")


@dataclass(frozen=True, slots=True)
class StudyTemplate:
    """One version of a template."""

    name: str
    version: int
    file: StudyFile
    source: Source


@cache
def templates() -> Mapping[str, tuple[StudyTemplate, ...]]:
    """Every template with its versions, the newest last. Raises `InvalidStudyError` for a file that is no study."""
    found: dict[str, list[StudyTemplate]] = {}
    for path in sorted(LIBRARY.glob("*.yaml")):
        if (named := FILE.fullmatch(path.name)) is None:
            raise ValueError(f"{path.name} is not named <name>.v<version>.yaml")
        content = path.read_bytes()
        source = Source(YAML, content.decode())
        one = StudyTemplate(named["name"], int(named["version"]), read(content, YAML), source)
        found.setdefault(one.name, []).append(one)
    return {name: tuple(sorted(versions, key=lambda one: one.version)) for name, versions in found.items()}
