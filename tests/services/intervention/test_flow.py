"""The service between its neighbours, on a real bus and both stores."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import pytest

from libs.contracts.base import MessageData
from libs.contracts.evidence import Analysis, SampleRatioCheck
from libs.contracts.intervention import ArmsAssigned, AssignArms, AssignmentFailed, InterventionCreated, PlanFrozen
from libs.contracts.orchestrator import SimulationState, StartSimulation
from libs.contracts.protocol import NO_USAGE, Assignment
from libs.contracts.results import AnalysisCompleted
from services.intervention.app import create_app
from services.intervention.domain.plan import plan_hash
from services.intervention.settings import Settings
from tests.services.intervention import build
from tests.support.apps import eventually, running
from tests.support.peer import Peer, peer

D = TypeVar("D", bound=MessageData)


class Scene:
    """The service's client, and the other services."""

    def __init__(self, client: httpx.AsyncClient, others: Peer) -> None:
        self.client = client
        self.others = others

    async def publish(self, *messages: MessageData) -> None:
        """Publish as the services that send such messages."""
        for data in messages:
            await self.others.send(data.contract.service, data)

    async def sent(self, kind: type[D]) -> list[D]:
        """What the service has sent so far."""
        return await self.others.published(kind, 0)

    async def population(self) -> None:
        """A whole population is announced."""
        await self.publish(build.population_created())
        for block in build.agents_generated():
            await self.publish(block)
        await self.publish(build.population_ready())

    async def intervention(self, **changes: object) -> dict[str, Any]:
        answer = await self.client.post("/interventions/create", json=build.CAMPAIGN | changes)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def execution(self, intervention_id: str, **body: object) -> dict[str, Any]:
        """Execute, with the orchestrator answering as soon as it hears of it."""
        body = {"population_id": build.POPULATION, "seed": 7} | body
        asked = asyncio.create_task(self.client.post(f"/interventions/{intervention_id}/execute", json=body))
        await eventually(lambda: self._is_asked(intervention_id))
        [start] = [
            command for command in await self.sent(StartSimulation) if command.intervention_id == intervention_id
        ]
        await self.publish(build.simulation_created(start.simulation_id, intervention_id))
        answer = await asked
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def assigned(self, execution: dict[str, Any]) -> ArmsAssigned:
        """Have the arms assigned."""
        await self.publish(
            AssignArms(
                simulation_id=execution["simulation_id"],
                intervention_id=execution["intervention_id"],
                population_id=execution["population_id"],
                seed=execution["seed"],
            )
        )
        await eventually(lambda: self._has(ArmsAssigned))
        return (await self.sent(ArmsAssigned))[-1]

    async def results(self, execution: dict[str, Any], **query: object) -> dict[str, Any]:
        path = f"/interventions/{execution['intervention_id']}/results"
        answer = await self.client.get(path, params={"simulation_id": execution["simulation_id"], **query})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def _is_asked(self, intervention_id: str) -> bool:
        return any(command.intervention_id == intervention_id for command in await self.sent(StartSimulation))

    async def _has(self, kind: type[ArmsAssigned] | type[AssignmentFailed]) -> bool:
        return bool(await self.sent(kind))


@asynccontextmanager
async def scene_on(database_url: str, nats_url: str) -> AsyncIterator[Scene]:
    settings = Settings(
        database_url=database_url, nats_url=nats_url, models_url="local://models", requests_patience_s=3.0
    )
    app = create_app(settings)
    async with running("intervention", app) as client, peer(nats_url) as others:
        yield Scene(client, others)


@pytest.fixture
async def scene(database_url: str, nats_url: str) -> AsyncIterator[Scene]:
    async with scene_on(database_url, nats_url) as made:
        yield made


@pytest.fixture
async def simple(sqlite_url: str, nats_url: str) -> AsyncIterator[Scene]:
    """Where the store makes no difference."""
    async with scene_on(sqlite_url, nats_url) as made:
        yield made


def analysis(execution: dict[str, Any]) -> AnalysisCompleted:
    return AnalysisCompleted(
        simulation_id=execution["simulation_id"],
        intervention_id=execution["intervention_id"],
        analysis=Analysis(
            plan_hash="x",
            plan_frozen_at=build.NOW,
            model="offline",
            assigned={},
            answered={},
            failed={},
            estimates=(),
            comparisons=(),
            sample_ratio=SampleRatioCheck(planned={}, completed={}, p_value=None, is_flagged=False),
            verdict="No clear difference (grade C).",
            usage=NO_USAGE,
        ),
        analysed_at=build.NOW,
    )


