"""A simulation names its engine; where that cannot run, nobody has to wait to learn why."""

from collections.abc import AsyncIterator

import pytest

from libs.contracts.errors import InvalidError
from libs.engines import Engines
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


async def test_an_engine_that_cannot_run_is_refused_with_what_to_do_and_those_that_can(service: Stage) -> None:
    engines = Engines("local://communication", silence_s=5)
    await engines.check("native")
    with pytest.raises(InvalidError, match=r"https://github.com/microsoft/TinyTroupe#installation") as refused:
        await engines.check("tinytroupe")
    assert [(error.field, error.allowed) for error in refused.value.errors] == [("engine", ("native",))]


async def test_while_the_communication_service_is_away_no_engine_is_refused() -> None:
    await Engines("local://nowhere", silence_s=5).check("tinytroupe")


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
