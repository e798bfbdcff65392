"""Batches of turns as the communication service sends them."""

from typing import Any

import httpx

from libs.contracts.instruments import Instrument
from libs.contracts.people import Agent
from libs.contracts.protocol import Stimulus
from libs.contracts.turns import TurnBatch, TurnReply, TurnRequest
from libs.minds.prompt import turn_prompt
from libs.minds.schema import turn_schema
from tests.services.models.people import EMOTIONAL, FUNNEL, person


def agent(index: int) -> Agent:
    """An agent."""
    persona = person(index)
    return Agent(
        agent_id=f"agent_{index:04d}",
        index=index,
        name=str(persona["name"]),
        age=30,
        segment="families",
        demographic_profile={},
        traits=persona.pop("traits"),
        persona=persona,
    )


def batch(count: int = 5, *, first: int = 1, instruments: tuple[Instrument, ...] = FUNNEL, **changes: Any) -> TurnBatch:
    """The first turns of so many agents."""
    turns = []
    for index in range(first, first + count):
        shared, own = turn_prompt(Stimulus.model_validate(EMOTIONAL), instruments, agent(index))
        turns.append(TurnRequest(turn_id=f"turn_{index}", agent_id=f"agent_{index:04d}", messages=own))
    given = TurnBatch(
        simulation_id="sim_1",
        model="offline",
        timeline_id="main",
        step_id="step_1",
        round=1,
        seed=7,
        response_schema=turn_schema(instruments),
        shared=shared,
        turns=tuple(turns),
    )
    return given.model_copy(update=changes)


async def send(client: httpx.AsyncClient, sent: TurnBatch) -> list[TurnReply]:
    """The replies in the order of the turns."""
    response = await client.post(
        "/v1/turns", content=sent.model_dump_json(), headers={"content-type": "application/json"}
    )
    assert response.status_code == 200, response.text
    replies = [TurnReply.model_validate_json(line) for line in response.text.split("\n") if line]
    order = {turn.turn_id: place for place, turn in enumerate(sent.turns)}
    return sorted(replies, key=lambda reply: order[reply.turn_id])


async def usage(client: httpx.AsyncClient, simulation_id: str = "sim_1") -> dict[str, Any]:
    """What a simulation used of its only model."""
    response = await client.get("/v1/usage", params={"simulation_id": simulation_id})
    assert response.status_code == 200, response.text
    (used,) = response.json()["models"]
    return used