async def test_from_the_public_example_to_its_results(scene: Scene) -> None:
    await scene.population()
    made = await scene.intervention()
    execution = await scene.execution(made["id"], engine="tinytroupe")
    assert execution["links"]["status"] == f"/simulations/{execution['simulation_id']}/status"

    [start] = await scene.sent(StartSimulation)
    [step] = start.steps
    assert (start.simulation_id, start.seed, start.model) == (execution["simulation_id"], 7, "offline")
    assert start.engine == "tinytroupe"
    assert step.stimuli["rational_appeal"].timing == "afternoon"
    assert [each.name for each in step.instruments] == ["open_rate", "click_through", "purchase_intent"]

    parts = await scene.assigned(execution)
    arms = Counter(each.arm for each in parts.assignments)
    assert sorted(arms.values()) == [62, 63]
    [frozen] = await scene.sent(PlanFrozen)
    assert frozen.plan.planned_n == dict(arms)
    assert frozen.plan_hash == plan_hash(frozen.plan)

    waiting = await scene.results(execution)
    assert (waiting["analysis"], waiting["plan_hash"]) == (None, frozen.plan_hash)
    assert "planned n" in waiting["note"]

    for message in build.responses_recorded(parts, failing=5):
        await scene.publish(message)
    await scene.publish(analysis(execution))
    await scene.publish(build.state_changed(execution["simulation_id"], SimulationState.COMPLETED))

    async def is_complete() -> bool:
        results = await scene.results(execution)
        return results["note"] is None and results["state"] == "completed"

    await eventually(is_complete)
    results = await scene.results(execution)
    aggregate = results["aggregate_results"]
    assert (aggregate["total_responses"], aggregate["failed_responses"]) == (120, 5)
    assert aggregate["response_rate"] == 0.96
    assert (aggregate["score_metric"], aggregate["score_measure"]) == ("open_rate", "proportion")
    low, high = aggregate["confidence_interval"]
    assert low < aggregate["mean_score"] < high
    assert aggregate["segment_breakdown"]["families"]["assigned"] == 75
    assert aggregate["evidence"]["grade"] == "C"
    assert results["analysis"]["verdict"] == "No clear difference (grade C)."
    assert len(results["individual_results"]) == 100
    assert results["individual_results"][0]["failure"] == "the model gave no valid answer"
    last = results["individual_results"][9]
    assert {key: last[key] for key in ("agent_id", "response", "confidence", "reasoning")} == {
        "agent_id": "agent_0010",
        "response": "I am number 10 and I would read it.",
        "confidence": 0.8,
        "reasoning": "It came at a good time.",
    }
    assert last["demographic_profile"] == {"age": 30, "region": "West"}
    rest = await scene.results(execution, cursor=results["next_cursor"])
    assert len(rest["individual_results"]) == 25
    assert rest["next_cursor"] is None


async def test_the_analysis_with_the_newest_grades_is_the_one_that_is_shown(simple: Scene) -> None:
    await simple.population()
    execution = await simple.execution((await simple.intervention())["id"])
    first, verdict = analysis(execution), "Rectified (grade A)."
    graded = first.model_copy(
        update={
            "analysis": first.analysis.model_copy(update={"verdict": verdict}),
            "graded_at": build.NOW + timedelta(days=1),
        }
    )
    done = build.state_changed(execution["simulation_id"], SimulationState.COMPLETED)
    await simple.publish(graded, first, done)

    async def is_done() -> bool:
        results = await simple.results(execution)
        return bool(results["state"] == "completed" and results["analysis"])

    await eventually(is_done)
    assert (await simple.results(execution))["analysis"]["verdict"] == verdict


async def test_assigning_arms_again_changes_nothing_and_says_nothing(scene: Scene) -> None:
    await scene.population()
    execution = await scene.execution((await scene.intervention())["id"])
    await scene.assigned(execution)
    before = await scene.results(execution)
    await scene.assigned(execution)
    other = await scene.execution((await scene.intervention())["id"])
    await scene.assigned(other)

    async def other_is_assigned() -> bool:
        return (await scene.results(other))["plan_hash"] is not None

    await eventually(other_is_assigned)  # so the repeated command before it has been handled too
    plans = [event.simulation_id for event in await scene.sent(PlanFrozen)]
    assert plans.count(execution["simulation_id"]) == 1
    assert (await scene.results(execution))["plan_hash"] == before["plan_hash"]


