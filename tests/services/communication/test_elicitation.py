"""How answers are obtained: the order of options, stated probabilities, and words that are rated."""

from collections.abc import AsyncIterator

import pytest

from libs.contracts.instruments import Instrument, MetricType
from libs.contracts.turns import TurnReply, TurnRequest
from tests.services.communication.parts import Stage, answered, delivery, stage

COLOURS = ("red", "green", "blue", "black")
ANCHORS = (("no no no", "maybe", "yes yes yes"),)


@pytest.fixture
async def service(nats_url: str, sqlite_url: str) -> AsyncIterator[Stage]:
    async with stage(nats_url, sqlite_url) as around:
        await around.population(8)
        yield around


def metric(name: str, kind: MetricType, **changes: object) -> Instrument:
    values: dict[str, object] = {"minimum": None, "maximum": None, "options": (), "requires": None, "role": "primary"}
    return Instrument.model_validate({"name": name, "type": kind, "question": "?"} | values | changes)


async def test_everybody_sees_options_in_an_order_of_their_own_which_the_response_keeps(service: Stage) -> None:
    service.models.script = lambda turn: answered(turn, {"colour": "blue"})
    await service.send("orchestrator", delivery(8, instruments=(metric("colour", MetricType.CHOICE, options=COLOURS),)))
    await service.completed()
    orders = {}
    for response in await service.responses():
        assert response.option_orders is not None
        orders[response.agent_id] = response.option_orders["colour"]
        (shown,) = service.models.shown(response.agent_id)
        assert shown["options"]["colour"] == list(response.option_orders["colour"])
    assert len(set(orders.values())) > 1
    assert {tuple(sorted(order)) for order in orders.values()} == {tuple(sorted(COLOURS))}


async def test_stated_probabilities_are_kept_and_the_answer_is_drawn_from_them(service: Stage) -> None:
    service.models.script = lambda turn: answered(turn, {"opened": {"true": 0.5, "false": 0.5}})
    asked = metric("opened", MetricType.BINARY, elicitation="distribution")
    await service.send("orchestrator", delivery(8, instruments=(asked,)))
    await service.completed()
    responses = await service.responses()
    assert {response.answers["opened"] for response in responses} == {True, False}
    assert all(response.distributions == {"opened": {"true": 0.5, "false": 0.5}} for response in responses)


def in_words(turn: TurnRequest) -> TurnReply:
    return answered(turn, {"intent": "yes yes yes"})


RATED = metric("intent", MetricType.ORDINAL, minimum=1, maximum=3, elicitation="ssr", anchors=ANCHORS)


async def test_words_are_rated_by_their_likeness_to_anchors(service: Stage) -> None:
    service.models.script, service.models.embedder = in_words, "letters"
    await service.send("orchestrator", delivery(8, instruments=(RATED,)))
    await service.completed()
    for response in await service.responses():
        assert response.distributions is not None
        rating = response.distributions["intent"]
        assert rating["3"] == max(rating.values()) > rating["1"]
        assert response.answers["intent"] in (1, 2, 3)
    assert len(service.models.embedded) == len(set(service.models.embedded)) == 3, "each text is sent once"


async def test_without_embeddings_words_cannot_be_rated_and_the_turn_fails_with_the_reason(service: Stage) -> None:
    service.models.script = in_words
    await service.send("orchestrator", delivery(2, instruments=(RATED,)))
    (done,) = await service.completed()
    assert (done.answered, done.failed) == (0, 2)
    assert "intent: the words cannot be rated without embeddings" in (done.failure or "")


async def test_an_answer_that_cannot_be_rated_fails_alone_and_is_told_with_the_reason(service: Stage) -> None:
    service.models.script = lambda turn: answered(turn, {"opened": True, "intent": "yes yes yes"})
    opened = metric("opened", MetricType.BINARY)
    await service.send("orchestrator", delivery(2, instruments=(opened, RATED)))
    (done,) = await service.completed()
    assert (done.answered, done.failed) == (2, 0)
    for response in await service.responses():
        assert response.answers == {"opened": True}
        assert response.unrated is not None
        assert "without embeddings" in response.unrated["intent"]
