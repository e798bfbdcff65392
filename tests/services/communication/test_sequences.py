"""Touchpoints on a simulated clock, some only for those who answered so."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from libs.contracts.base import JsonObject
from libs.contracts.orchestrator import ProtocolStateChanged
from libs.contracts.turns import TurnReply, TurnRequest
from tests.services.communication.parts import SIMULATION, Stage, answered, stage
from tests.support.apps import eventually
from tests.support.migrated import sqlite_database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MAIL = {"name": "mail", "content": "Half price.", "metrics": ["open_rate", "purchase_intent"]}
OPEN_TO = {"name": "open_rate", "type": "ordinal", "scale": [1, 5], "question": "How open are you?"}
REMINDER = {"name": "reminder", "content": "Last day.", "after": "P2D", "metrics": ["open_rate"]}


@pytest.fixture
async def service(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, database_url) as around:
        await around.population(4)
        await around.simulation()
        around.models.script = opening
        yield around


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def idle(shared_nats_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One that is only asked for what it refuses."""
    database = sqlite_database("communication", tmp_path_factory.mktemp("idle") / "communication.db")
    async with stage(shared_nats_url, database) as around:
        await around.population(4)
        await around.simulation()
        yield around


def opening(turn: TurnRequest) -> TurnReply:
    """The first two open everything, the first with the stronger intent."""
    number = int(turn.agent_id[-1])
    return answered(turn, {"open_rate": number <= 2, "purchase_intent": 9 - number})


async def run(service: Stage, *touchpoints: JsonObject) -> JsonObject:
    accepted = await service.accepted("sequence/execute", {"touchpoints": list(touchpoints)})
    await service.run(accepted["id"])
    return accepted


async def met(service: Stage, step_id: str) -> set[str]:
    return {item["agent_id"] for item in await service.history(step_id=step_id, kind="stimulus")}


def reminders(conditions: Sequence[JsonObject]) -> list[JsonObject]:
    """One touchpoint for each condition."""
    return [REMINDER | {"name": f"reminder {n}", "condition": one} for n, one in enumerate(conditions)]


async def test_only_those_whose_answer_was_so_meet_a_touchpoint(service: Stage) -> None:
    conditions: list[tuple[JsonObject, int]] = [
        ({"metric": "open_rate", "value": True}, 2),
        ({"metric": "open_rate", "value": True, "operator": "is_not"}, 2),
        ({"metric": "purchase_intent", "value": 8, "operator": "at_least"}, 1),
        ({"metric": "purchase_intent", "value": 6, "operator": "at_most", "touchpoint": "mail"}, 2),
        ({"metric": "purchase_intent", "value": 7}, 1),
    ]
    accepted = await run(service, MAIL, *reminders([condition for condition, _ in conditions]))
    first, *others = accepted["step_ids"]
    assert len(await met(service, first)) == 4
    completed = (await service.completed(6))[1:]
    for (condition, number), step, done in zip(conditions, others, completed, strict=True):
        assert len(await met(service, step)) == number, condition
        assert (done.requested, done.answered, done.failed, done.skipped) == (4, number, 0, 4 - number)


async def test_the_simulated_clock_goes_on_without_waiting_and_is_remembered(service: Stage) -> None:
    accepted = await run(service, MAIL, REMINDER)
    times = [
        {item["simulated_at"] for item in await service.history(step_id=step_id)} for step_id in accepted["step_ids"]
    ]
    assert times == [{"2026-01-05T09:00:00Z"}, {"2026-01-07T09:00:00Z"}]
    shown = service.models.shown("agent_0001")[1]
    assert shown["memory"]["episodes"][0]["at"] == "2026-01-05T09:00+00:00"


