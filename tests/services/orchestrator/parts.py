"""The orchestrator between a real bus and a real store, and the messages of the other services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from fastapi import FastAPI

from libs.contracts.communication import DeliverStimulus, DeliveryCompleted, Response, ResponsesRecorded
from libs.contracts.evidence import Analysis, SampleRatioCheck
from libs.contracts.ids import agent_id
from libs.contracts.intervention import ArmsAssigned
from libs.contracts.orchestrator import StartSimulation
from libs.contracts.population import PopulationCreated, PopulationReady
from libs.contracts.protocol import NO_USAGE, Assignment, Step, Stimulus
from services.orchestrator.app import create_app
from services.orchestrator.settings import Settings
from services.orchestrator.store import Store
from tests.support.apps import eventually, running
from tests.support.peer import Peer, peer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STEP = Step(
    kind="deliver",
    step_id="touch-1",
    round=1,
    stimuli={arm: Stimulus(content=arm, channel="email", timing="morning") for arm in ("a", "b")},
    instruments=(),
)
START = StartSimulation(
    simulation_id="sim_1",
    name="E-mail",
    population_id="pop_1",
    intervention_id="int_1",
    steps=(STEP,),
    seed=7,
    model="offline",
)
ASSIGN = {"simulation_id": "sim_1", "intervention_id": "int_1", "population_id": "pop_1"}
CREATED = PopulationCreated(
    population_id="pop_1", name="P", demographic_base="x", size=125, segments={}, seed=1, created_at=NOW
)
READY = PopulationReady(population_id="pop_1", name="P", size=125, segments={}, ready_at=NOW)
NO_CHECK = SampleRatioCheck(planned={}, completed={}, p_value=None, is_flagged=False)
ANALYSIS = Analysis(
    plan_hash=None,
    plan_frozen_at=None,
    model="offline",
    assigned={},
    answered={},
    failed={},
    estimates=(),
    comparisons=(),
    sample_ratio=NO_CHECK,
    verdict="",
    usage=NO_USAGE,
)


@dataclass
class Stage:
    peer: Peer
    client: httpx.AsyncClient
    app: FastAPI

    async def status(self, simulation_id: str = "sim_1") -> dict[str, Any]:
        answer = await self.client.get(f"/simulations/{simulation_id}/status")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def reaches(self, state: str, simulation_id: str = "sim_1") -> dict[str, Any]:
        async def is_there() -> bool:
            answer = await self.client.get(f"/simulations/{simulation_id}/status")
            return answer.status_code == 200 and answer.json()["state"] == state

        await eventually(is_there)
        return await self.status(simulation_id)

    async def open_deliveries(self, simulation_id: str = "sim_1") -> set[str]:
        """Ids of the deliveries it waits for."""
        async with self.app.state.database.read() as tx:
            found: set[str] = await Store().find_open_deliveries(tx, simulation_id)
        return found


@asynccontextmanager
async def stage(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    """The service, started, with the others around it."""
    app = create_app(Settings(database_url=database_url, nats_url=nats_url, models_url="local://models"))
    async with running("orchestrator", app) as client, peer(nats_url) as other:
        yield Stage(other, client, app)


def assigned(part: int = 1, parts: int = 1, first: int = 1, last: int = 125) -> ArmsAssigned:
    agents = tuple(
        Assignment(agent_id=agent_id(index), arm="ab"[index % 2], segment=None) for index in range(first, last + 1)
    )
    return ArmsAssigned(**ASSIGN, part=part, parts=parts, assignments=agents)


def completed(command: DeliverStimulus, failed: int = 0) -> DeliveryCompleted:
    return DeliveryCompleted(
        simulation_id=command.simulation_id,
        delivery_id=command.delivery_id,
        step_id=command.step_id,
        arm=command.arm,
        requested=len(command.agent_ids),
        answered=len(command.agent_ids) - failed,
        failed=failed,
        usage=NO_USAGE,
    )


def recorded(delivery: DeliverStimulus, *, failed: int = 0) -> ResponsesRecorded:
    """The responses of a delivery, the first of them failed."""
    return ResponsesRecorded(
        simulation_id=delivery.simulation_id,
        delivery_id=delivery.delivery_id,
        timeline_id=delivery.timeline_id,
        step_id=delivery.step_id,
        round=delivery.round,
        arm=delivery.arm,
        place=delivery.place,
        responses=tuple(
            Response(
                turn_id=agent,
                agent_id=agent,
                name="A",
                segment=None,
                demographic_profile={},
                status="failed" if place < failed else "answered",
                failure="refused" if place < failed else None,
                response=None,
                reasoning=None,
                confidence=None,
                sentiment=None,
                answers={},
                usage=NO_USAGE.model_copy(update={"calls": 1, "prompt_tokens": 900}),
                model="offline",
                responded_at=NOW,
            )
            for place, agent in enumerate(delivery.agent_ids)
        ),
    )
