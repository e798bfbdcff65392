"""A finished turn: what the model replied, read and judged, and the response that is published of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, NamedTuple

from libs.contracts.communication import ActionTaken, DeliverStimulus, Response
from libs.contracts.instruments import Instrument
from libs.contracts.people import Agent
from libs.contracts.protocol import NO_USAGE, Usage
from libs.contracts.turns import TurnReply
from libs.minds.memory import Heard
from libs.minds.options import OptionOrders, option_orders
from libs.minds.repetition import without_repeats
from libs.minds.retrieval import Vector
from libs.minds.ssr import rated
from libs.minds.text import plain
from libs.minds.tools import NO_TOOLS, Toolbox, Used
from libs.minds.turn import Turn, TurnError, read_turn
from services.communication.domain.talk import NOTHING_SAID, Said

MAX_RESPONSES = 128
MAX_CHARACTERS = 500_000  # of texts in one event: up to 4 bytes each, and a message may have 4 MB
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Totals:
    """What a set of turns came to; `failure` is why most of the failed ones failed."""

    answered: int
    failed: int
    untaken: int
    usage: Usage
    failure: str | None

    @property
    def finished(self) -> int:
        """All of them."""
        return self.answered + self.failed + self.untaken


Untaken = Literal["skipped", "silent"]
"""Why no turn was taken: the step was not for the agent, or asked for no response and was only taken in."""


@dataclass(frozen=True, slots=True)
class FinishedTurn:
    """`turn` is there, or `failure` says why not (it counts in both cases), or no turn was to be taken at all."""

    turn_id: str
    agent: Agent
    turn: Turn | None
    failure: str | None
    usage: Usage
    model: str
    at: datetime
    untaken: Untaken | None = None
    option_orders: OptionOrders = field(default_factory=dict)
    regenerations: int | None = None
    """How often it was taken again after checks; None where nothing was checked."""

    @property
    def status(self) -> str:
        """`answered`, `failed`, `skipped` or `silent`."""
        return self.untaken or ("failed" if self.turn is None else "answered")


class TurnRecord(NamedTuple):
    """A finished turn with its place in time, what came before it, and what came of it for others."""

    finished: FinishedTurn
    moment: int
    cluster_id: str
    heard: Sequence[Heard] = ()
    said: Said = NOTHING_SAID
    uses: Sequence[Used] = ()


def place_of(command: DeliverStimulus, agent_id: str) -> str:
    """What decides the answers that are drawn in a turn: the same again when a simulation is run again."""
    return "/".join(
        map(str, (command.seed, command.timeline_id, command.step_id, command.round, command.arm, agent_id))
    )


def finish(
    reply: TurnReply, agent: Agent, command: DeliverStimulus, at: datetime, tools: Toolbox = NO_TOOLS
) -> FinishedTurn:
    """Read a reply; one that failed or cannot be read gives a failed turn with its reason."""
    turn, failure = None, None
    if reply.status == "failed":
        failure = reply.failure or "the model gave no reason"
    else:
        try:
            place = place_of(command, agent.agent_id)
            turn = without_repeats(read_turn(reply.content or "", command.instruments, place, tools.action_types))
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
        option_orders=option_orders(command.instruments, command.seed, agent.agent_id),
    )


def rate(
    finished: FinishedTurn, instruments: Sequence[Instrument], embeddings: Mapping[str, Vector], place: str
) -> FinishedTurn:
    """The turn with its answers in words rated by their likeness to anchors; a failed one where that is impossible."""
    if finished.turn is None or not finished.turn.statements:
        return finished
    try:
        return replace(finished, turn=rated(finished.turn, instruments, embeddings, place))
    except TurnError as error:
        return replace(finished, turn=None, failure=plain(error.reason, MAX_REASON))


def left_out(turn_id: str, agent: Agent, untaken: Untaken, at: datetime) -> FinishedTurn:
    """A turn that is not taken."""
    return FinishedTurn(turn_id, agent, None, None, NO_USAGE, "", at, untaken)


def response_of(record: TurnRecord) -> Response:
    """What other services are told of a turn."""
    finished = record.finished
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
        option_orders=finished.option_orders or None,
        regenerations=finished.regenerations,
        distributions=(turn and turn.distributions) or None,
        unrated=(turn and turn.unrated) or None,
        actions=turn and _actions(turn),
        cluster_id=None if record.cluster_id == agent.agent_id else record.cluster_id,
    )


def _actions(turn: Turn) -> tuple[ActionTaken, ...] | None:
    """What the agent did, unless its reasoning and its response say all of it."""
    done = [action for action in turn.actions if action.type != "DONE"]
    if all(action.type in {"THINK", "TALK"} and not action.target for action in done):
        return None
    return tuple(ActionTaken(type=one.type, content=one.content, target=one.target or None) for one in done)


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
    done = [action.content for action in response.actions or ()]
    texts = [response.response, response.reasoning, response.failure, *response.answers.values(), *done]
    profile = sum(len(str(value)) for value in response.demographic_profile.values())
    return profile + sum(len(text) for text in texts if isinstance(text, str))
