"""Fragments: reusable pieces of persona with numeric trait effects, read from fragments/<name>.fragment.json.

The file is TinyTroupe's (`type`, `persona`), with `category`, `description` and `traits` of ours beside them.
`libs.minds.merging` has the rules by which one is merged into a persona.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from libs.contracts.base import Body, Text
from libs.contracts.errors import InvalidError
from libs.contracts.specs import FragmentSpec
from libs.minds.json_documents import DocumentError
from libs.minds.merging import MergeConflictError, merge
from libs.minds.persona_files import read_fragment

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


@dataclass(frozen=True, slots=True)
class Named:
    """A fragment and its name; `created_at` is None for one that comes with the service."""

    name: str
    fragment: Fragment
    created_at: datetime | None


def read_own(spec: FragmentSpec, known_traits: Mapping[str, str]) -> Fragment:
    """A fragment somebody wrote. Raises `InvalidError` naming what in it cannot be."""
    document = spec.model_dump(exclude={"name"})
    try:
        read_fragment(document)
    except DocumentError as error:
        raise InvalidError(error.path, error.reason) from None
    if unknown := sorted(set(spec.traits) - set(known_traits)):
        raise InvalidError(f"traits.{unknown[0]}", "is no known trait", sorted(known_traits))
    if drawn := sorted(DRAWN & set(spec.persona)):
        raise InvalidError(f"persona.{drawn[0]}", "is drawn for everybody and cannot be set by a fragment")
    return Fragment.model_validate(document)


def contradicted(persona: Mapping[str, object], earlier: Mapping[str, Mapping[str, object]]) -> str | None:
    """The first of the earlier fragments, by name, that a fragment's persona does not merge with."""
    for name, other in earlier.items():
        try:
            merge(other, persona)
        except MergeConflictError:
            return name
    return None


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
