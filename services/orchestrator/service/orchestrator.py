"""Use cases of the orchestrator: load, decide, save, and send what was decided."""

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from libs.bus import NotReadyError
from libs.contracts.communication import DeliveryCompleted, DeliveryHeld, Response, ResponsesRecorded
from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.ids import new_id
from libs.contracts.intervention import ArmsAssigned
from libs.contracts.orchestrator import RunProtocol, SimulationState, StartSimulation
from libs.contracts.protocol import total_usage
from libs.contracts.specs import PastSpec, SimulationSpec
from libs.contracts.timelines import Past
from libs.contracts.turns import Budget, BudgetBalance
from libs.db import EVERY_TENANT, Database, Transaction, log_failure
from libs.engines import Engines
from libs.models import Models, ModelsError, check_mind, refusal_of
from libs.telemetry.metrics import TURNS
from services.orchestrator.domain import effects, inputs, process
from services.orchestrator.domain.checkpoint import past_of, why_not_restored
from services.orchestrator.domain.deliveries import LARGEST_DELIVERY, divided
from services.orchestrator.domain.listing import After, Sort, Wanted
from services.orchestrator.domain.process import Decision
from services.orchestrator.domain.simulation import PAUSABLE, AudienceSize, Simulation
from services.orchestrator.events import Events
from services.orchestrator.service.census import Census
from services.orchestrator.service.checkpoints import Checkpoints, Habits
from services.orchestrator.service.dispatch import Dispatch
from services.orchestrator.service.lookout import Lookout
from services.orchestrator.store import DELETED, ArmProgress, Population, Progress, Store

log = logging.getLogger(__name__)


class Ended(NamedTuple):
    """What became of a simulation that was to end; `simulation` is None where there is none of this id."""

    simulation_id: str
    simulation: Simulation | None
    is_changed: bool


