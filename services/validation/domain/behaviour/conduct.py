"""Turns judged one by one: in character, consistent with what came before, and said as a person would say it.

The same checks as while a simulation runs (libs.minds.correction), here after the fact and with nothing taken again.
"""

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from pydantic import Field

from libs.contracts.base import Data, JsonObject
from libs.contracts.instruments import Instrument
from libs.contracts.people import Agent
from libs.minds.correction import HIGHEST, MEANINGS, Judged, Score
from libs.minds.memory import Memory, episode
from libs.minds.turn import Action, MentalState
from libs.minds.turn import Turn as Taken
from services.validation.domain.records import Turn

CHECKS = ("persona_adherence", "self_consistency", "fluency")
WITHOUT_PERSONA = ("self_consistency", "fluency")
LOW = 5.0
WORST_SHOWN = 10


class Flaw(Data):
    """A turn that did badly in a check."""

    agent_id: str
    turn: str = Field(description="Step and round.")
    score: float
    justification: str


class Conduct(Data):
    """A check over all judged turns; scores from 0 to 9."""

    check: str
    meaning: str
    turns: int
    mean: float | None
    low: float | None = Field(description=f"Share of turns with a score below {LOW:g}.")
    worst: list[Flaw]


def judged_turns(
    turns: Sequence[Turn], people: Mapping[str, Agent], instruments: Sequence[Instrument]
) -> list[tuple[Turn, Judged]]:
    """Every answered turn with what the agent remembers of those before it, by agent."""
    by_agent: dict[str, list[Turn]] = {}
    for turn in turns:
        if turn.is_answered:
            by_agent.setdefault(turn.agent_id, []).append(turn)
    found = []
    for agent_id, own in sorted(by_agent.items()):
        episodes: list[JsonObject] = []
        for turn in sorted(own, key=lambda turn: (turn.responded_at, turn.step_id)):
            taken = _taken(turn)
            agent = people.get(agent_id) or _stranger(turn)
            found.append((turn, Judged(agent, Memory(episodes=tuple(episodes)), None, tuple(instruments), taken)))
            episodes.append(episode(turn.round, None, taken))
    return found


def conduct(scored: Iterable[tuple[Turn, Sequence[Score]]]) -> list[Conduct]:
    """All scores, check by check."""
    by_check: dict[str, list[tuple[Turn, Score]]] = {check: [] for check in CHECKS}
    for turn, scores in scored:
        for score in scores:
            by_check[score.check].append((turn, score))
    return [_conduct(check, found) for check, found in by_check.items()]


def _conduct(check: str, found: Sequence[tuple[Turn, Score]]) -> Conduct:
    values = [score.value for _, score in found]
    worst = sorted(found, key=lambda pair: (pair[1].value, pair[0].agent_id, pair[0].step_id))[:WORST_SHOWN]
    return Conduct(
        check=check,
        meaning=MEANINGS[check],
        turns=len(values),
        mean=fmean(values) if values else None,
        low=sum(value < LOW for value in values) / len(values) if values else None,
        worst=[
            Flaw(
                agent_id=turn.agent_id,
                turn=f"{turn.step_id}, round {turn.round}",
                score=score.value,
                justification=score.justification,
            )
            for turn, score in worst
            if score.value < HIGHEST
        ],
    )


def _taken(turn: Turn) -> Taken:
    said = turn.said
    texts = (("THINK", said.reasoning), ("TALK", said.response))
    return Taken(
        actions=tuple(Action(kind, text, "") for kind, text in texts if text),
        mental_state=MentalState("", "", "", said.sentiment),
        answers=dict(turn.answers),
        confidence=said.confidence,
    )


def _stranger(turn: Turn) -> Agent:
    """Somebody of whom nothing is known but the name: adherence is not judged then."""
    return Agent(
        agent_id=turn.agent_id,
        index=0,
        name=turn.said.name,
        age=0,
        segment=turn.segment,
        demographic_profile={},
        traits={},
        persona={},
    )
