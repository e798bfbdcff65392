"""Replies → one value per unit. The unit is the agent or, where agents heard each other, all who did: their cluster.

Several turns of one agent are averaged first, then the agents of one cluster. Treating turns, or people who talked with
each other, as independent would make a study look larger than it is. A unit whose agents are in several arms has a
value in each of them, under the same name: such samples are not independent, and no test may take them to be.

Replies come in canonical order, those of an agent together, so that nothing has to be kept by agent.
"""

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from libs.contracts import clusters
from libs.contracts.clusters import OWN
from services.results.domain.outcomes import Outcome
from services.results.domain.records import Study
from services.results.domain.replies import Reply

Number = Callable[[Reply], float | None]
Mean = Callable[[Sequence[float]], float]
by_agent = attrgetter("own")


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


def count_heads(study: Study, arms: Sequence[str], replies: Sequence[Reply]) -> Headcount:
    """Who was assigned, answered and failed. Nobody with a turn counts as unassigned, whatever was announced."""
    met, answered, alone = Counter[str](), Counter[str](), Counter[str]()
    together: set[tuple[str, str]] = set()
    units, clusters_alone = Units(replies), 0
    for own, given in groupby(replies, key=by_agent):
        finished = {(reply.arm, reply.is_answered) for reply in given}
        met.update({arm for arm, _ in finished})
        have = {arm for arm, is_answered in finished if is_answered}
        answered.update(have)
        if units.is_alone(own):
            alone.update(have)
            clusters_alone += bool(have)
        else:
            together |= {(arm, units.of(own)) for arm in have}
    of_groups = Counter(arm for arm, _ in together)
    planned = study.plan.planned_n if study.plan else study.planned
    return Headcount(
        assigned={arm: max(planned.get(arm, 0), met[arm]) for arm in arms},
        answered={arm: answered[arm] for arm in arms},
        failed={arm: met[arm] - answered[arm] for arm in arms},
        units={arm: alone[arm] + of_groups[arm] for arm in arms},
        clusters=clusters_alone + len({unit for _, unit in together}),
    )


class Units:
    """The unit of each agent of these replies: itself, or all who are linked with it."""

    def __init__(self, replies: Iterable[Reply]) -> None:
        heard = ((reply.agent_id, reply.cluster_id) for reply in replies if reply.cluster_id is not None)
        self._linked = {OWN + agent: unit for agent, unit in clusters.units_of(heard).items()}

    @property
    def are_agents(self) -> bool:
        """Whether every agent is a unit of its own, however that is called."""
        return len(set(self._linked.values())) == len(self._linked)

    @property
    def are_alone(self) -> bool:
        """Whether nobody heard anybody."""
        return not self._linked

    def is_alone(self, own: str) -> bool:
        """Whether an agent heard nobody."""
        return own not in self._linked

    def of(self, own: str) -> str:
        """The unit of an agent, which is called like this while it is alone."""
        return self._linked.get(own, own)


class Sample(NamedTuple):
    """One value per unit, in the order of units, how many agents they are of, and which units."""

    values: Sequence[float]
    agents: int
    units: Sequence[str]


def exactly(values: Sequence[float]) -> float:
    """The mean, the same to the last bit in any order."""
    return math.fsum(values) / len(values)


def plainly(values: Sequence[float]) -> float:
    """The mean as it adds up from the first to the last."""
    return sum(values) / len(values)


def values_by_arm(
    outcome: Outcome, arms: Sequence[str], replies: Sequence[Reply], units: Units | None = None
) -> dict[str, Sample]:
    """The sample of each arm. `units` are those of more replies than these, when these are some of them."""
    units = Units(replies) if units is None else units
    number = score_of(outcome)
    return {arm: sample_of([reply for reply in replies if reply.arm == arm], number, units) for arm in arms}


def score_of(outcome: Outcome) -> Number:
    """The value that a reply has for an outcome; None where it has none, failed, or is one of those asked again."""
    given = answer_of(outcome)
    return lambda reply: None if outcome.metric in reply.again else given(reply)


def answer_of(outcome: Outcome) -> Number:
    """The value that was given at this place, also by those who were asked again."""
    return lambda reply: outcome.score(reply.answers) if reply.is_answered else None


def sample_of(replies: Iterable[Reply], number: Number, units: Units, mean: Mean = exactly) -> Sample:
    """Replies of an agent are averaged first, then the agents of a unit."""
    names, values = list[str](), array("d")
    for own, given in groupby(replies, key=by_agent):
        numbers = [value for value in map(number, given) if value is not None]
        if numbers:
            names.append(units.of(own))
            values.append(mean(numbers))
    return Sample(values, len(names), names) if units.are_alone else _together(names, values, mean)


def _together(names: Sequence[str], values: Sequence[float], mean: Mean) -> Sample:
    """One value for each name, in their order."""
    merged, found = list[str](), array("d")
    order = sorted(range(len(names)), key=names.__getitem__)
    for name, places in groupby(order, key=names.__getitem__):
        merged.append(name)
        found.append(mean([values[place] for place in places]))
    return Sample(found, len(names), merged)
