"""Artefacts: what agents make with tools. Their text is an agent's, so it is untrusted wherever it goes.

An artefact is never changed; a later one of the same name stands for it from then on. Its id derives from the turn and
the place in it, so a turn that is recorded again makes the same artefact.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from libs.contracts.ids import derived_id

Format = Literal["markdown", "json", "text"]
MAX_NAME = 120
MAX_CONTENT = 20_000
_UNSAFE = re.compile(r"[^\w.-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something an agent made; `created_at` is on the simulated clock, None where there is none."""

    artefact_id: str
    tool: str
    type: str
    name: str
    format: Format
    content: str
    agent_id: str
    author: str
    created_at: datetime | None


def artefact_id(turn_id: str, action: int, place: int) -> str:
    """The id of the artefact at a place among those one action of a turn made."""
    return f"art_{derived_id('artefact', turn_id, action, place).hex}"


def newest(artefacts: Iterable[Artefact]) -> dict[str, Artefact]:
    """The last artefact of each name (case aside), in the order in which the names came up."""
    found: dict[str, Artefact] = {}
    for artefact in artefacts:
        found[artefact.name.casefold()] = artefact
    return found


def file_name(name: str, extension: str) -> str:
    """A name that is safe on every system: letters, digits, `-`, `_` and inner dots, and none that Windows reserves."""
    stem = _UNSAFE.sub("_", name).strip("._-")[:80].rstrip("._-") or "artefact"
    return f"{'_' if _RESERVED.fullmatch(stem) else ''}{stem}.{extension}"
