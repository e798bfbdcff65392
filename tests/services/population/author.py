"""A provider that writes personas and reads phrases as a language model would, well or badly, and the service on it."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from libs.contracts.base import JsonObject
from libs.contracts.turns import ChatMessage
from libs.minds.blocks import read_blocks
from libs.minds.persona_writing import LISTS, SENTENCES
from services.models.app import create_app as create_models
from services.models.settings import Settings as ModelsSettings
from services.population.app import create_app
from services.population.settings import Settings
from tests.services.models.stub import Answer, Stub, completion
from tests.support.apps import eventually, running

CREATE = "/agent-populations/create"
MODEL = "some-model"
Reply = Callable[[JsonObject], JsonObject]


def persona(drawn: JsonObject) -> JsonObject:
    """A good reply: the facts repeated, a name of its own, some words for the rest."""
    attributes = {name: str(value) for name, value in drawn["attributes"].items()}
    seed = drawn["persona"]["name"]
    return {
        "attributes": attributes,
        "name": f"Zo{seed.split()[0].lower()} Quill{seed.split()[-1].lower()}",
        **{name: f"A {name} of {seed}'s own." for name in SENTENCES},
        **{name: [f"One of the {name} of {seed}.", f"Another of the {name}."] for name in LISTS},
    }


class Provider(Stub):
    """Answers by what stands in the data blocks; `write` and `read` say how."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.write: Reply = persona
        self.read: Reply = lambda task: {"phrases": [{"constraints": [], "is_complete": True} for _ in task["phrases"]]}
        self.plan: Reply = lambda task: {"dimensions": []}
        self.asked: Counter[str] = Counter()
        self.delay_s = 0.0

    def _answer(self, request: dict[str, Any], _number: int) -> Answer:
        blocks = read_blocks([ChatMessage(role=one["role"], content=one["content"]) for one in request["messages"]])
        if "persona" in blocks:
            self.asked[blocks["persona"]["persona"]["name"]] += 1
            reply = completion(json.dumps(self.write({**blocks["persona"], "criticism": blocks.get("criticism")})))
            reply.delay_s = self.delay_s
            return reply
        task = blocks["task"]
        reply = completion(json.dumps(self.read(task) if "phrases" in task else self.plan(task)))
        reply.delay_s = self.delay_s
        return reply


async def made(client: httpx.AsyncClient, spec: JsonObject) -> JsonObject:
    """A population that a model has to be asked for, once that is over, well or not."""
    answer = await client.post(CREATE, json=spec)
    assert answer.status_code == 202, answer.text
    shown: JsonObject = {}

    async def is_over() -> bool:
        shown.update((await client.get(answer.json()["links"]["self"])).json())
        return bool(shown["state"] != "generating")

    await eventually(is_over, within_s=20)
    return shown


@asynccontextmanager
async def service(
    database_url: str, models_url: str, nats_url: str, provider: Stub
) -> AsyncIterator[httpx.AsyncClient]:
    """The population service with a models service that has a language model."""
    models = create_models(
        ModelsSettings(database_url=models_url, upstream_url=provider.url, upstream_models=MODEL, probe=False)
    )
    app = create_app(Settings(database_url=database_url, nats_url=nats_url, models_url="local://models"))
    async with running("models", models), running("population", app) as client:
        yield client