async def test_the_same_seed_assigns_the_same_people_again(simple: Scene) -> None:
    await simple.population()
    first = await simple.assigned(await simple.execution((await simple.intervention())["id"]))
    execution = await simple.execution((await simple.intervention())["id"])
    await simple.assigned(execution)

    async def is_there_twice() -> bool:
        return len(await simple.sent(ArmsAssigned)) == 2

    await eventually(is_there_twice)
    second = (await simple.sent(ArmsAssigned))[-1]
    assert second.simulation_id != first.simulation_id
    assert second.assignments == first.assignments


async def test_arms_are_assigned_once_every_agent_has_arrived(scene: Scene) -> None:
    await scene.publish(build.population_created())
    execution = await scene.execution((await scene.intervention())["id"])
    await scene.publish(
        AssignArms(**{key: execution[key] for key in ("simulation_id", "intervention_id", "population_id", "seed")})
    )
    blocks = list(build.agents_generated())
    for block in blocks[:-1]:
        await scene.publish(block)
    await asyncio.sleep(0.3)
    assert await scene.sent(PlanFrozen) == []
    await scene.publish(blocks[-1])
    await eventually(lambda: scene._has(ArmsAssigned))
    assert len((await scene.sent(ArmsAssigned))[0].assignments) == 125


async def test_an_execution_before_the_orchestrator_answers_is_a_draft(simple: Scene) -> None:
    await simple.population()
    made = await simple.intervention(population_id=build.POPULATION)
    answer = await simple.client.post(f"/interventions/{made['id']}/execute")
    assert answer.status_code == 202
    assert answer.json()["state"] == "draft"
    assert answer.json()["seed"] == made["seed"]
    results = await simple.results(answer.json())
    assert results["aggregate_results"] is None
    assert results["individual_results"] == []


async def test_a_population_created_a_moment_ago_can_be_used_at_once(simple: Scene) -> None:
    asked = asyncio.create_task(
        simple.client.post("/interventions/create", json=build.CAMPAIGN | {"population_id": build.POPULATION})
    )
    await asyncio.sleep(0.1)
    await simple.publish(build.population_created())
    assert (await asked).status_code == 201


async def test_an_intervention_announces_itself(simple: Scene) -> None:
    made = await simple.intervention()

    async def is_announced() -> bool:
        return bool(await simple.sent(InterventionCreated))

    await eventually(is_announced)
    [created] = await simple.sent(InterventionCreated)
    assert created.intervention_id == made["id"]
    assert created.arms == ("emotional_appeal", "rational_appeal")


async def test_nobody_to_assign_fails_the_assignment_with_a_reason(simple: Scene) -> None:
    await simple.population()
    made = await simple.intervention(target_segments=["young_professionals"])
    execution = await simple.execution(made["id"])
    empty = "pop_2"
    segments = {"young_professionals": 0}
    await simple.publish(build.population_created(empty).model_copy(update={"size": 0, "segments": segments}))
    await simple.publish(
        AssignArms(simulation_id=execution["simulation_id"], intervention_id=made["id"], population_id=empty, seed=1)
    )
    await eventually(lambda: simple._has(AssignmentFailed))
    [failed] = await simple.sent(AssignmentFailed)
    assert "young_professionals" in failed.reason


async def test_responses_that_come_twice_or_belong_to_no_execution_are_not_counted(scene: Scene) -> None:
    await scene.population()
    execution = await scene.execution((await scene.intervention())["id"])
    parts = await scene.assigned(execution)
    [first, *_] = build.responses_recorded(parts)
    await scene.publish(first.model_copy(update={"simulation_id": "sim_other"}))
    await scene.publish(first)
    await scene.publish(first)  # the same turns in another message
    late = build.recorded(execution["simulation_id"], first.arm, [build.response("x", "agent_0199", None)])
    await scene.publish(late)

    async def has_arrived() -> bool:
        return len((await scene.results(execution))["individual_results"]) == 51

    await eventually(has_arrived)
    aggregate = (await scene.results(execution))["aggregate_results"]
    assert aggregate["total_responses"] == 50  # agent_0199 was never assigned
    assert aggregate["confidence_interval"] is None