class Orchestrator:
    """The process manager's hands."""

    def __init__(
        self,
        database: Database,
        store: Store,
        events: Events,
        models: Models,
        engines: Engines,
        *,
        habits: Habits,
        timer_interval_s: float,
    ) -> None:
        self.checkpoints = Checkpoints(database, store, habits)
        self._census = Census(database, store)
        self._lookout = Lookout(database, interval_s=timer_interval_s)
        self._dispatch = Dispatch(store, events)
        self._database = database
        self._store = store
        self._events = events
        self._models = models
        self._engines = engines
        self._timer_interval_s = timer_interval_s
        self._timer: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to watch the deadlines of states."""
        await self._models.start()
        self._timer = asyncio.create_task(self._watch_deadlines(), name="orchestrator-deadlines")

    async def stop(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
            with suppress(asyncio.CancelledError):
                await self._timer
        await self._models.stop()

    async def check(self, spec: SimulationSpec) -> None:
        """Raise `InvalidError` for a model or engine that is not there; in no transaction, because others are asked."""
        await check_mind(self._models, spec.model)
        await self._engines.check(spec.engine)

    async def create(self, tx: Transaction, spec: SimulationSpec) -> Simulation:
        """Create an interactive simulation."""
        past, population_id = await self._past(tx, spec.start_from, spec.population_id)
        population = await self._store.get_population(tx, population_id)
        if population is None:
            raise InvalidError("population_id", f"there is no population {population_id!r}")
        if population.state == DELETED:
            raise InvalidError("population_id", f"the population {population_id!r} was deleted")
        command = StartSimulation(
            simulation_id=new_id("sim"),
            name=spec.name,
            population_id=population_id,
            intervention_id=None,
            steps=(),
            start_from=past,
            seed=secrets.randbelow(2**31) if spec.seed is None else spec.seed,
            model=spec.model,
            engine=spec.engine,
            budget=spec.budget,
            origin=spec.origin,
        )
        await self.begin(tx, command)
        return await self.get(tx, command.simulation_id)

    async def _past(
        self, tx: Transaction, given: PastSpec | None, population_id: str | None
    ) -> tuple[Past | None, str]:
        """What the people of a new simulation remember, and who they are. Raises `InvalidError`."""
        if given is None:
            return None, str(population_id)
        part = "start_from.simulation_id"
        before = await self._store.get(tx, given.simulation_id)
        if before is None:
            raise InvalidError(part, f"there is no simulation {given.simulation_id!r}")
        if before.is_within:
            raise InvalidError(part, f"{given.simulation_id!r} has a past of its own for every arm of its intervention")
        if population_id not in {None, before.population_id}:
            told = f"the people of {given.simulation_id!r} are others"
            raise InvalidError("population_id", told, [before.population_id])
        checkpoint = None
        if given.checkpoint_id is not None:
            checkpoint = await self._store.get_checkpoint(tx, before.simulation_id, given.checkpoint_id)
            if checkpoint is None:
                told = f"{given.simulation_id!r} has no checkpoint {given.checkpoint_id!r}"
                raise InvalidError("start_from.checkpoint_id", told)
        return past_of(before, checkpoint), before.population_id

    async def begin(self, tx: Transaction, command: StartSimulation) -> None:
        """Start a simulation; a second command for the same one changes nothing."""
        now, missing, past = datetime.now(UTC), None, command.start_from
        if command.past is not None:
            try:
                past, _ = await self._past(tx, command.past, command.population_id)
            except InvalidError as error:
                missing = inputs.PastIsMissing(error.detail)
        given = command.model_dump(exclude={"past", "start_from"})
        simulation = Simulation(
            **given, start_from=past, largest_delivery=LARGEST_DELIVERY, created_at=now, updated_at=now
        )
        if not await self._store.add(tx, simulation):
            return
        await self._events.created(tx, simulation)
        await self._carry_out(tx, process.begin(simulation))
        if missing is not None:
            await self._decide(tx, simulation.simulation_id, missing)
            return
        await self._store.hold_population(tx, simulation.population_id)
        population = await self._store.get_population(tx, simulation.population_id)
        if population is not None and population.state != "generating":
            await self._settle(tx, simulation.simulation_id, population)

    async def get(self, tx: Transaction, simulation_id: str) -> Simulation:
        """Raises `NotFoundError`."""
        simulation = await self._store.get(tx, simulation_id)
        if simulation is None:
            raise NotFoundError("simulation", simulation_id)
        return simulation

    async def knows_people(self, tx: Transaction, spec: SimulationSpec) -> bool:
        """True once the population was announced, or the simulation whose people they are."""
        if spec.population_id is not None:
            return await self._store.get_population(tx, spec.population_id) is not None
        return spec.start_from is None or await self._store.get(tx, spec.start_from.simulation_id) is not None

    async def page(
        self, tx: Transaction, wanted: Wanted, sort: Sort, *, after: After | None, limit: int
    ) -> list[Simulation]:
        """Simulations in order. Raises `InvalidError` for a population or intervention that none has."""
        found = await self._store.page(tx, wanted, sort, after=after, limit=limit)
        if not found and after is None:
            await self._check_names(tx, wanted)
        return found

    async def _check_names(self, tx: Transaction, wanted: Wanted) -> None:
        """Nothing was found: is it because nothing can be?"""
        population_id, intervention_id = wanted.population_id, wanted.intervention_id
        if population_id is not None and await self._store.get_population(tx, population_id) is None:
            known = await self._store.names_of(tx, "population_id")
            raise InvalidError("population_id", f"there is no population {population_id!r}", known)
        known = await self._store.names_of(tx, "intervention_id")
        if intervention_id is not None and not await self._store.find(tx, Wanted(intervention_id=intervention_id), 1):
            raise InvalidError("intervention_id", f"no simulation runs intervention {intervention_id!r}", known)

    async def end_all(self, tx: Transaction, simulation_ids: Sequence[str]) -> list[Ended]:
        """End every one of these, and say of each what became of it; an id that is not there stops no other."""
        found = []
        for simulation_id in dict.fromkeys(simulation_ids):
            before = await self._store.get(tx, simulation_id, lock=True)
            if before is None:
                found.append(Ended(simulation_id, None, is_changed=False))
                continue
            after = await self.end(tx, simulation_id)
            found.append(Ended(simulation_id, after, is_changed=after != before and not before.state.is_terminal))
        return found

    async def find(self, tx: Transaction, wanted: Wanted, limit: int) -> list[str]:
        """Ids of simulations, oldest first."""
        return await self._store.find(tx, wanted, limit)

    async def progress(self, tx: Transaction, simulations: list[Simulation]) -> dict[str, Progress]:
        """Finished turns and usage by simulation."""
        return await self._store.progress_of(tx, simulations)

    async def end(self, tx: Transaction, simulation_id: str) -> Simulation:
        """End a simulation. Raises `NotFoundError`; ending twice is harmless."""
        return await self._request(tx, simulation_id, inputs.EndRequested())

    async def cancel(self, tx: Transaction, simulation_id: str) -> Simulation:
        """Stop a simulation at once. Raises `NotFoundError`; one that has ended stays as it is."""
        return await self._request(tx, simulation_id, inputs.CancelRequested())

    async def pause(self, tx: Transaction, simulation_id: str) -> Simulation:
        """Begin no new turn until it is resumed. Raises `NotFoundError`, `ConflictError`; twice is harmless."""
        return await self._request(tx, simulation_id, inputs.PauseRequested(), (*PAUSABLE, SimulationState.PAUSED))

    async def resume(self, tx: Transaction, simulation_id: str) -> Simulation:
        """Go on with a paused simulation. Raises `NotFoundError`, `ConflictError`; twice is harmless."""
        return await self._request(tx, simulation_id, inputs.ResumeRequested(), (*PAUSABLE, SimulationState.PAUSED))

    async def budget(self, simulation: Simulation) -> BudgetBalance:
        """What a simulation may spend and has spent; in no transaction, because the models service is asked.

        That hears of the budget a simulation was made with when its first call is made.
        """
        try:
            balance = await self._models.budget(simulation.simulation_id)
        except ModelsError as error:
            raise refusal_of(error) from error
        if balance.is_decided or simulation.budget is None:
            return balance
        return balance.model_copy(update={"cap": simulation.budget, "is_decided": True})

    async def set_budget(self, simulation: Simulation, changes: Budget) -> BudgetBalance:
        """Decide anew what a simulation may spend; what is not given stays. In no transaction, as above."""
        decided = (await self.budget(simulation)).cap.model_copy(update=changes.model_dump(exclude_unset=True))
        try:
            return await self._models.set_budget(simulation.simulation_id, decided)
        except ModelsError as error:
            raise refusal_of(error) from error

    async def budget_changed(self, tx: Transaction, simulation_id: str) -> Simulation:
        """A simulation that waits for its budget goes on. Raises `NotFoundError`."""
        return await self._request(tx, simulation_id, inputs.BudgetChanged())

    async def restore(self, tx: Transaction, simulation_id: str, checkpoint_id: str) -> Simulation:
        """Go on from a checkpoint, on a new timeline. Raises `NotFoundError`, `ConflictError`."""
        if (reason := why_not_restored(await self.get(tx, simulation_id))) is not None:
            raise ConflictError(f"Simulation {simulation_id!r} {reason}.")
        checkpoint = await self.checkpoints.get(tx, simulation_id, checkpoint_id)
        return await self._request(tx, simulation_id, inputs.RestoreRequested(checkpoint))

    async def population_announced(self, tx: Transaction, population_id: str, size: int) -> None:
        """A population is being drawn."""
        await self._store.note_population(tx, Population(population_id, size, "generating", None))

    async def population_settled(self, tx: Transaction, population: Population) -> None:
        """A population is ready, has failed or is deleted, which is the last: whoever waits for it goes on."""
        known = await self._store.get_population(tx, population.population_id)
        if known is not None and known.state == DELETED:
            return
        await self._store.save_population(tx, population)
        for simulation_id in await self._store.waiting_for(tx, population.population_id):
            await self._settle(tx, simulation_id, population)

    async def arms_assigned(self, tx: Transaction, event: ArmsAssigned) -> None:
        """A part of the assignments arrived."""
        # Locked, because two parts at once would each miss the other.
        simulation = await self._store.get(tx, event.simulation_id, lock=True)
        if simulation is None or simulation.state is SimulationState.PROVISIONING:
            raise NotReadyError(f"simulation {event.simulation_id!r} has not asked for arms yet")
        arms, is_last = await self._store.add_assignments(
            tx, event.simulation_id, event.part, event.parts, event.assignments
        )
        await self._decide(tx, event.simulation_id, inputs.AgentsAssigned(arms, is_last))

    async def assignment_failed(self, tx: Transaction, simulation_id: str, reason: str) -> None:
        """Nobody could be assigned."""
        await self._decide(tx, simulation_id, inputs.NobodyAssigned(reason))

    async def run_protocol(self, tx: Transaction, command: RunProtocol) -> None:
        """Run the steps that somebody asked for, in order."""
        together = {step.audience_id for step in command.steps if step.conversation is not None}
        sizes = {
            audience.audience_id: AudienceSize(
                sum(map(len, audience.groups.values())),
                len(divided(audience.groups, together=audience.audience_id in together)),
            )
            for audience in command.audiences
        }
        await self._store.add_audiences(tx, command.simulation_id, command.audiences)
        requested = inputs.StepsRequested(command.protocol_id, command.steps, sizes, ends=command.ends or False)
        await self._decide(tx, command.simulation_id, requested)

    async def delivery_completed(self, tx: Transaction, event: DeliveryCompleted) -> None:
        """A delivery is complete; counted once."""
        before = await self._store.complete_delivery(tx, event.simulation_id, event.delivery_id, datetime.now(UTC))
        if before == "closed":
            await self._decide(tx, event.simulation_id, inputs.DeliveryWasClosed())
        elif before == "open":
            finished = inputs.DeliveryFinished(
                event.answered,
                event.failed,
                event.usage,
                event.failure,
                event.skipped or 0,
                event.arm,
                event.cpu_s or 0.0,
            )
            await self._decide(tx, event.simulation_id, finished)

    async def delivery_held(self, tx: Transaction, event: DeliveryHeld) -> None:
        """A delivery waits for its budget: so does the simulation, if that delivery still counts."""
        if event.delivery_id in await self._store.find_open_deliveries(tx, event.simulation_id):
            await self._decide(tx, event.simulation_id, inputs.WorkHeld(event.reason, event.pauses))

    async def responses_recorded(self, tx: Transaction, events: list[ResponsesRecorded]) -> None:
        """Count finished turns for the live progress."""
        grouped: dict[tuple[str, str, int, str], list[Response]] = defaultdict(list)
        for event in events:
            grouped[event.simulation_id, event.timeline_id, event.place or 0, event.arm].extend(event.responses)
        for (simulation_id, timeline_id, place, arm), responses in sorted(grouped.items()):
            answered = sum(response.status == "answered" for response in responses)
            usage = total_usage([response.usage for response in responses])
            added = ArmProgress(arm, answered, len(responses) - answered)
            TURNS.labels("answered").inc(answered)
            TURNS.labels("failed").inc(len(responses) - answered)
            await self._store.add_progress(tx, simulation_id, timeline_id, place, added, usage)

    async def work_given_up(
        self, tx: Transaction, simulation_id: str, message: str, error: str, delivery_id: str | None
    ) -> None:
        """Nobody will do what the simulation waits for; a delivery that counts no more is not waited for."""
        now = datetime.now(UTC)
        is_awaited = (
            delivery_id is None or await self._store.complete_delivery(tx, simulation_id, delivery_id, now) == "open"
        )
        if is_awaited and await self._store.get(tx, simulation_id) is not None:
            await self._decide(tx, simulation_id, inputs.WorkGivenUp(message, error))

    async def analysis_completed(self, tx: Transaction, simulation_id: str) -> None:
        """The analysis is there. Complete means that the progress is, too: it is counted by another consumer."""
        simulation = await self.get(tx, simulation_id)
        arms = (await self.progress(tx, [simulation]))[simulation_id].arms
        if sum(arm.answered + arm.failed for arm in arms) < simulation.finished_turns:
            raise NotReadyError(f"responses of simulation {simulation_id!r} are still being counted")
        await self._decide(tx, simulation_id, inputs.AnalysisFinished())

    async def _settle(self, tx: Transaction, simulation_id: str, population: Population) -> None:
        ready = population.state == "ready"
        missing = inputs.PopulationIsMissing(population.reason or "unknown reason")
        await self._decide(tx, simulation_id, inputs.PopulationIsReady(population.size) if ready else missing)

    async def _request(
        self, tx: Transaction, simulation_id: str, wanted: inputs.Input, states: Collection[SimulationState] = ()
    ) -> Simulation:
        """Decide about what somebody wants of a simulation in one of these states, or in any."""
        simulation = await self._store.get(tx, simulation_id, lock=True)
        if simulation is None:
            raise NotFoundError("simulation", simulation_id)
        if states and simulation.state not in states:
            raise ConflictError(
                f"Simulation {simulation_id!r} is {simulation.state}; this is for simulations that are "
                f"{', '.join(states)}."
            )
        decision = process.decide(simulation, wanted, datetime.now(UTC))
        await self._carry_out(tx, decision)
        return decision.simulation

    async def _decide(self, tx: Transaction, simulation_id: str, received: inputs.Input) -> None:
        simulation = await self._store.get(tx, simulation_id, lock=True)
        if simulation is None:
            raise NotReadyError(f"there is no simulation {simulation_id!r} yet")
        await self._carry_out(tx, process.decide(simulation, received, datetime.now(UTC)))

    async def _carry_out(self, tx: Transaction, decision: Decision) -> None:
        await self._store.save(tx, decision.simulation)
        for effect in decision.effects:
            await self._do(tx, decision.simulation, effect)

    async def _do(self, tx: Transaction, simulation: Simulation, effect: effects.Effect) -> None:
        match effect:
            case effects.Announce(previous):
                await self._events.state_changed(tx, simulation, previous)
            case effects.Report(protocol_id, state):
                await self._events.protocol_state_changed(tx, simulation, protocol_id, state)
            case effects.Keep(then):
                await self.checkpoints.after_step(tx, then)
            case effects.Close():
                await self._store.close_deliveries(tx, simulation.simulation_id, simulation.updated_at)
            case effects.Fork():
                await self._events.timeline_forked(tx, simulation)
            case effects.AskForArms():
                await self._events.assign_arms(tx, simulation)
            case effects.Deliver(step):
                await self._dispatch.deliver(tx, simulation, step)
            case effects.DeliverAgain(step):
                await self._dispatch.deliver_again(tx, simulation, step)
            case effects.Analyse(expected):
                await self._events.analyse(tx, simulation, expected)

    async def _watch_deadlines(self) -> None:
        while True:
            await asyncio.sleep(self._timer_interval_s)
            try:
                await self.look(datetime.now(UTC))
                await self.checkpoints.sweep(datetime.now(UTC))
                await self._census.take(datetime.now(UTC))
            except Exception as error:
                log_failure(log, "deadlines could not be checked; trying again", error)

    async def look(self, now: datetime) -> None:
        """Look at the deadlines; those that passed while nobody could look are moved on first."""
        await self._lookout.look(now)
        await self.time_out(now)

    async def time_out(self, now: datetime) -> None:
        """Move simulations on whose state lasted too long, each in a transaction of its own."""
        async with self._database.read(tenant=EVERY_TENANT) as tx:
            overdue = await self._store.overdue(tx, now)
        for tenant, simulation_id in overdue:
            async with self._database.write(tenant=tenant) as tx:
                simulation = await self._store.get(tx, simulation_id, lock=True)
                if simulation is not None and simulation.deadline_at is not None and simulation.deadline_at < now:
                    await self._carry_out(tx, process.decide(simulation, inputs.TimedOut(), now))
