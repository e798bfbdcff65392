"""Versions of a population: fragments merged into people who are there, block by block, and what it did to each.

An edit of one person (domain/edits.py) is a version too, without fragments.

Whoever a fragment contradicts stays as they are and is reported. Whom it tells nothing new it does not change at all:
applying it twice is the same as once. Numeric traits move on the scale on which drawing adds them up; none is cut off.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.contracts.base import JsonObject
from libs.contracts.errors import InvalidError
from libs.contracts.people import Agent
from libs.minds.json_documents import DocumentError
from libs.minds.merging import MergeConflictError, merge
from libs.minds.persona_files import FragmentFile, check_size, read_fragment
from services.population.domain.fragments import Fragment, contradicted

NEAR_END = 0.999


@dataclass(frozen=True, slots=True)
class Applied:
    """A fragment as it was applied; `name` is that in the library, None for one of the request's own."""

    name: str | None
    document: JsonObject


def chosen(
    choices: Sequence[str | JsonObject], library: Mapping[str, Fragment], known_traits: Mapping[str, object]
) -> tuple[Applied, ...]:
    """The fragments of a request. Raises `InvalidError` for one that is unknown, no fragment, or against another."""
    applied: list[Applied] = []
    earlier: dict[str, JsonObject] = {}
    merged: JsonObject = {}
    for place, choice in enumerate(choices):
        path = f"fragments.{place}"
        name = choice if isinstance(choice, str) else path
        if isinstance(choice, str):
            if choice not in library:
                raise InvalidError(path, f"there is no fragment {choice!r}", sorted(library))
            one = Applied(choice, library[choice].model_dump())
        else:
            one = Applied(None, choice)
        try:
            persona = read_fragment(one.document, path, known_traits).persona
            merged = merge(merged, persona)
        except DocumentError as error:
            raise InvalidError(error.path, error.reason) from None
        except MergeConflictError as error:
            other = contradicted(persona, earlier) or "those before it"
            raise InvalidError(path, f"{name!r} contradicts {other!r}: {error}") from None
        earlier[name] = persona
        applied.append(one)
    return tuple(applied)


@dataclass(frozen=True, slots=True)
class Edit:
    """A JSON merge patch of one person, and what was said about it; until there is login, `author` is what they say."""

    patch: JsonObject
    author: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Version:
    """Fragments on their way through a population; `reached` is the index of the last person who had their turn.

    Meant for everybody when no segment (None is the rest) and no index is named.
    """

    population_id: str
    number: int
    fragments: tuple[Applied, ...]
    target_segments: tuple[str | None, ...]
    target_indices: tuple[int, ...]
    edit: Edit | None
    reached: int
    targeted: int
    changed: int
    conflicts: int
    created_at: datetime
    applied_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What a version did to one person: `after` is there, or `conflict` says why it is not."""

    before: Agent
    after: Agent | None
    conflict: str | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A change as it was recorded: persona and traits before, and after or why not."""

    index: int
    before: JsonObject
    after: JsonObject | None
    conflict: str | None


def change(agent: Agent, fragments: Sequence[FragmentFile], version: int) -> Change | None:
    """The outcome of applying fragments to somebody; None when they tell nothing new."""
    persona, traits = agent.persona, dict(agent.traits)
    try:
        for fragment in fragments:
            merged = merge(persona, fragment.persona)
            if merged != persona:
                persona = merged
                traits |= {name: moved(traits.get(name, 0.0), effect) for name, effect in fragment.traits.items()}
        if persona is agent.persona:
            return None
        check_size(persona, "persona")
    except (MergeConflictError, DocumentError) as error:
        return Change(agent, None, str(error))
    return Change(agent, agent.model_copy(update={"persona": persona, "traits": traits, "version": version}), None)


def change_all(people: Sequence[Agent], version: Version) -> list[Change]:
    """What a version does to a block of people, without those it tells nothing new."""
    fragments = [read_fragment(one.document) for one in version.fragments]
    outcomes = (change(agent, fragments, version.number) for agent in people)
    return [outcome for outcome in outcomes if outcome is not None]


def moved(value: float, effect: float) -> float:
    """A trait after an effect: tanh(atanh(value) + effect), rounded to a thousandth."""
    return round(math.tanh(math.atanh(max(-NEAR_END, min(NEAR_END, value))) + effect), 3)
