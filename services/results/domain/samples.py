"""Turns → one value per unit. The unit is the agent or, where agents heard each other, all who did: their cluster.

Several turns of one agent are averaged first, then the agents of one cluster. Treating turns, or people who talked with
each other, as independent would make a study look larger than it is. A unit whose agents are in several arms has a
value in each of them, under the same name: such samples are not independent, and no test may take them to be.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from libs.contracts import clusters
from services.results.domain.outcomes import Outcome
from services.results.domain.records import Study, Turn


@dataclass(frozen=True, slots=True)
class Headcount:
    """Agents by arm. An agent answered when at least one turn did, and failed when all its turns did."""

    assigned: dict[str, int]
    answered: dict[str, int]
    failed: dict[str, int]
    units: dict[str, int]
    """Independent units among those who answered: agents, or clusters of agents."""
    clusters: int
    """Independent units of all arms; one that is in several counts once."""

    @property
    def attrition(self) -> dict[str, float]:
        """Share of assigned agents without an answered turn, by arm."""
        return {arm: (n - self.answered[arm]) / n if n else 0.0 for arm, n in self.assigned.items()}

    @property
    def failed_share(self) -> dict[str, float]:
        """Share of assigned agents that are lost already, by arm."""
        return {arm: self.failed[arm] / n if n else 0.0 for arm, n in self.assigned.items()}


def count_heads(study: Study, arms: Sequence[str], turns: Sequence[Turn]) -> Headcount:
    """Who was assigned, answered and failed. Nobody with a turn counts as unassigned, whatever was announced."""
    met: dict[str, set[str]] = defaultdict(set)
    answered: dict[str, set[str]] = defaultdict(set)
    units: dict[str, set[str]] = defaultdict(set)
    unit = units_of(turns)
    for turn in turns:
        met[turn.arm].add(turn.agent_id)
        if turn.is_answered:
            answered[turn.arm].add(turn.agent_id)
            units[turn.arm].add(unit[turn.agent_id])
    planned = study.plan.planned_n if study.plan else study.planned
    return Headcount(
        assigned={arm: max(planned.get(arm, 0), len(met[arm])) for arm in arms},
        answered={arm: len(answered[arm]) for arm in arms},
        failed={arm: len(met[arm] - answered[arm]) for arm in arms},
        units={arm: len(units[arm]) for arm in arms},
        clusters=len(set[str]().union(*units.values())),
    )


def units_of(turns: Sequence[Turn]) -> dict[str, str]:
    """The unit of each agent of these turns."""
    return clusters.units_of((turn.agent_id, turn.cluster_id) for turn in turns)


class Sample(NamedTuple):
    """One value per unit, in the order of units, how many agents they are of, and which units."""

    values: list[float]
    agents: int
    units: list[str]


def values_by_arm(
    outcome: Outcome, arms: Sequence[str], turns: Sequence[Turn], units: Mapping[str, str] | None = None
) -> dict[str, Sample]:
    """The sample of each arm. `units` are those of more turns than these, when these are some of them."""
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    for turn in turns:
        score = outcome.score(turn.answers) if turn.is_answered else None
        if score is not None:
            scores[turn.arm, turn.agent_id].append(score)
    unit = units_of(turns) if units is None else units
    means: dict[tuple[str, str], list[float]] = defaultdict(list)
    for (arm, agent), own in sorted(scores.items()):
        means[arm, unit[agent]].append(math.fsum(own) / len(own))
    samples = {arm: Sample([], 0, []) for arm in arms}
    for (arm, name), own in sorted(means.items()):
        if arm in samples:
            found = samples[arm]
            found.values.append(math.fsum(own) / len(own))
            found.units.append(name)
            samples[arm] = found._replace(agents=found.agents + len(own))
    return samples
