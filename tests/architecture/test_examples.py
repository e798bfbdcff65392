"""The examples in schemas/examples/ tell one story: the e-mail A/B study, from its population to its verdict.

Commands that this study does not need, and what happens when something fails, are about other populations and
simulations. That each example is valid by itself is tested in tests/contracts.
"""

from collections import Counter
from pathlib import Path
from typing import TypeVar

import pytest

from libs.contracts import ids
from libs.contracts.base import MessageData
from libs.contracts.communication import DeliverStimulus, DeliveryCompleted, ResponsesRecorded
from libs.contracts.intervention import ArmsAssigned, PlanFrozen
from libs.contracts.orchestrator import SimulationCreated, StartSimulation
from libs.contracts.population import AgentsGenerated, PopulationCreated
from libs.contracts.registry import MESSAGES
from libs.contracts.results import AnalyseSimulation, AnalysisCompleted
from libs.schemas.render import example_name
from services.intervention.domain.plan import plan_hash

M = TypeVar("M", bound=MessageData)
FOLDER = Path("schemas/examples")
ELSEWHERE = {
    "prepare-people",
    "generate-people",
    "write-people",
    "population-failed",
    "assignment-failed",
    "run-protocol",
    "protocol-state-changed",
    "timeline-forked",
}
STORY = [message for message in MESSAGES if message.contract.name not in ELSEWHERE]


def read(message: type[M]) -> M:
    return message.model_validate_json((FOLDER / example_name(message)).read_bytes())


@pytest.mark.parametrize("name", ["population_id", "intervention_id", "simulation_id", "plan_hash", "delivery_id"])
def test_an_id_is_the_same_wherever_the_story_has_it(name: str) -> None:
    found = {getattr(read(message), name) for message in STORY if name in message.model_fields}
    assert len(found) == 1


def test_the_arms_are_those_of_the_plan_and_the_plan_is_the_one_hashed() -> None:
    frozen, assigned = read(PlanFrozen), read(ArmsAssigned)
    assert frozen.plan_hash == plan_hash(frozen.plan)
    assert frozen.plan.planned_n == Counter(assignment.arm for assignment in assigned.assignments)
    sizes = read(PopulationCreated).segments
    assert sizes == Counter(assignment.segment for assignment in assigned.assignments)


def test_a_delivery_is_for_everybody_in_its_arm_and_is_answered_by_them() -> None:
    delivery, recorded, completed = read(DeliverStimulus), read(ResponsesRecorded), read(DeliveryCompleted)
    step = read(StartSimulation).steps[0]
    assert (delivery.stimulus, delivery.instruments) == (step.stimuli[delivery.arm], step.instruments)
    in_arm = [each.agent_id for each in read(ArmsAssigned).assignments if each.arm == delivery.arm]
    assert list(delivery.agent_ids) == in_arm
    assert completed.requested == completed.answered + completed.failed == len(in_arm)
    place = (delivery.simulation_id, delivery.timeline_id, delivery.step_id, delivery.round)
    for response in recorded.responses:
        assert response.agent_id in in_arm
        assert response.turn_id == str(ids.turn_id(*place, response.agent_id))
        assert list(response.answers) == [instrument.name for instrument in delivery.instruments]


def test_those_who_answer_are_people_of_the_population() -> None:
    people = {agent.agent_id: agent for agent in read(AgentsGenerated).agents}
    for response in read(ResponsesRecorded).responses:
        person = people[response.agent_id]
        assert (response.name, response.segment) == (person.name, person.segment)
        assert response.demographic_profile == person.demographic_profile


def test_the_analysis_is_about_every_response_and_carries_the_plan() -> None:
    analysis = read(AnalysisCompleted).analysis
    assert analysis.plan_hash == read(PlanFrozen).plan_hash
    assert sum(analysis.answered.values()) == read(AnalyseSimulation).expected_responses
    assert analysis.model == read(SimulationCreated).model
    assert {comparison.metric for comparison in analysis.comparisons} == {
        instrument.name for instrument in read(PlanFrozen).plan.instruments
    }
