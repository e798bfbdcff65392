"""The example of the public JSON: its population, its intervention, and what other services say about them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from libs.contracts.communication import Response, ResponsesRecorded
from libs.contracts.ids import agent_id, turn_id
from libs.contracts.instruments import Answer
from libs.contracts.intervention import ArmsAssigned
from libs.contracts.orchestrator import SimulationCreated, SimulationState, SimulationStateChanged
from libs.contracts.people import Agent
from libs.contracts.population import AgentsGenerated, PopulationCreated, PopulationReady
from libs.contracts.protocol import NO_USAGE

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
POPULATION = "pop_1"
SEGMENTS = {"young_professionals": 50, "families": 75}
SIZE = 200
CAMPAIGN = {
    "name": "Email Campaign A/B Test",
    "type": "marketing_intervention",
    "variants": [
        {
            "name": "emotional_appeal",
            "content": "Don't miss out on transforming your health...",
            "timing": "morning",
            "channel": "email",
        },
        {
            "name": "rational_appeal",
            "content": "Our clinical studies show 89% improvement...",
            "timing": "afternoon",
            "channel": "email",
        },
    ],
    "target_segments": ["young_professionals", "families"],
    "success_metrics": ["open_rate", "click_through", "purchase_intent"],
}


def population_created(population_id: str = POPULATION) -> PopulationCreated:
    return PopulationCreated(
        population_id=population_id,
        name="US Healthcare Consumers",
        demographic_base="usa_demographics",
        size=SIZE,
        segments=SEGMENTS,
        seed=1,
        created_at=NOW,
    )


def population_ready(population_id: str = POPULATION) -> PopulationReady:
    return PopulationReady(
        population_id=population_id, name="US Healthcare Consumers", size=SIZE, segments=SEGMENTS, ready_at=NOW
    )


def agents_generated(population_id: str = POPULATION) -> Iterator[AgentsGenerated]:
    people = [_agent(index) for index in range(1, SIZE + 1)]
    for start in range(0, SIZE, 50):
        yield AgentsGenerated(population_id=population_id, agents=tuple(people[start : start + 50]))


def _agent(index: int) -> Agent:
    segment = "young_professionals" if index <= 50 else "families" if index <= 125 else None
    return Agent(
        agent_id=agent_id(index),
        index=index,
        name=f"Person {index}",
        age=30,
        segment=segment,
        demographic_profile={"age": 30, "region": "West"},
        traits={},
        persona={},
    )


def simulation_created(simulation_id: str, intervention_id: str | None) -> SimulationCreated:
    return SimulationCreated(
        simulation_id=simulation_id,
        name="Email Campaign A/B Test",
        population_id=POPULATION,
        intervention_id=intervention_id,
        seed=7,
        model="offline",
        created_at=NOW,
    )


def state_changed(simulation_id: str, state: SimulationState, *, at: int = 0) -> SimulationStateChanged:
    return SimulationStateChanged(
        simulation_id=simulation_id,
        previous=SimulationState.DRAFT,
        state=state,
        reason=None,
        planned={},
        answered=0,
        failed=0,
        usage=NO_USAGE,
        changed_at=NOW + timedelta(seconds=at),
    )


def responses_recorded(
    assigned: ArmsAssigned, *, failing: int = 0, at: datetime | None = None
) -> Iterator[ResponsesRecorded]:
    """A turn of everybody assigned, in messages of 50 of one arm; the first `failing` agents' turns failed."""
    for arm in sorted({each.arm for each in assigned.assignments}):
        mine = [each for each in assigned.assignments if each.arm == arm]
        turns = [
            response(
                assigned.simulation_id, each.agent_id, each.segment, is_failed=int(each.agent_id[6:]) <= failing, at=at
            )
            for each in mine
        ]
        for start in range(0, len(turns), 50):
            yield recorded(assigned.simulation_id, arm, turns[start : start + 50])


def recorded(simulation_id: str, arm: str, turns: list[Response]) -> ResponsesRecorded:
    return ResponsesRecorded(
        simulation_id=simulation_id,
        delivery_id=f"{arm}-1",
        timeline_id="main",
        step_id="touch-1",
        round=1,
        arm=arm,
        responses=tuple(turns),
    )


def response(
    simulation_id: str, agent: str, segment: str | None, *, is_failed: bool = False, at: datetime | None = None
) -> Response:
    """Every second agent opens, every fourth clicks; intent is 1 to 10 in turn."""
    number = int(agent[6:])
    opens = number % 2 == 0
    answers: dict[str, Answer] = {
        "open_rate": opens,
        "click_through": number % 4 == 0 if opens else None,
        "purchase_intent": float(1 + number % 10),
    }
    return Response(
        turn_id=str(turn_id(simulation_id, "main", "touch-1", 1, agent)),
        agent_id=agent,
        name=f"Person {number}",
        segment=segment,
        demographic_profile={"age": 30, "region": "West"},
        status="failed" if is_failed else "answered",
        failure="the model gave no valid answer" if is_failed else None,
        response=None if is_failed else f"I am number {number} and I would read it.",
        reasoning=None if is_failed else "It came at a good time.",
        confidence=None if is_failed else 0.8,
        sentiment=None if is_failed else 0.1,
        answers={} if is_failed else answers,
        usage=NO_USAGE,
        model="offline",
        responded_at=at or datetime.now(UTC),
    )
