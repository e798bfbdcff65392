"""One simulation in a world where processes die at any commit and messages come in any order, by a seed.

The orchestrator is the real one: its service, tables, outbox and inbox, and the bus's own handling of each message. Who
acts next is the seed's decision. People pause, resume, raise the budget, make checkpoints and cancel.
"""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, cast

import orjson
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from sqlalchemy import select, update

from chaos.fate import Fate, Killed, MortalDatabase
from chaos.network import Network, Wire, sealed
from chaos.peers import Communication, Intervention, Ledger, Results
from libs.bus import BusSettings, Outbox
from libs.bus.delivery import Delivery
from libs.bus.handling import Handling
from libs.bus.publishing import Outgoing
from libs.bus.router import Mode
from libs.bus.sink import Sink
from libs.bus.tables import OUTBOX
from libs.contracts.envelope import Envelope
from libs.contracts.errors import ConflictError, NotFoundError
from libs.contracts.ids import agent_id
from libs.contracts.orchestrator import RunProtocol, SimulationState, StartSimulation
from libs.contracts.population import PopulationReady
from libs.contracts.protocol import Audience, Step, Stimulus
from libs.contracts.registry import MESSAGES
from libs.engines import Engines
from libs.models import Models
from services.models.domain.budgets import Cap
from services.orchestrator import handlers
from services.orchestrator.domain.simulation import Simulation
from services.orchestrator.events import Events
from services.orchestrator.service import Habits, Orchestrator
from services.orchestrator.store import Store

AGENTS = 70
STEPS = 2
MOST_EVENTS = 5_000
MOST_WISHES = 6
TYPES = {message.contract.type: message for message in MESSAGES}
PEERS = ("intervention", "communication", "results")
Act = Callable[[], Awaitable[None]]


class Kind(NamedTuple):
    """What sort of simulation it is, and what may happen to it."""

    is_interactive: bool
    calls: int | None
    """The cap that it begins with."""
    is_cancelled: bool
    is_disturbed: bool = True


class Morgue:
    """Where dead letters go."""

    def __init__(self) -> None:
        self.letters: list[str] = []

    async def publish(self, subject: str, *_: object, **headers: Any) -> None:
        """Keep a dead letter."""
        self.letters.append(f"{subject}: {headers}")


