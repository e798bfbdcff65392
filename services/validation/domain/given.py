"""What agents answered to a metric, and which of them count as one.

As in results: who was asked the same again because of a condition is not counted there, an agent counts once however
often it answered, and agents who heard each other count as one.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from libs.contracts.clusters import units_of
from services.validation.domain.records import Simulation, Turn


class Giver(NamedTuple):
    """Who gave an answer: an agent, and the unit it is of, which is itself or all who heard each other."""

    unit: str
    agent: str


def counted_answers(simulation: Simulation, turns: Sequence[Turn], metric: str) -> list[Turn]:
    """The turns that answered the metric and count, by agent and time."""
    answered = [
        turn
        for turn in turns
        if turn.is_answered and simulation.chosen.counted(turn.step_id, turn.arm, turn.answers).get(metric) is not None
    ]
    return sorted(answered, key=lambda turn: (turn.agent_id, turn.responded_at, turn.arm, turn.step_id, turn.round))


def last_answers(simulation: Simulation, turns: Sequence[Turn], metric: str) -> list[Turn]:
    """Of every agent in every arm the last of these, by agent."""
    last = {(turn.agent_id, turn.arm): turn for turn in counted_answers(simulation, turns, metric)}
    return [last[key] for key in sorted(last)]


def who_talked(turns: Sequence[Turn]) -> dict[str, str]:
    """The unit of every agent who heard others; agents alone have none."""
    units = units_of((turn.agent_id, turn.cluster_id) for turn in turns)
    agents = Counter(units.values())
    return {agent: unit for agent, unit in units.items() if agents[unit] > 1}


def givers(turns: Sequence[Turn], everything: Sequence[Turn]) -> list[Giver]:
    """Who gave each of these answers; agents may have heard each other in any turn of the simulation."""
    units = units_of((turn.agent_id, turn.cluster_id) for turn in everything)
    return [Giver(units[turn.agent_id], turn.agent_id) for turn in turns]
