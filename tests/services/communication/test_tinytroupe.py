"""The process that has TinyTroupe: how it is found, kept apart, fenced in, and replaced when it dies."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from starlette.middleware import Middleware

from libs.contracts.base import JsonObject
from libs.contracts.identity import working_for
from libs.contracts.people import Agent
from libs.contracts.turns import TurnBatch, TurnReply
from libs.http import Badge, Identified, Tenant, create_http_app, new_key_pair, register_local, verifier_of
from libs.minds.tools import Tools
from libs.models import ModelsAwayError, ModelsClient, ModelsError
from services.communication.adapters import Encounter, TinyTroupeEngine
from services.communication.adapters.tinytroupe.installation import PAGE, examine
from services.communication.adapters.tinytroupe.pool import Pool
from services.communication.adapters.tinytroupe.process import Process
from tests.services.communication.parts import ScriptedModels, delivery, person, reply
from tests.services.communication.standin import LIBRARY, PLACEHOLDER, python_with
from tests.support.apps import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
ACTED = {"actions": [{"type": "TALK", "content": "Hm.", "target": ""}], "cognitive_state": {"goals": "rest"}}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with(tmp_path_factory.mktemp("library"), LIBRARY, "0.6.0")


@pytest_asyncio.fixture(loop_scope="module")
async def models() -> AsyncIterator[ScriptedModels]:
    scripted = ScriptedModels()
    scripted.script = lambda turn: reply(turn, ACTED)
    register_local("models", scripted.app)
    yield scripted
    register_local("models", None)


@asynccontextmanager
async def engine(python: str, processes: int = 2, badge: Badge | None = None) -> AsyncIterator[TinyTroupeEngine]:
    client = ModelsClient("local://models", silence_s=5, badge=badge)
    await client.start()
    driven = TinyTroupeEngine(client, Tools(), python=python, processes=processes, start_s=30)
    try:
        yield driven
    finally:
        await driven.stop()
        await client.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def driven(python: str) -> AsyncIterator[TinyTroupeEngine]:
    """One engine for the tests that leave it as it was: a process takes a second to start."""
    async with engine(python) as driven:
        yield driven


def somebody(index: int, does: str = "act") -> Encounter:
    agent: Agent = person(index)
    return Encounter(f"turn_{index}", agent.model_copy(update={"persona": agent.persona | {"does": does}}))


async def deliver(engine: TinyTroupeEngine, *people: Encounter, **changes: Any) -> list[TurnReply]:
    return [reply async for reply in engine.turns(delivery(instruments=(), **changes), people)]


def shown(reply: TurnReply) -> JsonObject:
    """What the agent of the stand-in tells of its process."""
    assert reply.status == "answered", reply.failure
    told: JsonObject = json.loads(orjson.loads(reply.content or "")["actions"][-1]["content"])
    return told


@pytest.mark.parametrize(
    ("files", "version", "said"),
    [
        ({}, None, "has no package tinytroupe"),
        (PLACEHOLDER, "0.0.1", "has the package tinytroupe 0.0.1 from PyPI, which is an empty placeholder"),
        (LIBRARY, "0.5.2", "has TinyTroupe 0.5.2, which this version does not know"),
        (LIBRARY, "0.60.0", "has TinyTroupe 0.60.0, which this version does not know"),
    ],
)
async def test_a_python_without_the_library_is_told_what_it_lacks_and_where_it_is_described(
    tmp_path: Path, files: dict[str, str], version: str | None, said: str
) -> None:
    found = await examine(python_with(tmp_path, files, version))
    assert found.version == version
    assert said in (found.problem or "")
    assert PAGE in (found.problem or "")


async def test_the_library_is_recognised_without_being_imported(tmp_path: Path) -> None:
    python = python_with(tmp_path, LIBRARY | {"tinytroupe/__init__.py": "raise SystemExit(9)"}, "0.6.7")
    assert (await examine(python)).problem is None


async def test_a_python_that_is_not_there_is_named() -> None:
    assert "/no/such/python cannot be run" in ((await examine("/no/such/python")).problem or "")


async def test_a_library_that_cannot_be_imported_fails_every_turn_with_the_reason(
    tmp_path: Path, models: ScriptedModels
) -> None:
    python = python_with(tmp_path, LIBRARY | {"tinytroupe/__init__.py": "import selenium_is_missing"}, "0.6.0")
    async with engine(python) as driven:
        replies = await deliver(driven, somebody(1), somebody(2))
    assert [reply.status for reply in replies] == ["failed", "failed"]
    assert "No module named 'selenium_is_missing'" in (replies[0].failure or "")


async def test_people_of_one_name_act_at_once_and_are_forgotten_after(
    driven: TinyTroupeEngine, models: ScriptedModels
) -> None:
    people = [somebody(index) for index in range(1, 41)]
    named = [Encounter(one.turn_id, one.agent.model_copy(update={"persona": {"name": "Ann"}})) for one in people]
    replies = await deliver(driven, *named)
    assert {reply.turn_id for reply in replies} == {f"turn_{index}" for index in range(1, 41)}
    assert {shown(reply)["agents"] for reply in replies} == {0}


async def test_the_library_gets_no_secrets_and_no_network(
    driven: TinyTroupeEngine, models: ScriptedModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REHEARSAL_DATABASE_URL", "postgresql://somebody:secret@host/db")
    told, refused = sorted(await deliver(driven, somebody(1), somebody(2, "connect")), key=lambda reply: reply.turn_id)
    assert set(shown(told)["environment"]) <= {"OPENAI_API_KEY", "LC_CTYPE"}
    assert "may not use the network" in (refused.failure or "")


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("embed", "asked for /v1/embeddings"),
        ("write", "without a schema"),
        ("ask", "more than 10 times in one turn"),
    ],
)
async def test_a_request_that_no_turn_needs_fails_the_turn(
    driven: TinyTroupeEngine, models: ScriptedModels, does: str, said: str
) -> None:
    failed, other = sorted(await deliver(driven, somebody(1, does), somebody(2)), key=lambda reply: reply.turn_id)
    assert said in (failed.failure or "")
    assert other.status == "answered"


async def test_a_process_that_dies_is_replaced_when_the_delivery_is_done_again(
    driven: TinyTroupeEngine, models: ScriptedModels
) -> None:
    (before,) = await deliver(driven, somebody(1))
    with pytest.raises(ModelsError, match="died in the middle of a turn"):
        await deliver(driven, somebody(2, "crash"))
    (after,) = await deliver(driven, somebody(2))
    assert shown(before)["pid"] != shown(after)["pid"]


async def test_a_process_that_cannot_begin_fails_the_delivery_and_not_the_turns(
    tmp_path: Path, models: ScriptedModels
) -> None:
    python = python_with(tmp_path, LIBRARY | {"tinytroupe/__init__.py": "import os; os._exit(1)"}, "0.6.0")
    async with engine(python) as driven:
        with pytest.raises(ModelsError, match="ended before it was ready"):
            await deliver(driven, somebody(1))


async def test_a_models_service_that_is_away_is_waited_for(driven: TinyTroupeEngine, models: ScriptedModels) -> None:
    register_local("models", None)
    with pytest.raises(ModelsAwayError):
        await deliver(driven, somebody(1), somebody(2))
    register_local("models", models.app)
    assert len(await deliver(driven, somebody(1), somebody(2))) == 2


async def test_a_delivery_that_is_given_up_frees_its_process(python: str, models: ScriptedModels) -> None:
    async with engine(python, processes=1) as driven:
        people = [somebody(index) for index in range(1, 65)]
        async with aclosing(driven.turns(delivery(instruments=()), people)) as replies:
            await anext(replies)
        assert len(await deliver(driven, *people)) == 64


async def test_a_simulation_keeps_its_process_and_shares_it_with_no_other(
    driven: TinyTroupeEngine, models: ScriptedModels
) -> None:
    (first,) = await deliver(driven, somebody(1), simulation_id="sim_1")
    (other,) = await deliver(driven, somebody(1), simulation_id="sim_2")
    (second,) = await deliver(driven, somebody(1), simulation_id="sim_1")
    assert shown(first)["pid"] == shown(second)["pid"] != shown(other)["pid"]


async def test_a_simulation_waits_for_a_process_while_all_are_in_use(python: str, models: ScriptedModels) -> None:
    async with engine(python, processes=1) as driven:
        async with aclosing(driven.turns(delivery(instruments=(), simulation_id="sim_1"), [somebody(1)])) as replies:
            await anext(replies)
            later = asyncio.create_task(deliver(driven, somebody(1), simulation_id="sim_2"))
            await asyncio.sleep(0.3)
            assert not later.done()
        (reply,) = await later
    assert reply.status == "answered"


async def test_a_process_that_nobody_uses_ends(python: str) -> None:
    pool = Pool(lambda: Process(python, start_s=30), most=2, idle_s=0.05)
    async with pool.lease("sim_1") as process:
        assert process.is_alive

    async def has_ended() -> bool:
        return not process.is_alive

    await eventually(has_ended)
    await pool.stop()


async def test_a_turn_is_asked_with_its_place_and_the_number_of_its_call(
    driven: TinyTroupeEngine, models: ScriptedModels
) -> None:
    (told,) = await deliver(driven, somebody(1), seed=11, model="gpt-5", round=3)
    (batch,) = models.batches
    assert (batch.simulation_id, batch.timeline_id, batch.step_id, batch.round) == ("sim_1", "main", "step_1", 3)
    assert (batch.model, batch.seed) == ("gpt-5", 11)
    (turn,) = batch.turns
    assert (turn.turn_id, turn.agent_id, turn.draw) == ("turn_1", "agent_0001", 0)
    assert told.usage.calls == 1


async def test_a_process_that_served_one_tenant_asks_in_the_name_of_the_next(
    python: str, models: ScriptedModels
) -> None:
    pair = new_key_pair()
    told: list[tuple[str, str]] = []
    router, verifier = APIRouter(), verifier_of(new_key_pair()[1], "127.0.0.1", "models", {"communication": pair[1]})

    @router.post("/v1/turns")
    async def answer(batch: TurnBatch, tenant: Tenant) -> PlainTextResponse:
        told.append((batch.turns[0].turn_id, tenant))
        return PlainTextResponse(reply(batch.turns[0], ACTED).model_dump_json())

    register_local("models", create_http_app("models", router, entrance=Middleware(Identified, verifier=verifier)))
    async with engine(python, 1, Badge("communication", pair[0], "models")) as driven:
        for number, tenant in ((1, "acme"), (2, "globex")):
            with working_for(tenant):
                assert [one.status for one in await deliver(driven, somebody(number))] == ["answered"]
    assert told == [("turn_1", "acme"), ("turn_2", "globex")]
