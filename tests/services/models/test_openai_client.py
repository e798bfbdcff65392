"""The `openai` client, which TinyTroupe uses, speaks to us as to OpenAI."""

from contextlib import asynccontextmanager

import openai
import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel

from tests.services.models.stub import GOOD, Answer, completion, error

PERSON = [{"role": "system", "content": "You are Lisa."}, {"role": "user", "content": "You can now act."}]
TINYTROUPE = {
    "temperature": 1.5,
    "max_completion_tokens": 128_000,
    "top_p": 0.9,
    "frequency_penalty": 0.1,
    "presence_penalty": 0.1,
    "stop": ["END"],
    "timeout": 60,
    "n": 1,
}


class Action(BaseModel):
    type: str
    content: str
    target: str


class CognitiveState(BaseModel):
    goals: str
    context: list[str]
    attention: str
    emotions: str


class CognitiveActionsModel(BaseModel):
    """The form of a turn of TinyTroupe 0.6."""

    actions: list[Action]
    cognitive_state: CognitiveState


ACTED = CognitiveActionsModel(
    actions=[Action(type="TALK", content="Hello.", target=""), Action(type="DONE", content="", target="")],
    cognitive_state=CognitiveState(goals="rest", context=["home"], attention="tea", emotions="calm"),
)


@pytest.fixture
def openai_of(start_with_provider):
    """Start the service; gives the client."""

    @asynccontextmanager
    async def start(**settings):
        async with (
            start_with_provider(**settings) as http,
            AsyncOpenAI(api_key="unused", base_url="local://models/v1", max_retries=0, http_client=http) as client,
        ):
            yield client

    return start


async def test_a_turn_of_tinytroupe_is_answered_in_its_own_form(openai_of, stub):
    stub.answer = lambda request, number: completion(ACTED.model_dump_json())
    async with openai_of() as client:
        answer = await client.chat.completions.parse(
            model="gpt-5-mini", messages=PERSON, response_format=CognitiveActionsModel, **TINYTROUPE
        )
    assert answer.choices[0].message.parsed == ACTED
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == 1_100
    (sent,) = stub.requests
    assert sent["response_format"]["json_schema"]["schema"]["properties"].keys() == {"actions", "cognitive_state"}
    assert {name: sent[name] for name in ("temperature", "top_p", "stop", "max_completion_tokens")} == {
        name: TINYTROUPE[name] for name in ("temperature", "top_p", "stop", "max_completion_tokens")
    }


async def test_a_turn_of_tinytroupe_is_answered_by_the_offline_model(openai_of):
    async with openai_of() as client:
        answer = await client.chat.completions.parse(
            model="offline", messages=PERSON, response_format=CognitiveActionsModel, **TINYTROUPE
        )
    assert answer.choices[0].message.parsed.actions


async def test_a_loose_turn_is_repaired_before_the_client_sees_it(openai_of, stub):
    loose = ACTED.model_dump_json().replace('"target":""', '"target":null').replace('["home"]', '"home"')
    stub.answer = lambda request, number: completion("Hm." if number == 1 else f"```json\n{loose}\n```")
    async with openai_of() as client:
        answer = await client.chat.completions.parse(
            model="gpt-5-mini", messages=PERSON, response_format=CognitiveActionsModel
        )
    assert answer.choices[0].message.parsed == ACTED
    assert len(stub.requests) == 2


async def test_a_reasoning_model_is_told_its_effort(openai_of, stub):
    async with openai_of() as client:
        await client.chat.completions.create(model="gpt-5-mini", messages=PERSON, reasoning_effort="high")
    assert stub.requests[0]["reasoning_effort"] == "high"


async def test_the_end_of_an_answer_is_told_truthfully(openai_of, stub):
    stub.answer = lambda request, number: completion("Once upon a", finish="length")
    async with openai_of() as client:
        answer = await client.chat.completions.create(model="gpt-5-mini", messages=PERSON, max_tokens=3)
    assert (answer.choices[0].finish_reason, answer.choices[0].message.content) == ("length", "Once upon a")


