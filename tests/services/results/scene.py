"""The results service's client, its neighbours, and what they say."""

from collections.abc import Sequence
from typing import Any

import httpx

from libs.contracts.base import MessageData
from libs.contracts.intervention import PlanFrozen
from libs.contracts.orchestrator import SimulationCreated, SimulationState, SimulationStateChanged
from libs.contracts.protocol import NO_USAGE, Plan
from libs.contracts.results import AnalyseSimulation, AnalysisCompleted
from services.results.domain.records import Turn
from tests.services.results import build
from tests.support.apps import eventually
from tests.support.peer import Peer

SIMULATION = "sim_1"


class Scene:
    """The service's client and its neighbours."""

    def __init__(self, client: httpx.AsyncClient, others: Peer) -> None:
        self.client = client
        self.others = others

    async def publish(self, *messages: MessageData) -> None:
        for message in messages:
            await self.others.send(message.contract.service, message)

    async def completed(self, count: int = 1) -> list[AnalysisCompleted]:
        """Wait for this many analyses; what was published about them."""
        return await self.others.published(AnalysisCompleted, count)

    async def aggregate(self, simulation_id: str = SIMULATION) -> dict[str, Any]:
        answer = await self.client.get(f"/results/{simulation_id}/aggregate")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def counted(self, responses: int, simulation_id: str = SIMULATION) -> dict[str, Any]:
        """Wait until this many agents are counted."""
        seen: dict[str, Any] = {}

        async def there() -> bool:
            answer = await self.client.get(f"/results/{simulation_id}/aggregate")
            seen.update(answer.json())
            found = seen.get("aggregate_results", {"total_responses": -1, "failed_responses": 0})
            return answer.status_code == 200 and found["total_responses"] + found["failed_responses"] == responses

        await eventually(there)
        return seen

    async def in_state(self, state: str) -> None:
        """Wait until the simulation is in this state."""

        async def there() -> bool:
            answer = await self.client.get(f"/results/{SIMULATION}/aggregate")
            return answer.status_code == 200 and bool(answer.json()["state"] == state)

        await eventually(there)

    async def export(self, form: str, simulation_id: str = SIMULATION) -> httpx.Response:
        answer = await self.client.get(f"/results/{simulation_id}/export", params={"format": form})
        assert answer.status_code == 200, answer.text
        return answer


def created(plan: Plan | None, simulation_id: str = SIMULATION) -> SimulationCreated:
    return SimulationCreated(
        simulation_id=simulation_id,
        name="Email Campaign A/B Test",
        population_id="pop_1",
        intervention_id=plan.intervention_id if plan else None,
        seed=7,
        model="offline",
        created_at=build.START,
    )


def frozen(plan: Plan, simulation_id: str = SIMULATION) -> PlanFrozen:
    return PlanFrozen(
        simulation_id=simulation_id,
        intervention_id=plan.intervention_id,
        population_id="pop_1",
        plan=plan,
        plan_hash="ab" * 32,
    )


def analyse(expected: int, simulation_id: str = SIMULATION) -> AnalyseSimulation:
    return AnalyseSimulation(simulation_id=simulation_id, intervention_id="int_1", expected_responses=expected)


def story(turns: Sequence[Turn], plan: Plan, simulation_id: str = SIMULATION) -> list[MessageData]:
    """Everything that is said about a simulation, in the order in which it happens."""
    recorded = build.recorded(turns, simulation_id)
    return [created(plan, simulation_id), frozen(plan, simulation_id), *recorded, analyse(len(turns), simulation_id)]


def campaign(**fields: Any) -> tuple[Plan, list[Turn]]:
    study, turns = build.campaign(**fields)
    assert study.plan is not None
    return study.plan, turns


def ended(state: SimulationState) -> SimulationStateChanged:
    """It is over, in this state."""
    return SimulationStateChanged(
        simulation_id=SIMULATION,
        previous=SimulationState.RUNNING,
        state=state,
        reason="ended before it was complete" if state is SimulationState.CANCELLED else None,
        planned={},
        answered=0,
        failed=0,
        usage=NO_USAGE,
        changed_at=build.START,
    )
