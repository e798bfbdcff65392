"""Fragments: reusable pieces of persona with numeric trait effects, read from fragments/<name>.fragment.json.

The file is TinyTroupe's (`type`, `persona`), with `category`, `description` and `traits` of ours beside them.
`libs.minds.merging` has the rules by which one is merged into a persona.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from libs.contracts.base import Body, Text

FOLDER = Path(__file__).parent.parent / "fragments"
SUFFIX = ".fragment.json"
DRAWN = frozenset({"name", "age", "gender", "nationality", "residence", "education", "occupation", "style", "health"})
Effect = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]


class Fragment(Body):
    """A piece of persona. It may not set what is drawn (name, age, …): that would always conflict."""

    type: Literal["Fragment"]
    category: Literal["professional", "cultural", "behavioural"]
    description: Text
    traits: dict[str, Effect]
    persona: dict[str, JsonValue]


def load_fragments(known_traits: Mapping[str, str], folder: Path = FOLDER) -> dict[str, Fragment]:
    """Every fragment of a folder by name. Raises `ValueError` naming the file that is wrong."""
    fragments = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        fragment = Fragment.model_validate(json.loads(path.read_text("utf-8")))
        if unknown := sorted(set(fragment.traits) - set(known_traits)):
            raise ValueError(f"{path.name}: traits: {unknown[0]!r} is no known trait")
        if drawn := sorted(DRAWN & set(fragment.persona)):
            raise ValueError(f"{path.name}: persona: {drawn[0]!r} is drawn and cannot be set by a fragment")
        fragments[path.name.removesuffix(SUFFIX)] = fragment
    return fragments


def parts_of(persona: Mapping[str, JsonValue]) -> frozenset[str]:
    """The fields of a piece of persona that list something, wherever they stand in it."""
    inner = frozenset(part for value in persona.values() if isinstance(value, dict) for part in parts_of(value))
    return inner | {name for name, value in persona.items() if isinstance(value, list)}
