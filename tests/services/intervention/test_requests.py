"""What systems outside ask for over the bus: done whole or refused with every reason, and once."""

from typing import Any

from libs.contracts.intervention import InterventionCreated, InterventionRejected, InterventionRequested
from libs.contracts.orchestrator import StartSimulation
from tests.services.intervention import build
from tests.services.intervention.test_flow import Scene, simple  # noqa: F401 - a fixture
from tests.support.apps import eventually


def request(action: str = "create", **changes: Any) -> InterventionRequested:
    values = {"request_id": "crm-1", "action": action, "intervention_id": None, "intervention": None, "execution": None}
    return InterventionRequested.model_validate(values | changes)


async def rejected(scene: Scene, asked: InterventionRequested) -> list[tuple[str, tuple[str, ...]]]:
    await scene.publish(asked)
    name = asked.request_id

    async def is_there() -> bool:
        return any(one.request_id == name for one in await scene.sent(InterventionRejected))

    await eventually(is_there)
    [found] = [one for one in await scene.sent(InterventionRejected) if one.request_id == name]
    return [(error.field, error.allowed) for error in found.errors]


async def test_a_request_designs_and_runs_an_intervention(simple: Scene) -> None:  # noqa: F811
    await simple.population()
    await simple.publish(
        request(intervention=build.CAMPAIGN | {"population_id": build.POPULATION}, execution={"seed": 7})
    )

    async def is_started() -> bool:
        return bool(await simple.sent(StartSimulation))

    await eventually(is_started)
    [created], [started] = await simple.sent(InterventionCreated), await simple.sent(StartSimulation)
    assert (started.intervention_id, started.seed) == (created.intervention_id, 7)


async def test_a_bad_request_is_rejected_with_its_fields_and_nothing_is_made(simple: Scene) -> None:  # noqa: F811
    await simple.population()
    bad = build.CAMPAIGN | {"population_id": build.POPULATION, "target_segments": ["teens"]}
    assert await rejected(simple, request(request_id="r1", intervention=bad)) == [
        ("target_segments.0", tuple(build.SEGMENTS))
    ]
    [(field, _)] = await rejected(simple, request(request_id="r2", intervention=build.CAMPAIGN | {"naem": "x"}))
    assert field == "intervention.naem"
    assert (await rejected(simple, request(request_id="r3")))[0][0] == "intervention"
    nowhere = request(request_id="r4", intervention=build.CAMPAIGN, execution={})
    assert (await rejected(simple, nowhere))[0][0] == "execution.population_id"
    assert (await rejected(simple, request("execute", request_id="r5", intervention_id="int_none")))[0][0] == (
        "intervention_id"
    )
    assert (await simple.client.get("/interventions/list")).json()["items"] == []


async def test_what_has_not_run_can_be_modified_and_what_has_cannot(simple: Scene) -> None:  # noqa: F811
    await simple.population()
    made = await simple.intervention(population_id=build.POPULATION)
    changed = build.CAMPAIGN | {"name": "Another", "population_id": build.POPULATION}
    await simple.publish(request("modify", intervention_id=made["id"], intervention=changed))

    async def is_changed() -> bool:
        return bool((await simple.client.get(f"/interventions/{made['id']}")).json()["name"] == "Another")

    await eventually(is_changed)
    await simple.execution(made["id"])
    again = request("modify", request_id="r2", intervention_id=made["id"], intervention=changed)
    assert await rejected(simple, again) == [("intervention_id", ())]
