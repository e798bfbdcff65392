"""A finished turn: what the model replied, read and judged, and the response that is published of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from libs.contracts.communication import Response
from libs.contracts.instruments import Instrument
from libs.contracts.people import Agent
from libs.contracts.protocol import Usage
from libs.contracts.turns import TurnReply
from libs.minds.text import plain
from libs.minds.turn import Turn, TurnError, read_turn

MAX_RESPONSES = 100
MAX_CHARACTERS = 500_000  # of texts in one event: up to 4 bytes each, and a message may have 4 MB
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Totals:
    """What a set of turns came to; `failure` is why most of the failed ones failed."""

    answered: int
    failed: int
    usage: Usage
    failure: str | None


@dataclass(frozen=True, slots=True)
class FinishedTurn:
    """Either `turn` is there or `failure` says why not; it counts in both cases."""

    turn_id: str
    agent: Agent
    turn: Turn | None
    failure: str | None
    usage: Usage
    model: str
    at: datetime

    @property
    def status(self) -> str:
        """`answered` or `failed`."""
        return "failed" if self.turn is None else "answered"


def finish(reply: TurnReply, agent: Agent, instruments: tuple[Instrument, ...], at: datetime) -> FinishedTurn:
    """Read a reply; one that failed or cannot be read gives a failed turn with its reason."""
    turn, failure = None, None
    if reply.status == "failed":
        failure = reply.failure or "the model gave no reason"
    else:
        try:
            turn = read_turn(reply.content or "", instruments)
        except TurnError as error:
            failure = error.reason
    return FinishedTurn(
        turn_id=reply.turn_id,
        agent=agent,
        turn=turn,
        failure=None if failure is None else plain(failure, MAX_REASON),
        usage=reply.usage,
        model=plain(reply.model, 120),
        at=at,
    )


def response_of(finished: FinishedTurn) -> Response:
    """What other services are told of a turn."""
    turn, agent = finished.turn, finished.agent
    return Response(
        turn_id=finished.turn_id,
        agent_id=agent.agent_id,
        name=agent.name,
        segment=agent.segment,
        demographic_profile=agent.demographic_profile,
        status="failed" if turn is None else "answered",
        failure=finished.failure,
        response=turn and turn.response,
        reasoning=turn and turn.reasoning,
        confidence=turn and turn.confidence,
        sentiment=turn and turn.sentiment,
        answers=turn.answers if turn else {},
        usage=finished.usage,
        model=finished.model,
        responded_at=finished.at,
    )


def in_messages(responses: Iterable[Response]) -> Iterator[tuple[Response, ...]]:
    """Responses in groups that fit into one event each."""
    group: list[Response] = []
    size = 0
    for response in responses:
        length = _characters(response)
        if group and (len(group) == MAX_RESPONSES or size + length > MAX_CHARACTERS):
            yield tuple(group)
            group, size = [], 0
        group.append(response)
        size += length
    if group:
        yield tuple(group)


def _characters(response: Response) -> int:
    texts = [response.response, response.reasoning, response.failure, *response.answers.values()]
    profile = sum(len(str(value)) for value in response.demographic_profile.values())
    return profile + sum(len(text) for text in texts if isinstance(text, str))
