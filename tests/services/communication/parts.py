"""The communication service between a real bus and a models service that a test can make slow, rude or absent."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx
import nats
import orjson
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse
from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.errors import NotFoundError

from libs.contracts import subjects
from libs.contracts.base import JsonObject, MessageData
from libs.contracts.communication import DeliverStimulus, DeliveryCompleted, Response, ResponsesRecorded
from libs.contracts.envelope import Envelope, seal
from libs.contracts.estimates import Quote
from libs.contracts.instruments import Instrument, MetricType
from libs.contracts.orchestrator import (
    RunProtocol,
    SimulationCreated,
    SimulationState,
    SimulationStateChanged,
    TimelineForked,
)
from libs.contracts.people import Agent
from libs.contracts.population import AgentsGenerated, PopulationReady
from libs.contracts.protocol import NO_USAGE, Stimulus, Usage
from libs.contracts.ranges import Range
from libs.contracts.timelines import MAIN, Past, Timeline
from libs.contracts.turns import TurnBatch, TurnReply, TurnRequest
from libs.http import register_local
from libs.minds.blocks import read_blocks
from services.communication.app import create_app
from services.communication.settings import Settings
from services.communication.store import Store
from tests.support.apps import eventually, running

D = TypeVar("D", bound=MessageData)
SIMULATION, POPULATION = "sim_1", "pop_1"
EMAIL = Stimulus(content="Don't miss out on transforming your health...", channel="email", timing="morning")
PAID = Usage(calls=1, cached_calls=0, prompt_tokens=900, completion_tokens=80, cost_usd=0.001)


def _instrument(
    name: str, kind: MetricType, requires: str | None = None, scale: tuple[int, int] | None = None
) -> Instrument:
    low, high = scale or (None, None)
    return Instrument(
        name=name,
        type=kind,
        question=f"{name}?",
        minimum=low,
        maximum=high,
        options=(),
        requires=requires,
        role="primary",
    )


INSTRUMENTS = (
    _instrument("open_rate", MetricType.BINARY),
    _instrument("click_through", MetricType.BINARY, "open_rate"),
    _instrument("purchase_intent", MetricType.ORDINAL, scale=(1, 10)),
)
ANSWERS = {"open_rate": True, "click_through": False, "purchase_intent": 4}


def person(index: int, segment: str | None = None) -> Agent:
    name = f"Person {index}"
    return Agent(
        agent_id=f"agent_{index:04d}",
        index=index,
        name=name,
        age=30,
        segment=segment,
        demographic_profile={"region": "South"},
        traits={"openness": 0.2},
        persona={"name": name, "age": 30},
    )


def reply(turn: TurnRequest, content: object) -> TurnReply:
    text = content if isinstance(content, str) else orjson.dumps(content).decode()
    return TurnReply(turn_id=turn.turn_id, status="answered", content=text, failure=None, usage=PAID, model="scripted")


def answered(turn: TurnRequest, answers: JsonObject) -> TurnReply:
    said = [{"type": "THINK", "content": f"I am {turn.agent_id}.", "target": ""}, {"type": "TALK", "content": "Hm."}]
    state = {"goals": "rest", "attention": "mail", "emotions": "calm", "sentiment": 0.1}
    return reply(turn, {"actions": said, "mental_state": state, "answers": answers, "confidence": 0.7})


class ScriptedModels:
    """`POST /v1/turns` as the contract says; `script` answers each turn, `breaks_after` so many replies the next
    stream ends too early, `leaves_after` so many batches the service is away."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.batches: list[TurnBatch] = []
        self.script: Callable[[TurnRequest], TurnReply] = lambda turn: answered(turn, ANSWERS)
        self.released = asyncio.Event()
        self.released.set()
        self.breaks_after: int | None = None
        self.leaves_after: int | None = None
        self.refuses: str | None = None
        self.app = FastAPI()
        self.app.post("/v1/turns")(self._turns)
        self.app.get("/v1/models")(self._names)
        self.app.get("/v1/capabilities")(self._capabilities)
        self.app.post("/v1/embeddings")(self._embeddings)
        self.app.get("/v1/quotes")(self._quote)
        self.embedder: str | None = None
        self.embedded: list[str] = []

    async def _names(self) -> JsonObject:
        return {"data": [{"id": "offline"}, {"id": "some-model"}]}

    async def _quote(self, model: str) -> Quote:
        return Quote(
            model=model,
            is_free=True,
            price=None,
            characters_per_token=Range.exactly(4),
            counts_schema=False,
            concurrency=1,
            latency_s=None,
            rpm=None,
            tpm=None,
        )

    async def _turns(self, batch: TurnBatch) -> StreamingResponse:
        if self.refuses is not None:
            raise HTTPException(422, self.refuses)
        self.batches.append(batch)
        self.asked.update(turn.agent_id for turn in batch.turns)
        if len(self.batches) == self.leaves_after:
            register_local("models", None)
        return StreamingResponse(self._stream(batch), media_type="application/x-ndjson")

    async def _capabilities(self) -> JsonObject:
        names = [] if self.embedder is None else [self.embedder]
        return {"items": [{"model": "offline", "embedding_models": names}]}

    async def _embeddings(self, request: Request) -> JsonObject:
        """Vectors of the letters of a text: like texts are near each other."""
        body = await request.json()
        assert body["model"] == self.embedder
        self.embedded += body["input"]
        letters = "abcdefghijklmnopqrstuvwxyz"
        vectors = [[float(text.lower().count(letter)) for letter in letters] for text in body["input"]]
        return {"data": [{"embedding": vector} for vector in vectors]}

    async def _stream(self, batch: TurnBatch) -> AsyncIterator[bytes]:
        breaks, self.breaks_after = self.breaks_after, None
        for place, turn in enumerate(batch.turns):
            if place == breaks:
                return
            answer = self.script(turn)
            await self.released.wait()
            yield answer.model_dump_json().encode() + b"\n"

    def blocks(self) -> JsonObject:
        """The data blocks that the first agent of the last batch was shown."""
        batch = self.batches[-1]
        return read_blocks([*batch.shared, *batch.turns[0].messages])

    def shown(self, agent_id: str) -> list[JsonObject]:
        """The data blocks of every turn of an agent, in order."""
        return [
            read_blocks([*batch.shared, *turn.messages])
            for batch in self.batches
            for turn in batch.turns
            if turn.agent_id == agent_id
        ]


