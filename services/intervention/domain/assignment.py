"""Seeded randomisation: complete, stratified, or in permuted blocks; and everybody in every arm, where that is asked.

Stratified, the arms differ by at most one agent inside every stratum, and over all of them too: the agents of all
strata are dealt out in one round, so the leftovers of one are made up for by the next. In blocks, they are equal after
every block of a stratum. Ranks are hashes of seed and agent id, not draws from a generator, so the order in which
agents come does not matter.
"""

import hashlib
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from libs.contracts.planning import AttributeValue, Randomisation
from services.intervention.domain.design import Dealing

Stratum = tuple[tuple[bool, str], ...]
by_id = attrgetter("agent_id")
PARTS = 4
"""A number makes strata by its quartiles."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be assigned."""

    agent_id: str
    segment: str | None
    profile: Mapping[str, AttributeValue] = field(default_factory=dict)


class Assigned(NamedTuple):
    """Agent → arm, as small as it can be: there may be hundreds of thousands."""

    agent_id: str
    arm: str
    segment: str | None


class Dealt(NamedTuple):
    """Who is in which arm, and how that came about."""

    assignments: list[Assigned]
    randomisation: Randomisation | None
    """None where everybody meets every arm, so that nothing is left to chance."""


def deal(people: Iterable[Person], arms: Sequence[str], dealing: Dealing, seed: int) -> Dealt:
    """Every agent once, in exactly one arm, sorted by agent id. An arm counts by its place, not by its name."""
    everybody = list({person.agent_id: person for person in people}.values())
    cuts = _cuts(everybody, dealing.by)
    strata: dict[Stratum, list[Person]] = defaultdict(list)
    for person in everybody:
        strata[_stratum(person, dealing.by, cuts)].append(person)
    dealt = sorted(range(len(arms)), key=lambda place: _rank(seed, "arm", str(place)))
    turn, assignments = 0, list[Assigned]()
    for stratum in sorted(strata):
        for place, person in enumerate(_ranked(strata[stratum], seed, "agent")):
            if dealing.block_size is None:
                arm = dealt[turn % len(arms)]
            else:
                arm = _block(seed, stratum, place // dealing.block_size, dealing.block_size, len(arms))[
                    place % dealing.block_size
                ]
            assignments.append(Assigned(person.agent_id, arms[arm], person.segment))
            turn += 1
    how = Randomisation(method=dealing.method, by=dealing.by, block_size=dealing.block_size, strata=len(strata))
    assignments.sort(key=by_id)
    return Dealt(assignments, how)


def deal_all(people: Iterable[Person], arms: Sequence[str]) -> Dealt:
    """Every agent in every arm."""
    ordered = sorted(people, key=by_id)
    every = [Assigned(one.agent_id, arm, one.segment) for one in ordered for arm in arms]
    return Dealt(every, None)


def drawn(people: Sequence[Person], most: int | None, seed: int) -> list[Person]:
    """At most so many of them, each as likely."""
    if most is None or len(people) <= most:
        return list(people)
    return _ranked(people, seed, "sample")[:most]


def planned_n(assignments: Iterable[Assigned], arms: Sequence[str]) -> dict[str, int]:
    """Agents by arm; an arm that got nobody is there with 0."""
    counts = Counter(assignment.arm for assignment in assignments)
    return {arm: counts[arm] for arm in arms}


def _stratum(person: Person, by: Sequence[str], cuts: Mapping[str, Sequence[float]]) -> Stratum:
    """Who lacks the attribute comes last."""
    values: list[tuple[bool, str]] = []
    for name in by:
        value = person.segment if name == "segment" else person.profile.get(name)
        if name in cuts and value is not None:
            value = str(bisect_right(cuts[name], float(value)))
        values.append((value is None, "" if value is None else str(value)))
    return tuple(values)


def _cuts(people: Sequence[Person], by: Sequence[str]) -> dict[str, list[float]]:
    """Where the strata of a number end."""
    found = {}
    for name in by:
        values = [person.profile[name] for person in people if name in person.profile]
        numbers = sorted(float(one) for one in values if isinstance(one, int | float) and not isinstance(one, bool))
        if numbers and len(numbers) == len(values) and len(set(numbers)) > PARTS:
            found[name] = [numbers[len(numbers) * part // PARTS] for part in range(1, PARTS)]
    return found


def _block(seed: int, stratum: Stratum, number: int, size: int, arms: int) -> list[int]:
    """The arms of a block, in the order in which they are dealt: each as often, permuted."""
    name = "\x1e".join(value for _, value in stratum)
    places = sorted(range(size), key=lambda place: _rank(seed, "block", name, str(number), str(place)))
    return [place % arms for place in places]


def _ranked(people: Iterable[Person], seed: int, purpose: str) -> list[Person]:
    """In the order of their ranks, and of their ids where those are equal."""
    ordered = sorted(people, key=by_id)
    ordered.sort(key=lambda one: _rank(seed, purpose, one.agent_id))
    return ordered


def _rank(seed: int, *parts: str) -> bytes:
    return hashlib.sha256("\x1f".join((str(seed), *parts)).encode()).digest()
