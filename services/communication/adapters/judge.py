"""Whoever judges turns: the model the agents think with, or rules where that is the offline model."""

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from libs.contracts.base import JsonObject
from libs.contracts.communication import DeliverStimulus
from libs.contracts.protocol import NO_USAGE, Usage
from libs.contracts.turns import ChatMessage, TurnBatch, TurnRequest, is_offline
from libs.minds.correction import Judged, Score, judge_messages, judge_schema, read_scores, rule_scores
from libs.minds.propositions import proposition_messages, proposition_schema, proposition_shared, read_proposition
from libs.models import Models, ask
from services.communication.adapters.engine import Encounter

log = logging.getLogger(__name__)


class Judgement(NamedTuple):
    """The scores of a turn, none when it could not be judged, and what they cost."""

    scores: tuple[Score, ...]
    usage: Usage


class Verdict(NamedTuple):
    """Whether a sentence is true of somebody, and what it cost to know."""

    holds: bool
    usage: Usage


class Judge(Protocol):
    """Scores turns, and says of whom a sentence is true."""

    async def scores(self, command: DeliverStimulus, judged: Mapping[str, Judged], draw: int) -> dict[str, Judgement]:
        """The judgement of each turn, by its id; `draw` tells versions of a turn apart. Raises `ModelsError`."""

    async def verdicts(
        self, command: DeliverStimulus, proposition: str, encounters: Mapping[str, Encounter]
    ) -> dict[str, Verdict]:
        """Of each turn whether the sentence is true of who would take it. Raises `ModelsError`."""


class ModelsJudge:
    """Judges with the model of the simulation, all turns of one step in one request."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def scores(self, command: DeliverStimulus, judged: Mapping[str, Judged], draw: int) -> dict[str, Judgement]:
        """The judgement of each turn, by its id."""
        checks = command.correction.checks if command.correction else ()
        if not judged or is_offline(command.model):
            return {turn_id: Judgement(rule_scores(one, checks), NO_USAGE) for turn_id, one in judged.items()}
        messages = {turn_id: judge_messages(one, checks) for turn_id, one in judged.items()}
        requests = [
            TurnRequest(turn_id=turn_id, agent_id=judged[turn_id].agent.agent_id, draw=draw, messages=own)
            for turn_id, (_, own) in messages.items()
        ]
        batch = _batch(command, judge_schema(checks), next(iter(messages.values()))[0], requests)
        found: dict[str, Judgement] = {}
        async for answer in ask(self._models, batch, lambda content: read_scores(content, checks)):
            if answer.failure is not None:
                log.warning("a turn could not be judged: %s", answer.failure)
            found[answer.turn_id] = Judgement(answer.value or (), answer.usage)
        return found

    async def verdicts(
        self, command: DeliverStimulus, proposition: str, encounters: Mapping[str, Encounter]
    ) -> dict[str, Verdict]:
        """Of each turn whether the sentence is true; of one that is not answered it is not."""
        requests = [
            TurnRequest(
                turn_id=turn_id,
                agent_id=one.agent.agent_id,
                draw=0,
                messages=proposition_messages(one.agent, one.memory),
            )
            for turn_id, one in encounters.items()
        ]
        batch = _batch(command, proposition_schema(), proposition_shared(proposition), requests)
        found: dict[str, Verdict] = {}
        async for answer in ask(self._models, batch, read_proposition):
            if answer.failure is not None:
                log.warning("a proposition could not be judged: %s", answer.failure)
            found[answer.turn_id] = Verdict(bool(answer.value), answer.usage)
        return found


def _batch(
    command: DeliverStimulus, schema: JsonObject, shared: tuple[ChatMessage, ...], requests: Sequence[TurnRequest]
) -> TurnBatch:
    return TurnBatch(
        simulation_id=command.simulation_id,
        model=command.model,
        timeline_id=command.timeline_id,
        step_id=command.step_id,
        round=command.round,
        seed=command.seed,
        response_schema=schema,
        shared=shared,
        turns=tuple(requests),
    )