class Stage:
    """Everything around the service: the other services' messages, the models, and what the service sent."""

    def __init__(self, connection: Client, models: ScriptedModels, settings: Settings) -> None:
        self.js = connection.jetstream()
        self.models = models
        self.settings = settings
        self.places = self.asked = self.delivered = 0
        self.simulation_id = SIMULATION
        self.timeline = MAIN
        self.app: FastAPI
        self.client: httpx.AsyncClient
        self._app: AsyncExitStack | None = None

    async def start(self) -> None:
        self._app = AsyncExitStack()
        self.app = create_app(self.settings)
        self.client = await self._app.enter_async_context(running("communication", self.app))

    async def stop(self) -> None:
        if self._app is not None:
            await self._app.aclose()
            self._app = None

    async def send(self, source: str, data: MessageData, envelope: Envelope | None = None) -> Envelope:
        """Publish as another service; with `envelope` the same message once more."""
        sealed = envelope or seal(data, source=source)
        headers = sealed.headers()
        if envelope is not None:
            headers.pop("Nats-Msg-Id")
        subject = subjects.concrete(data.contract, sealed.tenant, data.key)
        await self.js.publish(subject, data.model_dump_json().encode(), headers=headers)
        return sealed

    async def population(self, size: int, segments: dict[str, int] | None = None) -> None:
        """Announce a population; the first people are in the segments, in order."""
        names = [name for name, count in (segments or {}).items() for _ in range(count)]
        people = [person(index, names[index - 1] if index <= len(names) else None) for index in range(1, size + 1)]
        for start in range(0, size, 50):
            block = tuple(people[start : start + 50])
            await self.send("population", AgentsGenerated(population_id=POPULATION, agents=block))
        ready = PopulationReady(
            population_id=POPULATION, name="People", size=size, segments=segments or {}, ready_at=datetime.now(UTC)
        )
        await self.send("population", ready)

    async def simulation(
        self,
        state: SimulationState = SimulationState.READY,
        *,
        intervention_id: str | None = None,
        engine: str | None = None,
        start_from: Past | None = None,
    ) -> None:
        created = SimulationCreated(
            simulation_id=self.simulation_id,
            name="A simulation",
            population_id=POPULATION,
            intervention_id=intervention_id,
            seed=7,
            model="offline",
            engine=engine,
            start_from=start_from,
            created_at=datetime.now(UTC),
        )
        await self.send("orchestrator", created)
        await self.state(state)

    async def state(self, state: SimulationState, *, is_ending: bool | None = None, pauses: int | None = None) -> None:
        changed = SimulationStateChanged(
            simulation_id=self.simulation_id,
            previous=SimulationState.PROVISIONING,
            state=state,
            reason=None,
            planned={},
            answered=0,
            failed=0,
            usage=NO_USAGE,
            changed_at=datetime.now(UTC),
            is_ending=is_ending,
            pauses=pauses,
        )
        await self.send("orchestrator", changed)

    async def pauses(self, count: int) -> None:
        """Have the simulation paused for the count-th time, and wait until the service knows."""
        await self.state(SimulationState.PAUSED, pauses=count)

        async def is_known() -> bool:
            async with self.app.state.database.read() as tx:
                return bool((await Store().projections.get_state(tx, self.simulation_id))[1] == count)

        await eventually(is_known)

    async def events(self, data: type[D]) -> list[D]:
        """Every event of this type that was published, in order."""
        subject = subjects.template(data.contract)
        state = (await self.js.stream_info("EVENTS", subjects_filter=subject)).state
        return await self._read(data, sum((state.subjects or {}).values()), within_s=2)

    async def _read(self, data: type[D], count: int, *, within_s: float) -> list[D]:
        reader = await self.js.subscribe(subjects.template(data.contract), ordered_consumer=True)
        found = [data.model_validate_json((await reader.next_msg(timeout=within_s)).data) for _ in range(count)]
        await reader.unsubscribe()
        return found

    async def completed(self, count: int = 1, *, within_s: float = 10.0) -> list[DeliveryCompleted]:
        """The completion events, once there are this many."""
        return await self._read(DeliveryCompleted, count, within_s=within_s)

    async def responses(self) -> list[Response]:
        return [response for event in await self.events(ResponsesRecorded) for response in event.responses]

    async def asked_of_orchestrator(self) -> RunProtocol | None:
        """The last run-protocol command."""
        subject = subjects.concrete(RunProtocol.contract, "default", self.simulation_id)
        for _ in range(50):
            try:
                return RunProtocol.model_validate_json((await self.js.get_last_msg("COMMANDS", subject)).data or b"")
            except (NotFoundError, NatsTimeoutError):
                await asyncio.sleep(0.05)
        return None

    async def accepted(self, path: str, body: JsonObject) -> JsonObject:
        """Ask for something that is accepted."""
        answer = await self.client.post(f"/communications/{path}", json={"simulation_id": self.simulation_id} | body)
        assert answer.status_code == 202, answer.text
        accepted: JsonObject = answer.json()
        return accepted

    async def protocol(self, protocol_id: str) -> RunProtocol:
        """The command that a request became."""
        for _ in range(100):
            asked = await self.asked_of_orchestrator()
            if asked is not None and asked.protocol_id == protocol_id:
                return asked
            await asyncio.sleep(0.02)
        raise AssertionError(f"{protocol_id} did not reach the orchestrator")

    async def run(self, protocol_id: str) -> None:
        """Have the steps of a request delivered one after the other, as the orchestrator does."""
        for command in await self.deliveries(protocol_id):
            await self.send("orchestrator", command)
            self.delivered += 1
            await self.completed(self.delivered)

    async def deliveries(self, protocol_id: str) -> list[DeliverStimulus]:
        """What the orchestrator has delivered for a request."""
        asked = await self.protocol(protocol_id)
        audiences = {audience.audience_id: audience.groups for audience in asked.audiences}
        commands = []
        for step in asked.steps:
            self.places += 1
            self.asked += 1
            groups = audiences[str(step.audience_id)]
            shared = step.model_dump(exclude={"kind", "stimuli", "audience_id"}) | {"arm": "all", "groups": groups}
            command = delivery(
                **shared,
                simulation_id=self.simulation_id,
                stimulus=step.stimuli.get("all"),
                delivery_id=f"dlv_{self.asked}",
                place=self.places,
                timeline_id=self.timeline.timeline_id,
                timeline=self.timeline,
                agent_ids=tuple(agent_id for group in groups.values() for agent_id in group),
            )
            commands.append(command)
        return commands

    async def fork(self, place: int, *, number: int = 2, parent: Timeline = MAIN) -> TimelineForked:
        """Have the simulation go on from a mark, as the orchestrator does."""
        self.timeline, self.places = parent.fork(number, place), place
        forked = TimelineForked(
            simulation_id=self.simulation_id,
            timeline_id=self.timeline.timeline_id,
            parent_id=parent.timeline_id,
            place=place,
            timeline=self.timeline,
            forked_at=datetime.now(UTC),
        )
        await self.send("orchestrator", forked)
        return forked

    async def start_from(self, place: int) -> Past:
        """Have another simulation begin with what has happened up to a place, and go on with that one."""
        past = Past(
            simulation_id=self.simulation_id,
            checkpoint_id=None,
            timeline=self.timeline.fork(0, place),
            place=place,
        )
        self.simulation_id, self.timeline, self.places = f"{self.simulation_id}_next", MAIN, 0
        await self.simulation(start_from=past)
        return past

    async def knows(self, timeline_id: str) -> None:
        """Wait until the service has heard of a timeline."""
        path = f"/communications/{self.simulation_id}/history"
        for _ in range(200):
            if (await self.client.get(path, params={"timeline_id": timeline_id})).status_code == 200:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{timeline_id} did not arrive")

    async def history(self, **filters: Any) -> list[JsonObject]:
        answer = await self.client.get(f"/communications/{self.simulation_id}/history", params={"limit": 500} | filters)
        assert answer.status_code == 200, answer.text
        items: list[JsonObject] = answer.json()["items"]
        return items


