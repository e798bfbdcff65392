"""Asking a models service that answers, refuses, breaks off or is away."""

import gc
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse

from libs.contracts.errors import InvalidError
from libs.contracts.instruments import Instrument, MetricType
from libs.contracts.protocol import NO_USAGE
from libs.contracts.turns import TurnBatch, TurnReply, TurnRequest
from libs.http import register_local
from libs.models import (
    Asked,
    ModelFailedError,
    ModelsAwayError,
    ModelsClient,
    ModelsError,
    ask,
    ask_one,
    check_mind,
    check_model,
)

QUESTIONS = ("one", "two", "three")


def batch(*ids: str) -> TurnBatch:
    return TurnBatch(
        simulation_id="",
        model="some-model",
        timeline_id="ask",
        step_id="ask",
        round=0,
        seed=1,
        response_schema={"type": "object"},
        shared=(),
        turns=tuple(TurnRequest(turn_id=turn_id, agent_id="", messages=()) for turn_id in ids),
    )


class Service:
    """`/v1/turns` and `/v1/models`; a stream breaks off after `breaks` replies, so many times as there are numbers."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.breaks: list[int] = []
        self.refuses: int | None = None
        self.content: Callable[[str], str | None] = lambda turn_id: turn_id.upper()
        self.app = FastAPI()
        self.app.post("/v1/turns")(self._turns)
        self.app.get("/v1/models")(self._models)
        self.app.get("/v1/capabilities")(self._capabilities)

    async def _models(self) -> dict[str, list[dict[str, str]]]:
        if self.refuses:
            raise HTTPException(self.refuses)
        return {"data": [{"id": "offline"}, {"id": "some-model"}, {"id": "vectors", "kind": "embeddings"}]}

    async def _capabilities(self) -> dict[str, list[dict[str, object]]]:
        return {
            "items": [
                {"model": "offline", "embedding_models": []},
                {"model": "some-model", "embedding_models": ["vectors"]},
            ]
        }

    async def _turns(self, asked: TurnBatch) -> StreamingResponse:
        if self.refuses:
            raise HTTPException(self.refuses, "too bad")
        self.asked.append([turn.turn_id for turn in asked.turns])
        return StreamingResponse(self._stream(asked), media_type="application/x-ndjson")

    async def _stream(self, asked: TurnBatch) -> AsyncIterator[bytes]:
        breaks = self.breaks.pop(0) if self.breaks else None
        for place, turn in enumerate(asked.turns):
            if place == breaks:
                return
            content = self.content(turn.turn_id)
            reply = TurnReply(
                turn_id=turn.turn_id,
                status="failed" if content is None else "answered",
                content=content,
                failure="it was refused" if content is None else None,
                usage=NO_USAGE,
                model="some-model-1",
            )
            yield reply.model_dump_json().encode() + b"\n"


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    register_local("models", service.app)
    yield service
    register_local("models", None)


@pytest.fixture
async def models(service: Service) -> AsyncIterator[ModelsClient]:
    client = ModelsClient("local://models", silence_s=5)
    await client.start()
    yield client
    await client.stop()


def read(content: str) -> str:
    if content == "TWO":
        raise ValueError("two is unreadable")
    return content.title()


async def everything(models: ModelsClient, *ids: str) -> dict[str, Asked[str]]:
    return {answer.turn_id: answer async for answer in ask(models, batch(*ids), read)}


async def test_what_can_be_read_is_a_value_and_what_cannot_a_failure_with_its_reason(
    service: Service, models: ModelsClient
) -> None:
    service.content = lambda turn_id: None if turn_id == "three" else turn_id.upper()
    found = await everything(models, *QUESTIONS)
    assert {turn_id: (answer.value, answer.failure) for turn_id, answer in found.items()} == {
        "one": ("One", None),
        "two": (None, "two is unreadable"),
        "three": (None, "it was refused"),
    }


async def test_what_was_asked_is_let_go_of_once_it_is_answered(service: Service, models: ModelsClient) -> None:
    await everything(models, *QUESTIONS)
    gc.collect()
    gc.disable()
    try:
        await everything(models, *QUESTIONS)
        kept = [one for one in gc.get_objects() if type(one) is httpx.Request]
    finally:
        gc.enable()
    assert kept == []


async def test_a_stream_that_breaks_off_is_taken_up_with_what_is_left(service: Service, models: ModelsClient) -> None:
    service.breaks = [1, 0]
    assert len(await everything(models, *QUESTIONS)) == 3
    assert service.asked == [["one", "two", "three"], ["two", "three"], ["two", "three"]]
    service.breaks = [0, 0, 0]
    with pytest.raises(ModelsError, match="3 of 3"):
        await everything(models, *QUESTIONS)


async def test_a_service_that_is_away_is_not_asked_again_and_again(service: Service, models: ModelsClient) -> None:
    service.refuses = 503
    with pytest.raises(ModelsAwayError):
        await everything(models, "one")
    with pytest.raises(ModelFailedError, match="too bad"):
        await ask_one(models, batch("one"), read)
    with pytest.raises(ModelFailedError, match="Service Unavailable"):
        await check_model(models, "some-model")


async def test_one_question_has_its_answer_or_the_reason_why_not(service: Service, models: ModelsClient) -> None:
    assert (await ask_one(models, batch("one"), read)).value == "One"
    with pytest.raises(ModelFailedError, match="two is unreadable"):
        await ask_one(models, batch("two"), read)
    service.refuses = 422
    with pytest.raises(ModelFailedError, match="too bad"):
        await ask_one(models, batch("one"), read)


async def test_a_model_that_is_not_there_or_cannot_do_it_is_refused_with_those_that_can(
    service: Service, models: ModelsClient
) -> None:
    await check_model(models, "offline")
    with pytest.raises(InvalidError) as unknown:
        await check_model(models, "gpt-nobody")
    assert unknown.value.errors[0].allowed == ("offline", "some-model")
    for model in ("offline", "gpt-nobody"):
        with pytest.raises(InvalidError) as refused:
            await check_model(models, model, offline="the offline model writes no prose")
        assert refused.value.errors[0].allowed == ("some-model",)


RATED = Instrument(
    name="intent",
    type=MetricType.ORDINAL,
    question="?",
    minimum=1,
    maximum=2,
    options=(),
    requires=None,
    role="primary",
    elicitation="ssr",
    anchors=(("no", "yes"),),
)


async def test_agents_think_with_a_model_that_is_there_and_has_embeddings_where_words_are_rated(
    service: Service, models: ModelsClient
) -> None:
    await check_mind(models, "offline")
    await check_mind(models, "some-model", [RATED])
    for model in ("gpt-nobody", "vectors"):
        with pytest.raises(InvalidError) as refused:
            await check_mind(models, model)
        assert refused.value.errors[0].allowed == ("offline", "some-model")
    with pytest.raises(InvalidError, match="'offline' has no embeddings, by which intent is rated") as refused:
        await check_mind(models, "offline", [RATED])
    assert (refused.value.errors[0].field, refused.value.errors[0].allowed) == ("model", ("some-model",))


async def test_while_the_models_service_is_away_no_model_is_refused(service: Service, models: ModelsClient) -> None:
    service.refuses = 503
    await check_mind(models, "gpt-nobody")
