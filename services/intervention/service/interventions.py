"""Interventions: designed, executed, compared, and what came of them."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from libs.bus import NotReadyError
from libs.contracts.communication import ResponsesRecorded
from libs.contracts.errors import InvalidError, NotFoundError
from libs.contracts.experiments import ExecutionSpec, InterventionSpec, RobustnessSpec
from libs.contracts.ids import new_id
from libs.contracts.intervention import AssignArms
from libs.contracts.orchestrator import SimulationCreated, SimulationState, SimulationStateChanged
from libs.contracts.planning import Attribute, PowerScreen, attributes_of
from libs.contracts.population import AgentsGenerated, PersonasChanged
from libs.contracts.protocol import Plan
from libs.contracts.results import AnalysisCompleted
from libs.db import Transaction
from libs.engines import Engines
from libs.models import Models, check_mind
from services.intervention.domain.assigned import assigned
from services.intervention.domain.assignment import Person, drawn
from services.intervention.domain.comparing import Analysed, SideBySide, side_by_side
from services.intervention.domain.design import Design, design
from services.intervention.domain.execution import Execution, Population
from services.intervention.domain.monitoring import Monitored, monitor
from services.intervention.domain.plan import has_one_step, plan_hash
from services.intervention.domain.power import expected_n, screen
from services.intervention.domain.protocol import chosen_of, contacts_of
from services.intervention.domain.robustness import AS_DESIGNED, Asking, Configuration, Robustness, planned
from services.intervention.domain.scores import Aggregate, Finished, aggregate
from services.intervention.domain.targeting import (
    SEGMENT,
    check_attributes,
    check_segments,
    check_strata,
    says_something,
)
from services.intervention.events import Events
from services.intervention.store import Placed, Store

B = TypeVar("B", InterventionSpec, ExecutionSpec)
SEED_LIMIT = 2**31
POPULATIONS_NAMED = 20


class Interventions:
    """Designs interventions, starts their executions, assigns arms, and answers with what came of it."""

    def __init__(self, store: Store, events: Events, models: Models, engines: Engines) -> None:
        self._store = store
        self._events = events
        self._models = models
        self._engines = engines

    async def start(self) -> None:
        """Get ready to reach the models service."""
        await self._models.start()

    async def stop(self) -> None:
        """Let go of it."""
        await self._models.stop()

    async def check(self, made: Design, spec: ExecutionSpec) -> None:
        """Raise `InvalidError` for a model or engine that cannot do it; in no transaction, because others are asked."""
        conditions = [contact.condition for arm in made.arms for contact in contacts_of(arm)]
        await check_mind(self._models, spec.model, made.instruments, conditions)
        await self._engines.check(spec.engine)

    async def create(self, tx: Transaction, spec: InterventionSpec) -> Design:
        """Raises `InvalidError` for metrics, a population or segments that are not there."""
        made = await self.designed(tx, spec, new_id("int"))
        await self._store.designs.add(tx, made)
        await self._events.created(tx, made)
        return made

    async def known(self, tx: Transaction, intervention_id: str | None, *, lock: bool = False) -> Design:
        """An intervention that somebody names in a body. Raises `InvalidError`. With `lock` nobody else changes it."""
        found = None if intervention_id is None else await self._store.designs.get(tx, intervention_id, lock=lock)
        if found is None:
            raise InvalidError("intervention_id", f"there is no intervention {intervention_id!r}")
        return found

    async def check_execution(self, tx: Transaction, made: Design, spec: ExecutionSpec) -> None:
        """Raise `InvalidError` for what `execute` would refuse, named as parts of `execution`."""
        await self.check_targets(tx, made, await self._people_of(tx, made, spec, "execution."))
        await self.check(made, spec)

    async def _people_of(self, tx: Transaction, made: Design, spec: ExecutionSpec, part: str = "") -> Population:
        """Whom an execution is for. Raises `InvalidError`, naming parts of the body."""
        population_id = spec.population_id or made.population_id
        if spec.start_from is not None:
            before = spec.start_from.simulation_id
            theirs = await self._store.simulations.population_of(tx, before)
            if theirs is None:
                raise InvalidError(f"{part}start_from.simulation_id", f"there is no simulation {before!r}")
            if population_id not in {None, theirs}:
                raise InvalidError(f"{part}population_id", f"the people of {before!r} are others", [theirs])
            population_id = theirs
        if population_id is None:
            raise InvalidError(f"{part}population_id", "is needed: the intervention names no population either")
        return await self.population(tx, population_id)

    async def knows_simulation(self, tx: Transaction, simulation_id: str) -> bool:
        """True once its creation has been heard of."""
        return await self._store.simulations.population_of(tx, simulation_id) is not None

    async def designed(self, tx: Transaction, spec: InterventionSpec, identity: str) -> Design:
        """The design that a body asks for. Raises `InvalidError`."""
        seed = secrets.randbelow(SEED_LIMIT) if spec.seed is None else spec.seed
        made = design(spec, identity, seed, datetime.now(UTC))
        if made.population_id is not None:
            await self.check_targets(tx, made, await self.population(tx, made.population_id))
        await self._check_excluded(tx, made)
        return made

    async def preview(
        self, tx: Transaction, spec: InterventionSpec, attributes: Mapping[str, Attribute] | None
    ) -> Design:
        """The design that would be made for people with these attributes, if they are known.

        Raises `InvalidError` for what is not there.
        """
        made = design(spec, "preview", spec.seed or 0, datetime.now(UTC))
        await self._check_excluded(tx, made)
        if attributes is not None:
            _check_people(made, attributes)
        return made

    async def _check_excluded(self, tx: Transaction, made: Design) -> None:
        for place, other in enumerate(made.exclude_interventions):
            if await self._store.designs.get(tx, other) is None:
                raise InvalidError(f"exclude_interventions.{place}", f"there is no intervention {other!r}")

    async def execute(
        self, tx: Transaction, intervention_id: str, spec: ExecutionSpec, asking: Asking = AS_DESIGNED
    ) -> Execution:
        """Start a simulation of the intervention; it waits by itself while its population is still being drawn."""
        made = await self._design(tx, intervention_id)
        population = await self._people_of(tx, made, spec)
        await self.check_targets(tx, made, population)
        execution = Execution(
            simulation_id=new_id("sim"),
            intervention_id=made.id,
            population_id=population.population_id,
            seed=made.seed if spec.seed is None else spec.seed,
            model=spec.model,
            requested_at=datetime.now(UTC),
            is_created=False,
            state=SimulationState.DRAFT,
            reason=None,
            changed_at=None,
            plan=None,
            plan_hash=None,
            analysis=None,
            analysed_at=None,
            asking=asking,
        )
        await self._store.executions.add(tx, execution)
        await self._events.start(tx, made.asked(asking), execution, spec)
        return execution

    async def vary(self, tx: Transaction, intervention_id: str, spec: RobustnessSpec) -> Robustness:
        """Start an execution for each configuration."""
        made = await self._design(tx, intervention_id)
        started = []
        for model, seed, asking in planned(spec, made.seed, made.instruments):
            asked = ExecutionSpec(population_id=spec.population_id, seed=seed, model=model, engine=spec.engine)
            execution = await self.execute(tx, intervention_id, asked, asking)
            place = {"simulation_id": execution.simulation_id, "model": model, "seed": seed}
            started.append(Configuration.model_validate(asking.model_dump() | place))
        varied = Robustness(new_id("rob"), intervention_id, datetime.now(UTC), tuple(started))
        await self._store.configurations.add(tx, varied)
        return varied

    async def variation(self, tx: Transaction, intervention_id: str) -> tuple[Robustness, dict[str, Execution]]:
        """The latest set of configurations, and its executions by simulation. Raises `NotFoundError`."""
        await self._design(tx, intervention_id)
        found = await self._store.configurations.latest(tx, intervention_id)
        if found is None:
            raise NotFoundError("robustness of the intervention", intervention_id)
        executions = {}
        for one in found.configurations:
            execution = await self._store.executions.get(tx, one.simulation_id)
            if execution is not None:
                executions[one.simulation_id] = execution
        return found, executions

    async def monitor(self, tx: Transaction, execution: Execution) -> tuple[Monitored, ...]:
        """Always-valid intervals of the answers so far; none before anybody is assigned."""
        if execution.plan is None:
            return ()
        finished = await self._finished(tx, execution, execution.plan)
        return monitor(execution.plan, finished, is_offline=execution.is_offline)

    async def compare(self, tx: Transaction, intervention_ids: Sequence[str]) -> SideBySide:
        """The latest execution of each. Raises `InvalidError` for one that has not been analysed."""
        analysed = []
        for place, identity in enumerate(intervention_ids):
            field = f"intervention_ids.{place}"
            if await self._store.designs.get(tx, identity) is None:
                raise InvalidError(field, f"there is no intervention {identity!r}")
            latest = await self._store.executions.latest(tx, identity)
            if latest is None or latest.plan is None or latest.analysis is None:
                raise InvalidError(field, f"{identity!r} has no execution that was analysed")
            analysed.append(
                Analysed(
                    identity, latest.simulation_id, latest.population_id, latest.model, latest.plan, latest.analysis
                )
            )
        return side_by_side(analysed)

    async def show(self, tx: Transaction, intervention_id: str) -> tuple[Design, SimulationState]:
        """An intervention and the state of its latest simulation; draft without one."""
        made = await self._design(tx, intervention_id)
        states = await self._store.executions.states(tx, [made.id])
        return made, states.get(made.id, SimulationState.DRAFT)

    async def newest(self, tx: Transaction, limit: int, before: str | None) -> list[tuple[Design, SimulationState]]:
        """Interventions, newest first, each with its state."""
        designs = await self._store.designs.newest(tx, limit, before)
        states = await self._store.executions.states(tx, [made.id for made in designs])
        return [(made, states.get(made.id, SimulationState.DRAFT)) for made in designs]

    async def knows_population(self, tx: Transaction, population_id: str) -> bool:
        """True once the population's creation has been heard of."""
        return await self._store.populations.get(tx, population_id) is not None

    async def is_created(self, tx: Transaction, execution: Execution) -> bool:
        """True once the orchestrator has said that the simulation can be queried."""
        found = await self._store.executions.get(tx, execution.simulation_id)
        return found is not None and found.is_created

    async def execution(self, tx: Transaction, intervention_id: str, simulation_id: str | None) -> Execution:
        """The execution asked for, or the latest one."""
        await self._design(tx, intervention_id)
        if simulation_id is None:
            found = await self._store.executions.latest(tx, intervention_id)
            if found is None:
                raise NotFoundError("simulation of the intervention", intervention_id)
            return found
        found = await self._store.executions.get(tx, simulation_id)
        if found is None or found.intervention_id != intervention_id:
            raise NotFoundError("simulation of this intervention", simulation_id)
        return found

    async def aggregate(self, tx: Transaction, execution: Execution) -> Aggregate | None:
        """The aggregate of the responses so far; None before anybody is assigned."""
        if execution.plan is None:
            return None
        headcount = await self._store.responses.headcount(tx, execution.simulation_id)
        finished = await self._finished(tx, execution, execution.plan)
        is_over = has_one_step(execution.plan) or execution.state in {
            SimulationState.ANALYSING,
            SimulationState.COMPLETED,
        }
        return aggregate(execution.plan, headcount, finished, is_offline=execution.is_offline, is_over=is_over)

    async def _finished(self, tx: Transaction, execution: Execution, plan: Plan) -> list[Finished]:
        return await self._store.responses.finished(tx, execution.simulation_id, chosen_of(plan))

    async def check_filters(self, tx: Transaction, execution: Execution, arm: str | None, segment: str | None) -> None:
        """Raise `InvalidError` for an arm of another intervention or a segment of another population."""
        arms = [one.name for one in (await self._design(tx, execution.intervention_id)).arms]
        segments = list((await self.population(tx, execution.population_id)).segments)
        for field, value, known in (("arm", arm, arms), ("segment", segment, segments)):
            if value is not None and value not in known:
                raise InvalidError(field, f"there is no {field} {value!r}", known)

    async def responses(
        self,
        tx: Transaction,
        execution: Execution,
        limit: int,
        after: tuple[str, str] | None,
        arm: str | None = None,
        segment: str | None = None,
    ) -> Sequence[Placed]:
        """Responses by agent, after this (agent_id, turn_id)."""
        return await self._store.responses.page(tx, execution.simulation_id, limit, after, arm, segment)

    async def learn_population(self, tx: Transaction, population: Population) -> None:
        """A population was asked for, or is ready."""
        await self._store.populations.put(tx, population)

    async def learn_agents(self, tx: Transaction, blocks: Sequence[AgentsGenerated]) -> None:
        """People were drawn."""
        await self._store.populations.add_agents(tx, blocks)

    async def change_agents(self, tx: Transaction, changed: PersonasChanged) -> None:
        """People are not as they were."""
        await self._store.populations.change_agents(tx, changed)

    async def require_agents(self, tx: Transaction, population: Population) -> None:
        """Raises `NotReadyError` until every agent of the population has been heard of."""
        known = await self._store.populations.count_agents(tx, population.population_id)
        if known < population.size:
            raise NotReadyError(f"{known} of {population.size} agents of {population.population_id} have arrived")

    async def assign_arms(self, tx: Transaction, command: AssignArms) -> None:
        """Freeze the plan and assign everybody targeted, once for each simulation.

        Raises `NotReadyError` while agents of the population are still on their way.
        """
        execution = await self._store.executions.get(tx, command.simulation_id, lock=True)
        made = await self._store.designs.get(tx, command.intervention_id)
        if execution is None or made is None:
            await self._events.failed(tx, command, f"There is no intervention {command.intervention_id!r} to assign.")
            return
        if execution.plan is not None:
            return
        population = await self._store.populations.get(tx, command.population_id)
        if population is None:
            raise NotReadyError(f"the population {command.population_id} has not been heard of")
        await self.require_agents(tx, population)
        people = drawn(await self._targeted(tx, made, population), made.sample_size, command.seed)
        if not people:
            await self._events.failed(tx, command, _nobody(made, population))
            return
        assignments, plan = assigned(made.asked(execution.asking), people, command.seed, datetime.now(UTC))
        del people  # their profiles are most of what is in memory, and what follows needs room
        digest = plan_hash(plan)
        await self._store.executions.set_plan(tx, command.simulation_id, plan, digest)
        await self._store.responses.assign(tx, command.simulation_id, assignments)
        await self._events.assigned(tx, command, plan, digest, assignments)

    async def power(self, tx: Transaction, made: Design, population_id: str | None, people: int | None) -> PowerScreen:
        """The power of a design with so many people, or with those of a population it is for."""
        wanted = population_id or made.population_id
        if people is None and wanted is None:
            raise InvalidError("people", "is needed: the intervention names no population to count")
        if people is None and wanted is not None:
            population = await self.population(tx, wanted)
            await self.check_targets(tx, made, population)
            people = await self._count(tx, made, population)
        return screen(made, expected_n(made, people or 0))

    async def simulation_created(self, tx: Transaction, event: SimulationCreated) -> None:
        """The simulation can be queried now, and others may start from it."""
        await self._store.executions.set_created(tx, event.simulation_id)
        await self._store.simulations.put(tx, event.simulation_id, event.population_id)

    async def record_state(self, tx: Transaction, change: SimulationStateChanged) -> None:
        """The simulation entered a state."""
        await self._store.executions.set_state(tx, change.simulation_id, change.state, change.reason, change.changed_at)

    async def record_responses(self, tx: Transaction, recorded: Sequence[ResponsesRecorded]) -> None:
        """Keep the responses of simulations that run an intervention; others are nothing to this service."""
        known = await self._store.executions.known(tx, [message.simulation_id for message in recorded])
        await self._store.responses.add(tx, [message for message in recorded if message.simulation_id in known])

    async def record_analysis(self, tx: Transaction, done: AnalysisCompleted) -> None:
        """Keep the analysis, to serve it with the results; the newest grades count."""
        told_at = done.graded_at or done.analysed_at
        await self._store.executions.set_analysis(tx, done.simulation_id, done.analysis, told_at)

    async def _design(self, tx: Transaction, intervention_id: str) -> Design:
        found = await self._store.designs.get(tx, intervention_id)
        if found is None:
            raise NotFoundError("intervention", intervention_id)
        return found

    async def population(self, tx: Transaction, population_id: str) -> Population:
        """A population as it was heard of. Raises `InvalidError` with those that are there."""
        found = await self._store.populations.get(tx, population_id)
        if found is None:
            known = await self._store.populations.newest_ids(tx, POPULATIONS_NAMED)
            raise InvalidError(
                "population_id", f"there is no population {population_id!r}; the newest are allowed", known
            )
        return found

    async def check_targets(self, tx: Transaction, made: Design, population: Population) -> None:
        """Raises `InvalidError`. Attributes are known once everybody has been drawn; until then only segments are."""
        check_segments(made.target_segments, population.segments)
        for field, target in made.targets.items():
            check_segments(target.segments, population.segments, f"{field}.segments")
        by = [name for name in made.dealing.by if name != SEGMENT]
        if not by and not any(target.attributes for target in made.targets.values()):
            return
        members = await self._store.populations.members(tx, population.population_id)
        if len(members) == population.size:
            _check_people(made, attributes_of(one.profile for one in members))

    async def _targeted(self, tx: Transaction, made: Design, population: Population) -> list[Person]:
        members = await self._store.populations.members(tx, population.population_id)
        others = made.exclude_interventions
        taken = await self._store.responses.participants(tx, population.population_id, others) if others else set()
        exclude = made.exclude if says_something(made.exclude) else None
        return [
            one
            for one in members
            if made.whom.means(one.segment, one.profile)
            and one.agent_id not in taken
            and not (exclude is not None and exclude.means(one.segment, one.profile))
        ]

    async def _count(self, tx: Transaction, made: Design, population: Population) -> int:
        """People it is for; by segment alone while they are still being drawn."""
        if await self._store.populations.count_agents(tx, population.population_id) == population.size:
            return len(await self._targeted(tx, made, population))
        segments = made.whom.segments
        return sum(population.segments[name] for name in segments) if segments else population.size


def _check_people(made: Design, known: Mapping[str, Attribute]) -> None:
    check_strata(made.dealing.by, known)
    for field, target in made.targets.items():
        check_attributes(target, field, known)


def _nobody(made: Design, population: Population) -> str:
    segments, attributes = made.whom.segments, made.whom.attributes
    wanted = ", ".join([*segments, *(f"{name}: {list(values)}" for name, values in attributes.items())])
    return f"Nobody of the population {population.population_id} is targeted ({wanted or 'everybody'})."
