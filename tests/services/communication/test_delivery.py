"""Every agent of a delivery answers exactly once, whatever breaks on the way."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from libs.contracts.communication import DeliveryCompleted
from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import NO_USAGE
from libs.contracts.turns import TurnReply, TurnRequest
from libs.http import register_local
from tests.services.communication.parts import ANSWERS, EMAIL, PAID, Stage, answered, delivery, reply, stage
from tests.support.apps import eventually


@pytest.fixture
async def service(nats_url: str, database_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, database_url) as around:
        yield around


@pytest.fixture
async def embedded(nats_url: str, sqlite_url: str) -> AsyncIterator[Stage]:
    """For what does not depend on the store."""
    async with stage(nats_url, sqlite_url) as around:
        yield around


async def test_every_agent_answers_once_and_the_delivery_is_announced_as_complete(service: Stage) -> None:
    await service.population(70)
    await service.send("orchestrator", delivery(64))
    (completed,) = await service.completed()
    assert (completed.requested, completed.answered, completed.failed) == (64, 64, 0)
    assert completed.usage.calls == 64
    assert completed.usage.prompt_tokens == 64 * PAID.prompt_tokens
    assert completed.usage.cost_usd == pytest.approx(0.064)
    responses = await service.responses()
    assert Counter(response.agent_id for response in responses) == dict.fromkeys(delivery(64).agent_ids, 1)
    assert responses[0].answers == ANSWERS
    assert responses[0].reasoning == f"I am {responses[0].agent_id}."
    assert (responses[0].response, responses[0].confidence, responses[0].sentiment) == ("Hm.", 0.7, 0.1)
    assert len(service.models.batches) == 1


async def test_what_an_agent_did_is_told_where_thought_and_speech_to_nobody_are_not_all_of_it(embedded: Stage) -> None:
    done = {
        "agent_0001": [{"type": "THINK", "content": "Hm."}, {"type": "TALK", "content": "Well.", "target": ""}],
        "agent_0002": [{"type": "TALK", "content": "Well.", "target": "Ana"}, {"type": "DONE"}],
    }
    whole = {"mental_state": {}, "answers": ANSWERS, "confidence": 1}
    embedded.models.script = lambda turn: reply(turn, {**whole, "actions": done[turn.agent_id]})
    await embedded.population(2)
    await embedded.send("orchestrator", delivery(2))
    await embedded.completed()
    alone, directed = sorted(await embedded.responses(), key=lambda response: response.agent_id)
    assert alone.actions is None
    assert [(one.type, one.content, one.target) for one in directed.actions or ()] == [("TALK", "Well.", "Ana")]


async def test_the_model_is_shown_the_stimulus_the_questions_and_the_person(embedded: Stage) -> None:
    await embedded.population(1)
    await embedded.send("orchestrator", delivery(1))
    await embedded.completed()
    blocks = embedded.models.blocks()
    assert blocks["stimulus"] == EMAIL.model_dump(exclude_none=True)
    assert [question["name"] for question in blocks["questions"]] == list(ANSWERS)
    assert blocks["persona"] == {"name": "Person 1", "age": 30, "traits": "O+20"}
    assert embedded.models.batches[0].response_schema["properties"]["answers"]["required"] == list(ANSWERS)


async def test_a_command_that_comes_again_asks_nobody_again_and_keeps_its_completion(service: Stage) -> None:
    await service.population(5)
    envelope = await service.send("orchestrator", delivery(5))
    await service.completed()
    await service.send("orchestrator", delivery(5), envelope)
    await service.send("orchestrator", delivery(1, step_id="step_2", delivery_id="dlv_2"))
    completed = await service.completed(2)
    assert [event.delivery_id for event in completed] == ["dlv_1", "dlv_2"]
    assert len(await service.responses()) == 6
    assert service.models.asked["agent_0002"] == 1


async def test_a_stream_that_breaks_keeps_the_finished_turns_and_asks_only_the_others_again(service: Stage) -> None:
    service.models.breaks_after = 3
    await service.population(5)
    await service.send("orchestrator", delivery(5))
    (completed,) = await service.completed()
    assert (completed.answered, completed.failed) == (5, 0)
    assert len(await service.responses()) == 5
    assert service.models.asked == {f"agent_{index:04d}": 1 if index <= 3 else 2 for index in range(1, 6)}


async def test_after_a_restart_in_the_middle_the_rest_is_finished(service: Stage) -> None:
    service.models.breaks_after = 3
    service.models.leaves_after = 1
    await service.population(5)
    await service.simulation()
    await service.send("orchestrator", delivery(5))

    async def three_are_recorded() -> bool:
        return len(await service.responses()) == 3

    await eventually(three_are_recorded)
    await service.stop()
    register_local("models", service.models.app)
    await service.start()
    (completed,) = await service.completed()
    assert (completed.requested, completed.answered, completed.usage.calls) == (5, 5, 5)
    responses = await service.responses()
    assert Counter(response.agent_id for response in responses) == dict.fromkeys(delivery(5).agent_ids, 1)
    assert service.models.asked["agent_0001"] == 1
    items = await service.history(kind="answer")
    assert Counter(item["agent_id"] for item in items) == dict.fromkeys(delivery(5).agent_ids, 1)


async def test_a_delivery_whose_turns_are_all_recorded_is_still_announced_as_complete(embedded: Stage) -> None:
    await embedded.population(5)
    await embedded.send("orchestrator", delivery(5))
    await embedded.completed()
    await embedded.send("orchestrator", delivery(5))
    first, second = await embedded.completed(2)
    assert first == second.model_copy(update={"cpu_s": first.cpu_s})
    assert set(embedded.models.asked.values()) == {1}
    assert len(await embedded.responses()) == 5


async def test_a_reply_that_failed_or_cannot_be_read_is_counted_with_its_reason(embedded: Stage) -> None:
    def script(turn: TurnRequest) -> TurnReply:
        match turn.agent_id:
            case "agent_0001":
                return answered(turn, ANSWERS | {"purchase_intent": 11})
            case "agent_0002":
                return reply(turn, "I would rather not say.")
            case "agent_0003":
                return TurnReply(
                    turn_id=turn.turn_id,
                    status="failed",
                    content=None,
                    failure="the budget is spent",
                    usage=NO_USAGE,
                    model="scripted",
                )
            case _:
                return answered(turn, ANSWERS)

    embedded.models.script = script
    await embedded.population(4)
    await embedded.simulation()
    await embedded.send("orchestrator", delivery(4))
    (completed,) = await embedded.completed()
    assert (completed.requested, completed.answered, completed.failed) == (4, 1, 3)
    assert completed.usage.calls == 3
    failures = {response.agent_id: response.failure for response in await embedded.responses()}
    assert failures == {
        "agent_0001": "purchase_intent: 11 is not on the scale from 1 to 10",
        "agent_0002": "the reply holds no JSON object",
        "agent_0003": "the budget is spent",
        "agent_0004": None,
    }
    assert {item["content"] for item in await embedded.history(kind="failure")} == set(failures.values()) - {None}


async def test_a_delivery_that_the_models_service_refuses_fails_its_turns_and_says_why(embedded: Stage) -> None:
    embedded.models.refuses = "there is no model 'nobody'"
    await embedded.population(2)
    await embedded.send("orchestrator", delivery(2))
    (completed,) = await embedded.completed()
    assert (completed.answered, completed.failed) == (0, 2)
    responses = await embedded.responses()
    assert {response.failure for response in responses} == {
        "the models service refused the delivery: there is no model 'nobody'"
    }


async def test_a_delivery_waits_for_the_agents_it_needs(embedded: Stage) -> None:
    await embedded.send("orchestrator", delivery(3))
    await asyncio.sleep(0.3)
    assert await embedded.events(DeliveryCompleted) == []
    await embedded.population(3)
    (completed,) = await embedded.completed()
    assert completed.answered == 3
    assert set(embedded.models.asked.values()) == {1}


async def test_a_delivery_waits_for_the_models_service(embedded: Stage) -> None:
    register_local("models", None)
    await embedded.population(2)
    await embedded.send("orchestrator", delivery(2))
    await asyncio.sleep(0.3)
    register_local("models", embedded.models.app)
    (completed,) = await embedded.completed()
    assert completed.answered == 2


async def test_nobody_is_asked_in_a_simulation_that_was_cancelled(embedded: Stage) -> None:
    await embedded.population(2)
    await embedded.simulation(SimulationState.CANCELLED)
    await asyncio.sleep(0.2)
    await embedded.send("orchestrator", delivery(2))
    await embedded.send("orchestrator", delivery(1, simulation_id="sim_2", delivery_id="dlv_2"))
    assert [event.delivery_id for event in await embedded.completed()] == ["dlv_2"]
    await asyncio.sleep(0.1)
    assert embedded.models.asked == {"agent_0001": 1}


async def test_a_delivery_from_before_a_pause_is_not_begun_and_one_sent_after_it_is(embedded: Stage) -> None:
    await embedded.population(2)
    await embedded.simulation()
    await embedded.pauses(1)
    await embedded.send("orchestrator", delivery(2))
    await embedded.send("orchestrator", delivery(1, delivery_id="dlv_2", step_id="later", pauses=1))
    assert [event.delivery_id for event in await embedded.completed()] == ["dlv_2"]
    await asyncio.sleep(0.1)
    assert embedded.models.asked == {"agent_0001": 1}, "the news of the resumption may come after the work itself"


async def test_a_delivery_that_is_paused_stops_listening_after_the_next_reply(embedded: Stage) -> None:
    await embedded.population(3)
    await embedded.simulation()

    def slowly(turn: TurnRequest) -> TurnReply:
        if turn.agent_id != "agent_0001":
            embedded.models.released.clear()
        return answered(turn, ANSWERS)

    async def are_recorded(count: int) -> None:
        async def are() -> bool:
            return len(await embedded.responses()) == count

        await eventually(are)

    embedded.models.script = slowly
    await embedded.send("orchestrator", delivery(3))
    await are_recorded(1)
    await embedded.pauses(1)
    embedded.models.released.set()
    await are_recorded(2)
    embedded.models.script = lambda turn: answered(turn, ANSWERS)
    embedded.models.released.set()
    await embedded.send("orchestrator", delivery(3, pauses=1))
    (completed,) = await embedded.completed()
    assert (completed.answered, len(await embedded.responses())) == (3, 3)
    assert [len(batch.turns) for batch in embedded.models.batches] == [3, 1], "the third is asked for again, alone"


async def test_of_a_conversation_nobody_takes_the_next_turn_once_it_is_paused(embedded: Stage) -> None:
    await embedded.population(3)
    await embedded.simulation()
    embedded.models.released.clear()
    three = ["agent_0001", "agent_0002", "agent_0003"]
    body = {"topic": "Breakfast.", "agent_ids": three, "rounds": 1, "turn_taking": "sequential"}
    accepted = await embedded.accepted("conversation/start", body)
    (command,) = await embedded.deliveries(accepted["id"])
    await embedded.send("orchestrator", command)

    async def is_asked() -> bool:
        return bool(embedded.models.asked)

    await eventually(is_asked)
    await embedded.pauses(1)
    embedded.models.released.set()

    async def is_recorded() -> bool:
        return len(await embedded.responses()) == 1

    await eventually(is_recorded)
    await asyncio.sleep(0.1)
    assert embedded.models.asked == {"agent_0001": 1}, "the turn in hand is finished, the next ones are not begun"
    await embedded.send("orchestrator", command.model_copy(update={"pauses": 1}))
    (completed,) = await embedded.completed()
    assert (completed.delivery_id, completed.answered) == (command.delivery_id, 3)
    assert embedded.models.asked == {"agent_0001": 1, "agent_0002": 1, "agent_0003": 1}


async def test_agents_remember_earlier_rounds_oldest_first(service: Stage) -> None:
    await service.population(1)
    for number in (1, 2, 3):
        await service.send("orchestrator", delivery(1, step_id=f"s{number}", round=number, delivery_id=f"d{number}"))
        await service.completed(number)
    memory = service.models.blocks()["memory"]["episodes"]
    assert [episode["round"] for episode in memory] == [1, 2]
    assert memory[0]["stimulus"] == EMAIL.model_dump(exclude_none=True)
    assert memory[0]["answers"] == ANSWERS
    assert memory[0]["said"] == "Hm."


async def test_a_measure_step_asks_without_showing_anything(embedded: Stage) -> None:
    await embedded.population(1)
    await embedded.simulation()
    await embedded.send("orchestrator", delivery(1, stimulus=None))
    await embedded.completed()
    assert embedded.models.blocks()["stimulus"] is None
    assert [item["kind"] for item in await embedded.history(kind="stimulus")] == []
