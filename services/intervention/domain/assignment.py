"""Seeded complete randomisation, stratified by segment.

Inside every segment the arms differ by at most one agent, and over all of them too: the agents of all segments are
dealt out in one round, so the leftovers of one segment are made up for by the next. Ranks are hashes of seed and agent
id, not draws from a generator, so the order in which the agents come does not matter.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from libs.contracts.protocol import Assignment

Member = tuple[str, str | None]
"""Agent id and segment."""


def assign(members: Iterable[Member], arms: Sequence[str], seed: int) -> list[Assignment]:
    """Every agent once, in exactly one arm, sorted by agent id. An arm counts by its place, not by its name."""
    dealt = sorted(range(len(arms)), key=lambda place: _rank(seed, "arm", str(place)))
    ranked = sorted(set(members), key=lambda member: (*_stratum(member), _rank(seed, "agent", member[0]), member[0]))
    assignments = [
        Assignment(agent_id=agent, arm=arms[dealt[turn % len(arms)]], segment=segment)
        for turn, (agent, segment) in enumerate(ranked)
    ]
    return sorted(assignments, key=lambda assignment: assignment.agent_id)


def planned_n(assignments: Iterable[Assignment], arms: Sequence[str]) -> dict[str, int]:
    """Agents by arm; an arm that got nobody is there with 0."""
    counts = Counter(assignment.arm for assignment in assignments)
    return {arm: counts[arm] for arm in arms}


def _stratum(member: Member) -> tuple[bool, str]:
    return member[1] is None, member[1] or ""


def _rank(seed: int, *parts: str) -> bytes:
    return hashlib.sha256("\x1f".join((str(seed), *parts)).encode()).digest()
