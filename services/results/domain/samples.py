"""Turns → one value per agent: the agent is the unit, so several turns of one agent are averaged first.

Treating turns as independent would make a study look as many times larger as each agent had turns.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from services.results.domain.outcomes import Outcome
from services.results.domain.records import Study, Turn


@dataclass(frozen=True, slots=True)
class Headcount:
    """Agents by arm. An agent answered when at least one turn did, and failed when all its turns did."""

    assigned: dict[str, int]
    answered: dict[str, int]
    failed: dict[str, int]

    @property
    def clusters(self) -> int:
        """Independent units: agents that answered."""
        return sum(self.answered.values())

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
    for turn in turns:
        met[turn.arm].add(turn.agent_id)
        if turn.is_answered:
            answered[turn.arm].add(turn.agent_id)
    planned = study.plan.planned_n if study.plan else study.planned
    return Headcount(
        assigned={arm: max(planned.get(arm, 0), len(met[arm])) for arm in arms},
        answered={arm: len(answered[arm]) for arm in arms},
        failed={arm: len(met[arm] - answered[arm]) for arm in arms},
    )


def values_by_arm(outcome: Outcome, arms: Sequence[str], turns: Sequence[Turn]) -> dict[str, list[float]]:
    """One value per agent and arm, in the order of agent ids."""
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    for turn in turns:
        score = outcome.score(turn.answers) if turn.is_answered else None
        if score is not None:
            scores[turn.arm, turn.agent_id].append(score)
    values: dict[str, list[float]] = {arm: [] for arm in arms}
    for arm, agent in sorted(scores):
        if arm in values:
            own = scores[arm, agent]
            values[arm].append(sum(own) / len(own))
    return values