def delivery(agents: int = 3, **changes: Any) -> DeliverStimulus:
    values: dict[str, Any] = {
        "simulation_id": SIMULATION,
        "delivery_id": "dlv_1",
        "population_id": POPULATION,
        "timeline_id": "main",
        "step_id": "step_1",
        "round": 1,
        "arm": "emotional_appeal",
        "stimulus": EMAIL,
        "instruments": INSTRUMENTS,
        "agent_ids": tuple(f"agent_{index:04d}" for index in range(1, agents + 1)),
        "seed": 7,
        "model": "offline",
    }
    return DeliverStimulus(**(values | changes))


@asynccontextmanager
async def stage(nats_url: str, database_url: str, **changes: Any) -> AsyncIterator[Stage]:
    """The service, started, with everything around it; `changes` are settings."""
    models = ScriptedModels()
    before = register_local("models", models.app)
    connection = await nats.connect(nats_url)
    given: dict[str, Any] = {"database_url": database_url, "nats_url": nats_url, "models_url": "local://models"}
    settings = Settings(**given | {"silence_s": 5, "hold_s": 0.1} | changes)
    around = Stage(connection, models, settings)
    try:
        await around.start()
        try:
            yield around
        finally:
            await around.stop()
    finally:
        register_local("models", before)
        await connection.close()