async def test_who_skipped_a_touchpoint_does_not_remember_it(service: Stage) -> None:
    condition = {"metric": "open_rate", "value": True}
    await run(service, MAIL, REMINDER | {"condition": condition}, MAIL | {"name": "again"})
    assert len(service.models.shown("agent_0001")) == 3
    last = service.models.shown("agent_0004")[-1]
    assert [episode["stimulus"]["content"] for episode in last["memory"]["episodes"]] == ["Half price."]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("touchpoints", "said"),
    [
        ([MAIL, MAIL], "'mail' is there more than once"),
        ([{"name": "empty"}], "shows content, asks metrics, or both"),
        (
            [MAIL | {"condition": {"metric": "open_rate", "value": True, "touchpoint": "later"}}],
            "none, it is the first",
        ),
        (
            [MAIL, REMINDER | {"condition": {"metric": "trust", "value": 1, "touchpoint": "mail"}}],
            "'mail' does not ask 'trust'",
        ),
        ([MAIL, REMINDER | {"condition": {"metric": "open_rate", "value": "x", "operator": "at_least"}}], "a number"),
        (
            [MAIL, REMINDER | {"condition": {"metric": "no_such", "value": True}}],
            "asks 'no_such'",
        ),
        ([MAIL, REMINDER | {"condition": {"metric": "open_rate", "value": 1, "operator": "at_least"}}], "is binary"),
        ([MAIL, REMINDER | {"condition": {"metric": "open_rate", "value": "yes"}}], "true or false"),
        ([MAIL, REMINDER | {"condition": {"metric": "purchase_intent", "value": "high"}}], "a number from 1 to 10"),
        (
            [MAIL, REMINDER | {"condition": {"metric": "purchase_intent", "value": 40, "operator": "at_least"}}],
            "a number from 1 to 10",
        ),
        ([MAIL, REMINDER | {"condition": {"metric": "open_rate", "value": [], "operator": "one_of"}}], "at least one"),
        ([MAIL | {"condition": {"metric": "open_rate", "value": True}}], "nothing earlier asks"),
        ([MAIL | {"after": "-P1D"}], "greater than or equal to 0"),
        ([MAIL, {"name": "again", "metrics": [OPEN_TO]}], "'open_rate' was asked with another type, scale, options"),
    ],
)
async def test_an_impossible_sequence_is_refused_with_the_reason(
    idle: Stage, touchpoints: list[JsonObject], said: str
) -> None:
    body = {"simulation_id": SIMULATION, "touchpoints": touchpoints}
    answer = await idle.client.post("/communications/sequence/execute", json=body)
    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("starts_at", "said"),
    [
        ("0001-01-01T00:00:00+14:00", "must be between the years 1 and 9999"),
        ("9999-12-31T00:00:00Z", "the last touchpoint would be after the year 9999"),
    ],
)
async def test_a_time_that_no_calendar_holds_is_refused_before_it_stops_the_simulation(
    idle: Stage, starts_at: str, said: str
) -> None:
    body = {"simulation_id": SIMULATION, "touchpoints": [MAIL, REMINDER], "starts_at": starts_at}
    answer = await idle.client.post("/communications/sequence/execute", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "starts_at"
    assert said in answer.text


async def test_a_touchpoint_can_be_for_those_who_are_or_have_said_something(service: Stage) -> None:
    conditions: list[tuple[JsonObject, int]] = [
        ({"attribute": "age", "operator": "at_least", "value": 0}, 4),
        ({"attribute": "age", "operator": "at_least", "value": 200}, 0),
        ({"attribute": "shoe_size", "value": 44}, 0),
        ({"says": ["NOTHING OF THE KIND"]}, 0),
    ]
    accepted = await run(service, MAIL, *reminders([condition for condition, _ in conditions]))
    for (condition, expected), step in zip(conditions, accepted["step_ids"][1:], strict=True):
        assert len(await met(service, step)) == expected, condition


async def test_what_was_said_brings_the_effect_whatever_the_case_of_its_letters(service: Stage) -> None:
    await run(service, MAIL)
    said = {item["agent_id"]: item["content"] for item in await service.history(kind="talk")}
    speaker, words = next(iter(said.items()))
    await run(service, REMINDER | {"condition": {"says": [str(words).upper()]}})
    assert speaker in await met(service, "step-2-1")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "condition",
    [
        {"value": True},
        {"metric": "open_rate", "attribute": "age", "value": 3},
        {"says": ["x"], "value": 1},
        {"attribute": "age"},
    ],
)
async def test_a_condition_is_about_one_thing(idle: Stage, condition: JsonObject) -> None:
    body = {"touchpoints": [MAIL, REMINDER | {"condition": condition}]}
    answer = await idle.client.post("/communications/sequence/execute", json={"simulation_id": SIMULATION, **body})
    assert answer.status_code == 422


async def test_a_name_stands_for_one_metric_in_all_requests(service: Stage) -> None:
    """Under one name answers of two kinds would be one number."""
    await run(service, MAIL)
    for again, status in ((OPEN_TO, 422), (OPEN_TO | {"name": "openness"}, 202), ("open_rate", 202)):
        body = {"simulation_id": service.simulation_id, "content": "And now?", "metrics": [again]}
        answer = await service.client.post("/communications/broadcast", json=body)
        assert answer.status_code == status, answer.text
    condition = {"metric": "trust", "value": 1}
    body = {"simulation_id": service.simulation_id, "touchpoints": [REMINDER | {"condition": condition}]}
    answer = await service.client.post("/communications/sequence/execute", json=body)
    assert answer.json()["errors"][0]["field"] == "touchpoints.0.condition.metric"


async def test_what_was_asked_on_a_timeline_that_was_left_may_be_asked_otherwise(service: Stage) -> None:
    await run(service, {"name": "first", "metrics": ["trust"]})
    sevens = OPEN_TO | {"scale": [1, 7]}
    await run(service, {"name": "second", "metrics": [OPEN_TO]})
    for number in (1, 2):
        told = ProtocolStateChanged(
            simulation_id=SIMULATION, protocol_id=await request_id(service, number), state="finished", changed_at=NOW
        )
        await service.send("orchestrator", told)
    await service.fork(1)

    async def is_left() -> bool:
        body = {"simulation_id": SIMULATION, "content": "And now?", "metrics": [sevens]}
        return (await service.client.post("/communications/broadcast", json=body)).status_code == 202

    await eventually(is_left)
    trust = {"name": "trust", "type": "binary", "question": "Do you trust them?"}
    body = {"simulation_id": SIMULATION, "content": "And now?", "metrics": [trust]}
    assert (await service.client.post("/communications/broadcast", json=body)).status_code == 422


async def request_id(service: Stage, number: int) -> str:
    """The id of the how-manieth request."""
    listed = await service.client.get(f"/communications/{SIMULATION}/requests")
    return str(listed.json()["items"][number - 1]["id"])