async def test_who_is_asked_again_for_an_answer_counts_once(simple: Scene) -> None:
    await simple.population()
    first = {"name": "first", "content": "Come.", "metrics": ["open_rate"]}
    opened = {"touchpoint": "first", "metric": "open_rate", "value": True}
    again = first | {"name": "again", "after": "P1D", "condition": opened}
    variants = [{"name": "once", "touchpoints": [first]}, {"name": "twice", "touchpoints": [first, again]}]
    made = await simple.intervention(variants=variants, success_metrics=["open_rate"])
    execution = await simple.execution(made["id"])
    parts = await simple.assigned(execution)
    for message in build.responses_recorded(parts):
        await simple.publish(message)
    turns = [
        build.response(parts.simulation_id, one.agent_id, one.segment).model_copy(
            update={"turn_id": f"again-{one.agent_id}", "answers": {"open_rate": False}}
        )
        for one in parts.assignments
        if one.arm == "twice" and has_opened(one)
    ]
    chosen = build.recorded(parts.simulation_id, "twice", turns)
    await simple.publish(chosen.model_copy(update={"delivery_id": "again", "step_id": "touch-2", "round": 2}))

    async def is_complete() -> bool:
        found = await simple.results(execution, limit=200)
        return len(found["individual_results"]) == len(parts.assignments) + len(turns)

    await eventually(is_complete)
    found = (await simple.results(execution))["aggregate_results"]
    assert found["mean_score"] == pytest.approx(sum(map(has_opened, parts.assignments)) / len(parts.assignments))
    [watched] = (await simple.client.get(f"/interventions/{made['id']}/monitor")).json()["comparisons"]
    once, twice = ([has_opened(one) for one in parts.assignments if one.arm == arm] for arm in ("once", "twice"))
    assert watched["difference"] == pytest.approx(sum(twice) / len(twice) - sum(once) / len(once))


def has_opened(one: Assignment) -> bool:
    return int(one.agent_id[6:]) % 2 == 0


async def test_individual_responses_are_filtered_and_paged(scene: Scene) -> None:
    await scene.population()
    execution = await scene.execution((await scene.intervention())["id"])
    parts = await scene.assigned(execution)
    for message in build.responses_recorded(parts):
        await scene.publish(message)

    async def is_complete() -> bool:
        return bool((await scene.results(execution))["aggregate_results"]["total_responses"] == 125)

    await eventually(is_complete)
    path = f"/interventions/{execution['intervention_id']}/individual-responses"
    query: dict[str, Any] = {"arm": "rational_appeal", "segment": "families", "limit": 20}
    seen: list[str] = []
    while True:
        page = (await scene.client.get(path, params=query)).json()
        assert all((each["arm"], each["segment"]) == ("rational_appeal", "families") for each in page["items"])
        seen += [each["agent_id"] for each in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    expected = [
        each.agent_id for each in parts.assignments if (each.arm, each.segment) == ("rational_appeal", "families")
    ]
    assert seen == expected


async def test_an_older_state_does_not_replace_a_newer_one(simple: Scene) -> None:
    await simple.population()
    made = await simple.intervention()
    execution = await simple.execution(made["id"])
    simulation = execution["simulation_id"]
    await simple.publish(build.state_changed(simulation, SimulationState.RUNNING, at=2))
    await simple.publish(build.state_changed(simulation, SimulationState.PROVISIONING, at=1))
    await simple.publish(build.state_changed(simulation, SimulationState.FAILED, at=3))
    await simple.publish(build.state_changed(simulation, SimulationState.RUNNING, at=4))
    marker = await simple.execution((await simple.intervention())["id"])
    await simple.publish(build.state_changed(marker["simulation_id"], SimulationState.READY, at=5))

    async def marker_is_there() -> bool:
        return bool((await simple.results(marker))["state"] == "ready")

    await eventually(marker_is_there)
    assert (await simple.client.get(f"/interventions/{made['id']}")).json()["state"] == "failed"


@pytest.mark.parametrize(("field", "known"), [("arm", "rational_appeal"), ("segment", "families")])
async def test_a_filter_by_what_is_not_there_is_refused_with_what_is(simple: Scene, field: str, known: str) -> None:
    await simple.population()
    made = await simple.intervention()
    await simple.execution(made["id"])
    path = f"/interventions/{made['id']}/individual-responses"
    assert (await simple.client.get(path, params={field: known})).status_code == 200
    answer = await simple.client.get(path, params={field: "nobody"})
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert problem["field"] == field
    assert known in problem["allowed"]