class World:
    """Everything around one simulation."""

    def __init__(self, database: MortalDatabase, simulation_id: str, kind: Kind, fate: Fate) -> None:
        database.fate = fate
        self.id = simulation_id
        self.kind = kind
        self.fate = fate
        self.morgue = Morgue()
        self.network = Network(fate.random, _consumers(), duplicates=0.1 if kind.is_disturbed else 0.0)
        self.ledger = Ledger(fate, kind.calls)
        self.intervention = Intervention(self.network, AGENTS)
        self.communication = Communication(self.network, fate, self.ledger)
        self.results = Results(self.network)
        self.deadlocked = False
        self._database = database
        self._jobs: list[tuple[Wire, Iterator[None]]] = []
        self._is_behind = True
        self._wishes = MOST_WISHES if kind.is_disturbed else 0
        self._was_asked = False
        self._restart()

    async def run(self) -> None:
        """From the first message until nothing is left to do."""
        self._begin()
        for _ in range(MOST_EVENTS):
            try:
                act = self._next()
                if act is not None:
                    await act()
                elif await self._publish_all() == 0 and not await self._nudge():
                    return
            except Killed:
                self._restart()
        self.deadlocked = True

    async def simulation(self) -> Simulation | None:
        """The simulation as it stands."""
        async with self._database.read() as tx:
            return await Store().get(tx, self.id)

    async def open_deliveries(self) -> set[str]:
        """Deliveries that are waited for."""
        async with self._database.read() as tx:
            return await Store().find_open_deliveries(tx, self.id)

    def _begin(self) -> None:
        steps = () if self.kind.is_interactive else tuple(map(_step, range(1, STEPS + 1)))
        start = StartSimulation(
            simulation_id=self.id,
            name="A rehearsal",
            population_id=f"pop_{self.id}",
            intervention_id=None if self.kind.is_interactive else "int_1",
            steps=steps,
            seed=7,
            model="offline",
        )
        ready = PopulationReady(
            population_id=start.population_id, name="People", size=AGENTS, segments={}, ready_at=datetime.now(UTC)
        )
        self.network.publish(sealed(start, source="intervention"))
        self.network.publish(sealed(ready, source="population"))

    def _restart(self) -> None:
        """All processes end and begin again: what they had in hand comes once more."""
        for wire, _ in self._jobs:
            self.network.give_back(wire)
        self._jobs = []
        self._is_behind = True
        self._service = Orchestrator(
            self._database,
            Store(),
            Events(Outbox("orchestrator")),
            cast(Models, None),
            cast(Engines, None),
            habits=Habits(timedelta(hours=1), 3),
            timer_interval_s=1.0,
        )
        settings = BusSettings(early=0, absence=0)  # who acts next is not up to a clock
        js = cast(JetStreamContext, self.morgue)
        self._handlings: dict[str, Handling | Sink] = {}
        for subscription in handlers.router.subscriptions:
            if subscription.mode is not Mode.DEAD:
                delivery = Delivery(subscription, database=self._database, js=js, settings=settings)
                kind = Sink if subscription.mode is Mode.SINK else Handling
                self._handlings[subscription.durable] = kind(delivery, self._service)

    def _next(self) -> Act | None:
        """Whoever acts next; None when there is nothing to do."""
        acts: list[Act] = [partial(self._receive, wire) for wire in self.network.waiting]
        acts += [partial(self._work, job) for job in self._jobs]
        if self._is_behind:
            acts += [partial(self._publish)] * 2
        if not acts:
            return None
        if self._wishes and self.fate.random.random() < 0.05:
            self._wishes -= 1
            return self._wish()
        return self.fate.random.choice(acts)

    def _wish(self) -> Act:
        """What somebody wants of the simulation."""
        wishes: list[Act] = [
            partial(self._ask, self._service.pause),
            partial(self._ask, self._service.resume),
            partial(self._raise_budget, 20),
            partial(self._ask, partial(self._service.checkpoints.make, name=None)),
        ]
        if self.kind.is_cancelled:
            wishes.append(partial(self._ask, self._service.cancel))
        return self.fate.random.choice(wishes)

    async def _ask(self, wish: Callable[..., Awaitable[object]]) -> None:
        try:
            async with self._database.write() as tx:
                await wish(tx, simulation_id=self.id)
        except (ConflictError, NotFoundError):
            return
        finally:
            self._is_behind = True

    async def _raise_budget(self, calls: int | None) -> None:
        if self.ledger.cap.calls is not None:
            self.ledger.cap = Cap(calls=None if calls is None else self.ledger.cap.calls + calls)
        await self._ask(self._service.budget_changed)

    async def _receive(self, wire: Wire) -> None:
        """Let a consumer have a message."""
        self.network.take(wire)
        try:
            if wire.consumer in PEERS:
                await self._tell(wire)
                return
            self._is_behind = True
            handling, raw = self._handlings[wire.consumer], cast(Msg, wire)
            if isinstance(handling, Sink):
                await handling.take([raw], cast(Any, None))
            else:
                await handling.receive(raw)
        except Killed:
            self.network.give_back(wire)
            raise

    async def _tell(self, wire: Wire) -> None:
        """Let another service have a message."""
        cause = Envelope.from_headers(wire.headers)
        data: Any = TYPES[cause.type].model_validate(orjson.loads(wire.data))
        match wire.consumer, data.contract.name:
            case "intervention", _:
                self.intervention.assign(cause, data)
            case "communication", "deliver-stimulus":
                self._jobs.append((wire, self.communication.deliver(cause, data)))
                return
            case "communication", _:
                self.communication.hear(data)
            case _, "responses-recorded":
                self.results.hear(data)
            case _:
                if not self.results.analyse(cause, data):
                    await wire.nak()
                    return
        await wire.ack()

    async def _work(self, job: tuple[Wire, Iterator[None]]) -> None:
        """Take some turns of a delivery."""
        wire, turns = job
        if next(turns, wire) is wire:
            self._jobs.remove(job)
            await wire.ack()

    async def _publish(self) -> None:
        await self._publish_all()

    async def _publish_all(self) -> int:
        """Publish the outbox, in its order, and note that it was."""
        async with self._database.read() as tx:
            rows = (
                await tx.execute(select(OUTBOX).where(OUTBOX.c.published_at.is_(None)).order_by(OUTBOX.c.seq))
            ).all()
        for row in rows:
            self.network.publish(Outgoing(row.id, row.subject, orjson.loads(row.headers), row.body))
        self._is_behind = False
        if rows:
            self.fate.may_kill("after messages were published, before it is noted")
            async with self._database.write() as tx:
                ids = [row.id for row in rows]
                await tx.execute(update(OUTBOX).where(OUTBOX.c.id.in_(ids)).values(published_at=datetime.now(UTC)))
        return len(rows)

    async def _nudge(self) -> bool:
        """Nothing moves: do what its user has to do. False when there is nothing that would move it."""
        simulation = await self.simulation()
        if simulation is None or simulation.state.is_terminal:
            return False
        if simulation.paused_for == "budget":
            await self._raise_budget(None)
        elif simulation.state is SimulationState.PAUSED:
            await self._ask(self._service.resume)
        elif simulation.is_interactive and simulation.state is SimulationState.READY:
            await self._go_on(simulation)
        else:
            return False
        return True

    async def _go_on(self, simulation: Simulation) -> None:
        if self._was_asked:
            await self._ask(self._service.end)
            return
        self._was_asked = True
        everybody = {"all": tuple(map(agent_id, range(1, AGENTS + 1)))}
        for number in range(1, STEPS + 1):
            audience = Audience(audience_id=f"aud_{number}", groups=everybody)
            step = _step(number).model_copy(update={"audience_id": audience.audience_id})
            request = RunProtocol(
                simulation_id=simulation.simulation_id,
                protocol_id=f"brd_{number}",
                steps=(step,),
                audiences=(audience,),
            )
            self.network.publish(sealed(request, source="communication"))


def _consumers() -> dict[str, list[str]]:
    """Who gets which type of message."""
    found: dict[str, list[str]] = {}
    for subscription in handlers.router.subscriptions:
        if subscription.mode is not Mode.DEAD:
            found.setdefault(subscription.data.contract.type, []).append(subscription.durable)
    for message in MESSAGES:
        if message.contract.name in {"assign-arms", "deliver-stimulus", "analyse-simulation"}:
            found.setdefault(message.contract.type, []).append(message.contract.service)
        elif message.contract.name in {"simulation-state-changed", "responses-recorded"}:
            peer = "results" if message.contract.name == "responses-recorded" else "communication"
            found.setdefault(message.contract.type, []).append(peer)
    return found


def _step(number: int) -> Step:
    shown = {arm: Stimulus(content=arm, channel="email", timing="morning") for arm in ("a", "b", "all")}
    return Step(kind="deliver", step_id=f"step-{number}", round=number, stimuli=shown, instruments=())
