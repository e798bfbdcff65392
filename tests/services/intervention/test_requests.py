"""What systems outside ask for over the bus: done whole or refused with every reason, and once."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.contracts.envelope import seal
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


REQUESTED = "rehearsal.evt.default.gateway.intervention-requested.v1."
WHOLE = build.CAMPAIGN | {"population_id": build.POPULATION}


async def outcome(scene: Scene, request_id: str) -> dict[str, Any]:
    """What became of a request, as its sender sees it over HTTP."""

    async def is_there() -> bool:
        return bool((await scene.client.get(f"/interventions/requests/{request_id}")).status_code == 200)

    await eventually(is_there)
    return dict((await scene.client.get(f"/interventions/requests/{request_id}")).json())


async def send(scene: Scene, asked: InterventionRequested, **changes: Any) -> None:
    """Send it in an envelope with these changes."""
    await scene.others.send_again(asked, replace(seal(asked, source="shop"), **changes))


async def test_what_became_of_a_request_is_seen_over_http(simple: Scene) -> None:  # noqa: F811
    await simple.population()
    assert (await simple.client.get("/interventions/requests/r1")).status_code == 404
    await send(simple, request(request_id="r1", intervention=WHOLE, execution={"seed": 7}))
    done = await outcome(simple, "r1")
    assert (done["state"], done["action"], done["source"], done["errors"]) == (
        "accepted",
        "create",
        "/services/shop",
        [],
    )
    made = (await simple.client.get("/interventions/list")).json()["items"]
    assert [each["id"] for each in made] == [done["intervention_id"]]
    [started] = await simple.others.published(StartSimulation, 1)
    assert started.simulation_id == done["simulation_id"]

    await send(simple, request(request_id="r2", intervention=WHOLE | {"success_metrics": ["charm"]}))
    refused = await outcome(simple, "r2")
    assert (refused["state"], refused["intervention_id"]) == ("rejected", None)
    assert refused["errors"][0]["field"] == "success_metrics.0"
    assert "open_rate" in refused["errors"][0]["allowed"]
    listed = (await simple.client.get("/interventions/requests", params={"limit": 1})).json()
    assert [each["request_id"] for each in listed["items"]] == ["r2"]
    rest = (await simple.client.get("/interventions/requests", params={"cursor": listed["next_cursor"]})).json()
    assert [each["request_id"] for each in rest["items"]] == ["r1"]


async def test_a_request_sent_again_as_another_event_changes_nothing(simple: Scene) -> None:  # noqa: F811
    await simple.population()
    asked = request(request_id="r1", intervention=WHOLE)
    for _ in range(3):
        await send(simple, asked)
    await outcome(simple, "r1")
    await send(simple, request(request_id="end", intervention=WHOLE))
    await outcome(simple, "end")
    assert len(await simple.sent(InterventionCreated)) == 2
    assert await simple.sent(InterventionRejected) == []


async def test_two_systems_may_give_their_events_the_same_id(simple: Scene) -> None:  # noqa: F811
    await simple.population()
    for source in ("/crm", "/shop"):
        asked = request(request_id=source[1:], intervention=WHOLE, execution={})
        envelope = replace(seal(asked, source="gateway"), id="e1", source=source)
        await simple.others._publish(asked, envelope, envelope.headers() | {"Nats-Msg-Id": f"{source}/e1"})

    async def both_are_started() -> bool:
        return len(await simple.sent(StartSimulation)) == len(await simple.sent(InterventionCreated)) == 2

    await eventually(both_are_started)


async def test_another_request_under_a_used_event_id_is_answered_too(simple: Scene) -> None:  # noqa: F811
    await simple.population()
    for name in ("r1", "r2", "r1"):
        await send(simple, request(request_id=name, intervention=WHOLE), id="e1", subject="")
    assert [(await outcome(simple, name))["state"] for name in ("r1", "r2")] == ["accepted"] * 2

    async def both_are_told() -> bool:
        return {one.name for one in await simple.sent(InterventionCreated)} == {build.CAMPAIGN["name"]}

    await eventually(both_are_told)
    assert len(await simple.sent(InterventionCreated)) == 2


async def test_another_request_under_the_same_id_is_told_to_take_its_own(simple: Scene) -> None:  # noqa: F811
    await simple.population()
    await send(simple, request(request_id="r1", intervention=WHOLE))
    first = await outcome(simple, "r1")
    other = request(request_id="r1", intervention=WHOLE | {"name": "Another"})
    assert await rejected(simple, other) == [("request_id", ())]
    assert await outcome(simple, "r1") == first


async def test_a_request_waits_for_the_one_it_builds_on_and_for_its_population(simple: Scene) -> None:  # noqa: F811
    changed = WHOLE | {"name": "Changed"}
    later = datetime.now(UTC) + timedelta(milliseconds=1)
    await send(simple, request("execute", request_id="r3", created_by_request="r1", execution={"seed": 5}))
    await asyncio.sleep(0.2)
    await send(simple, request(request_id="r1", intervention=WHOLE))
    await send(simple, request("modify", request_id="r2", created_by_request="r0", intervention=changed), time=later)
    await send(simple, request(request_id="r0", intervention=WHOLE), time=later - timedelta(seconds=1))
    await simple.population()
    made, ran, modified = [await outcome(simple, name) for name in ("r1", "r3", "r2")]
    assert ran["state"] == "accepted"
    assert ran["intervention_id"] == made["intervention_id"]
    assert modified["state"] == "accepted"
    [started] = await simple.others.published(StartSimulation, 1)
    assert (started.intervention_id, started.seed) == (made["intervention_id"], 5)


async def test_what_a_request_builds_on_is_not_waited_for_for_ever(simple: Scene) -> None:  # noqa: F811
    await send(simple, request("execute", request_id="r1", created_by_request="r0"))
    await send(simple, request(request_id="r2", intervention=WHOLE))
    await send(simple, request("execute", request_id="r3", created_by_request="r2"))
    assert [each["field"] for each in (await outcome(simple, "r1"))["errors"]] == ["created_by_request"]
    assert [each["field"] for each in (await outcome(simple, "r2"))["errors"]] == ["population_id"]
    assert (await outcome(simple, "r3"))["errors"][0]["field"] == "created_by_request"


async def test_a_change_older_than_the_one_before_it_is_not_made(simple: Scene) -> None:  # noqa: F811
    await simple.population()
    made = await simple.intervention(population_id=build.POPULATION)
    now = datetime.now(UTC)
    for name, sent_at in (("newer", now), ("older", now - timedelta(seconds=1))):
        changed = request("modify", request_id=name, intervention_id=made["id"], intervention=WHOLE | {"name": name})
        await send(simple, changed, time=sent_at)
        found = await outcome(simple, name)
    assert found["errors"][0]["message"].endswith("was changed by 'newer', which was sent later")
    assert (await simple.client.get(f"/interventions/{made['id']}")).json()["name"] == "newer"


@pytest.mark.parametrize(
    ("body", "headers", "field", "said"),
    [
        (b"not json", {}, "data", "is not valid JSON"),
        (b"[]", {}, "body", ""),
        (b'{"request_id": "r1"}', {}, "action", ""),
        (b'{"request_id": "r1", "action": "destroy"}', {}, "action", ""),
        (b'{"request_id": "r1", "action": "execute"}', {"ce-type": "nonsense"}, "event", "ce-type"),
        (b'{"request_id": "r1", "action": "execute"}', {"ce-tenant": "acme"}, "event", "ce-tenant"),
        (b'{"request_id": "r1", "action": "execute"}', {"ce-specversion": "9"}, "event", "ce-specversion is '9'"),
        (b'{"request_id": "r1", "action": "execute", "naem": "x"}', {}, "event", "data.naem is not a field"),
    ],
)
async def test_what_is_no_request_is_rejected_too_and_never_passed_over_in_silence(
    simple: Scene,  # noqa: F811
    body: bytes,
    headers: dict[str, str],
    field: str,
    said: str,
) -> None:
    envelope = seal(request(request_id="r1"), source="shop").headers()
    await simple.others.send_raw(f"{REQUESTED}r1", body, envelope | headers)
    found = await outcome(simple, "r1")
    assert (found["state"], found["errors"][0]["field"]) == ("rejected", field)
    assert said in found["errors"][0]["message"]
    [event] = await simple.others.published(InterventionRejected)
    assert (event.request_id, event.errors[0].field) == ("r1", field)


async def test_requests_in_any_order_many_at_once_are_all_answered_for(simple: Scene) -> None:  # noqa: F811
    """The whole of it, 10,000, is in `make bench`."""
    await simple.population()
    bad = WHOLE | {"target_segments": ["teens"]}
    asked = [request(request_id=f"r{n}", intervention=bad if n % 5 == 0 else WHOLE) for n in range(100)]
    for one in random.Random(6).sample([*asked, *asked[:20]], 120):
        await send(simple, one)

    async def are_all_answered_for() -> bool:
        return len((await simple.client.get("/interventions/requests", params={"limit": 200})).json()["items"]) == 100

    await eventually(are_all_answered_for)
    items = (await simple.client.get("/interventions/requests", params={"limit": 200})).json()["items"]
    assert sum(each["state"] == "rejected" for each in items) == 20
    assert len(await simple.sent(InterventionRejected)) == 20
    assert len((await simple.client.get("/interventions/list", params={"limit": 200})).json()["items"]) == 80
