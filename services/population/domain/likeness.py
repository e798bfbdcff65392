"""How alike people are: who says nearly the same of themselves as somebody else.

A person's statements are everything their persona says but names and age. Two people are near-duplicates when they
share at least 70 % of the statements that either makes (Jaccard). Every such pair is found: of their rarest statements
two people who are alike share several, so only those who do are compared.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from libs.contracts.people import Agent

ALIKE = 0.7
SHARED = 4
"""Rare statements that two people must share to be compared; people with fewer are compared with nobody."""
UNSAID = frozenset({"name", "age"})
Statements = frozenset[str]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Of these people, the share with a near-duplicate, and how alike the most alike two are who were compared."""

    people: int
    near_duplicates: float
    most_alike: float


def statements(agent: Agent) -> Statements:
    """What a persona says, each with its place."""
    return frozenset(_leaves(agent.persona, ""))


def likeness(people: Sequence[Agent], among: int | None = None, alike: float = ALIKE) -> Likeness:
    """How many of the first `among` people (all when None) have a near-duplicate anywhere among the people."""
    said = [statements(agent) for agent in people]
    rarest = _rarest(said, alike)
    asked = len(said) if among is None else min(among, len(said))
    owners = np.repeat(np.arange(len(said)), [len(few) for few in rarest])
    named = np.concatenate([*rarest, np.zeros(0, np.intp)])
    by_statement = np.argsort(named, kind="stable")
    starts = np.searchsorted(named[by_statement], np.arange(int(named.max(initial=0)) + 2))
    sharing = owners[by_statement]
    found, most = 0, 0.0
    for place in range(asked):
        lists = [sharing[starts[statement] : starts[statement + 1]] for statement in rarest[place]]
        others = np.flatnonzero(np.bincount(np.concatenate(lists), minlength=len(said)) >= SHARED)
        best = max((_jaccard(said[place], said[other]) for other in others.tolist() if other != place), default=0.0)
        found += best >= alike
        most = max(most, best)
    return Likeness(asked, found / asked if asked else 0.0, round(most, 4))


def _rarest(said: Sequence[Statements], alike: float) -> list[NDArray[np.intp]]:
    """Everybody's rarest statements, as numbers: so many that two people who are alike share `SHARED` of them.

    Of n statements at least alike x n are shared, so at most the others stand before the first shared one.
    """
    counts = Counter(statement for each in said for statement in each)
    ranked = sorted(counts, key=lambda statement: (counts[statement], statement))
    rank = {statement: place for place, statement in enumerate(ranked)}
    return [
        np.sort(np.array([rank[statement] for statement in each], np.intp))[
            : len(each) - math.ceil(alike * len(each)) + SHARED
        ]
        for each in said
    ]


def _jaccard(one: Statements, other: Statements) -> float:
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def _leaves(value: JsonValue, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            if name not in UNSAID:
                yield from _leaves(part, f"{path}.{name}")
    elif isinstance(value, list):
        for part in value:
            yield from _leaves(part, path)
    else:
        yield f"{path}: {value}"