async def test_a_refusal_is_an_answer(openai_of, stub):
    stub.answer = lambda request, number: completion(None, refusal="I cannot do that.")
    async with openai_of() as client:
        answer = await client.chat.completions.parse(
            model="gpt-5-mini", messages=PERSON, response_format=CognitiveActionsModel
        )
    assert answer.choices[0].message.parsed is None
    assert "I cannot do that." in answer.choices[0].message.refusal


async def test_an_answer_can_be_streamed(openai_of, stub):
    stub.answer = lambda request, number: completion("Hello there.")
    async with openai_of() as client:
        stream = await client.chat.completions.create(
            model="gpt-5-mini", messages=PERSON, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
    said = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert said == "Hello there."
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.total_tokens == 1_100
    assert {chunk.id for chunk in chunks} == {chunks[0].id}


async def test_a_failure_is_an_error_also_when_a_stream_was_asked_for(openai_of, stub):
    stub.answer = lambda request, number: error(400, "it is too long")
    async with openai_of() as client:
        with pytest.raises(openai.InternalServerError, match="it is too long"):
            await client.chat.completions.create(model="gpt-5-mini", messages=PERSON, stream=True)


async def test_a_client_need_not_wait_longer_than_it_says(openai_of, stub):
    stub.answer = lambda request, number: Answer(completion("Late.").body, delay_s=0.5)
    body = {"model": "gpt-5-mini", "messages": PERSON, "seed": 1}
    async with openai_of() as client:
        with pytest.raises(openai.APIStatusError) as caught:
            await client.chat.completions.create(**body, extra_body={"timeout": 0.05})
        answer = await client.chat.completions.create(**body)
    assert caught.value.status_code == 504
    assert answer.choices[0].message.content == "Late."
    assert len(stub.requests) == 1


async def test_what_cannot_be_honoured_is_refused_by_name(openai_of, stub):
    tool = {"type": "function", "function": {"name": "buy", "parameters": {"type": "object", "properties": {}}}}
    async with openai_of() as client:
        with pytest.raises(openai.UnprocessableEntityError, match="tools: calling tools is not supported"):
            await client.chat.completions.create(model="gpt-5-mini", messages=PERSON, tools=[tool])
        with pytest.raises(openai.UnprocessableEntityError, match="n: only one answer a request"):
            await client.chat.completions.create(model="gpt-5-mini", messages=PERSON, n=2)
    assert stub.requests == []


async def test_null_means_not_given_and_no_tools_are_no_tools(openai_of, stub):
    nothing = {"temperature": None, "tools": None, "n": None, "stop": None, "response_format": None, "stream": None}
    async with openai_of() as client:
        await client.chat.completions.create(
            model="gpt-5-mini", messages=PERSON, extra_body=nothing | {"tools": [], "tool_choice": "none"}
        )
    assert set(stub.requests[0]) == {"model", "messages", "seed"}


async def test_embeddings_reach_the_client(openai_of, stub):
    vector = '{"data": [{"embedding": [0.5, -1.0], "index": 0}], "model": "small", "usage": {"prompt_tokens": 1}}'
    stub.embed = lambda request, number: Answer(vector)
    async with openai_of(upstream_embedding_models="small") as client:
        answer = await client.embeddings.create(model="small", input=["tea"])
    assert answer.data[0].embedding == [0.5, -1.0]


async def test_a_json_object_is_one(openai_of, stub):
    stub.answer = lambda request, number: completion(f"Here it is: {GOOD}")
    async with openai_of() as client:
        answer = await client.chat.completions.create(
            model="gpt-5-mini", messages=PERSON, response_format={"type": "json_object"}
        )
    assert answer.choices[0].message.content.startswith("{")
    assert stub.requests[0]["response_format"] == {"type": "json_object"}
