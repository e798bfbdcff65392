"""A simulation names its engine; where that cannot run, nobody has to wait to learn why."""

from collections.abc import AsyncIterator

import pytest

from tests.services.communication.parts import SIMULATION, Stage, delivery, stage


@pytest.fixture
async def service(nats_url: str, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    monkeypatch.setenv("REHEARSAL_COMMUNICATION_TINYTROUPE_PYTHON", "/no/such/python")
    async with stage(nats_url, sqlite_url) as around:
        await around.population(2)
        yield around


async def test_the_engines_are_listed_with_what_is_missing(service: Stage) -> None:
    listed = (await service.client.get("/communications/engines")).json()["items"]
    assert [(engine["name"], engine["is_available"]) for engine in listed] == [("native", True), ("tinytroupe", False)]
    assert listed[0]["problem"] is None
    assert "https://github.com/microsoft/TinyTroupe#installation" in listed[1]["problem"]


async def test_a_request_to_a_simulation_whose_engine_cannot_run_is_refused(service: Stage) -> None:
    await service.simulation(engine="tinytroupe")
    body = {"simulation_id": SIMULATION, "content": "Would you try a new cereal?"}
    answer = await service.client.post("/communications/broadcast", json=body)
    assert answer.status_code == 409
    assert "/no/such/python cannot be run" in answer.json()["detail"]
    assert "docs/engines.md" in answer.json()["detail"]


@pytest.mark.parametrize("engine", ["tinytroupe", "clockwork"])
async def test_a_delivery_to_an_engine_that_cannot_run_fails_every_turn_with_the_reason(
    service: Stage, engine: str
) -> None:
    await service.send("orchestrator", delivery(2, engine=engine))
    (completed,) = await service.completed()
    assert (completed.answered, completed.failed) == (0, 2)
    expected = {"tinytroupe": "/no/such/python cannot be run", "clockwork": "known: native, tinytroupe"}
    assert expected[engine] in (completed.failure or "")
    assert not service.models.batches
