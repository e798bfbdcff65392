"""The rows of a turn: how one turn is spread over the tables."""

from collections.abc import Iterable

from libs.contracts.base import JsonObject
from libs.contracts.communication import DeliverStimulus
from libs.minds.memory import episode
from services.communication.domain.history import items_of
from services.communication.domain.talk import Utterance
from services.communication.domain.turns import FinishedTurn, TurnRecord


def turn_row(tenant: str, command: DeliverStimulus, finished: FinishedTurn) -> JsonObject:
    """The row of a turn, taken or not."""
    return {
        "tenant": tenant,
        "turn_id": finished.turn_id,
        "simulation_id": command.simulation_id,
        "delivery_id": command.delivery_id,
        "agent_id": finished.agent.agent_id,
        "status": finished.status,
        "failure": finished.failure,
        **finished.usage.model_dump(),
        "responded_at": finished.at,
    }


def history_rows(tenant: str, command: DeliverStimulus, record: TurnRecord) -> list[JsonObject]:
    """The items of a turn in the order in which they happened."""
    finished = record.finished
    rows = {
        "tenant": tenant,
        "simulation_id": command.simulation_id,
        "timeline_id": command.timeline_id,
        "moment": record.moment,
        "turn_id": finished.turn_id,
        "agent_id": finished.agent.agent_id,
        "name": finished.agent.name,
        "cluster_id": record.cluster_id,
        "arm": command.arm,
        "round": command.round,
        "step_id": command.step_id,
        "conversation_id": command.conversation and command.conversation.conversation_id,
        "simulated_at": command.simulated_at,
        "at": finished.at,
    }
    return [
        {
            **rows,
            "place": place,
            "kind": item.kind.value,
            "content": item.content,
            "channel": item.channel,
            "target": item.target,
            "heard_by": item.heard_by,
        }
        for place, item in enumerate(items_of(record, command.stimulus))
    ]


def hearing_rows(
    tenant: str, command: DeliverStimulus, turn_id: str, moment: int, utterances: Iterable[Utterance]
) -> list[JsonObject]:
    """What others hear of a turn, from a moment on."""
    return [
        {
            "tenant": tenant,
            "simulation_id": command.simulation_id,
            "timeline_id": command.timeline_id,
            "agent_id": item.hearer_id,
            "turn_id": turn_id,
            "action": item.action,
            "moment": moment,
            "round": command.round,
            "speaker_id": item.speaker_id,
            "speaker": item.speaker,
            "target": item.target,
            "kind": item.kind,
            "text": item.text,
        }
        for item in utterances
    ]


def episode_of(command: DeliverStimulus, record: TurnRecord) -> JsonObject:
    """What the agent remembers of a turn."""
    at = None if command.simulated_at is None else command.simulated_at.isoformat(timespec="minutes")
    return episode(command.round, command.stimulus, record.finished.turn, record.heard, at)
