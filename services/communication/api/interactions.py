"""Who talks to whom, how much, and about what."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from libs.http import Read
from services.communication.api.service import Service
from services.communication.domain.history import HistoryKind
from services.communication.domain.interactions import Interactions
from services.communication.store import HistoryFilter

router = APIRouter()


class SpeakerView(BaseModel):
    """How much one agent says and hears."""

    model_config = ConfigDict(from_attributes=True)

    agent_id: str
    name: str
    cluster_id: str
    said: int = Field(description="Times the agent spoke.")
    words: int
    heard: int = Field(description="Times the agent heard others.")
    share: float = Field(description="Part of all words that the agent said, in [0, 1].")


class ExchangeView(BaseModel):
    """How often one agent was heard by another."""

    model_config = ConfigDict(from_attributes=True)

    from_agent_id: str
    to_agent_id: str
    times: int


class TopicView(BaseModel):
    """A word that marks a round: said by more people there than elsewhere."""

    model_config = ConfigDict(from_attributes=True)

    term: str
    agents: int = Field(description="Agents who said it in this round.")
    weight: float = Field(description="Share of the round's speakers × ln(1 + rounds / rounds with the word).")


class RoundView(BaseModel):
    """What a round was about."""

    model_config = ConfigDict(from_attributes=True)

    round: int
    said: int
    words: int
    topics: list[TopicView]


class InteractionsView(BaseModel):
    """The talk of a simulation, counted."""

    model_config = ConfigDict(from_attributes=True)

    speakers: list[SpeakerView] = Field(description="Most talkative first.")
    exchanges: list[ExchangeView] = Field(description="Most frequent first; at most 1,000.")
    rounds: list[RoundView]
    balance: float | None = Field(description="1 − Gini of the words: 1 all say the same amount, 0 one says it all.")


@router.get("/{simulation_id}/interactions")
async def interactions(
    simulation_id: str,
    service: Service,
    tx: Read,
    conversation_id: Annotated[str | None, Query(description="Only this conversation.")] = None,
    round: Annotated[int | None, Query(ge=1, lt=2**31, description="Only this round.")] = None,
    timeline_id: Annotated[str | None, Query(description="The past of this timeline, not of the present one.")] = None,
) -> InteractionsView:
    """Who talks to whom, shares of the talk, and topics over rounds."""
    timeline = await service.timeline(tx, simulation_id, timeline_id)
    wanted = HistoryFilter(kind=HistoryKind.TALK, conversation_id=conversation_id, round=round, timeline=timeline)
    counted = Interactions()
    async for entry in service.whole_history(tx, simulation_id, wanted):
        counted.add(entry)
    return InteractionsView.model_validate(counted.summary())
