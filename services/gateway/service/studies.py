"""What concerns all parts of a study is asked of their owners: what it takes, what is wrong with it, and running it.

Studies themselves are the orchestrator's. A run is checked whole before anything is made; what is made then is made in
the order in which it is needed, and a refusal names the field of the study it is about.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from libs.contracts.base import JsonObject
from libs.contracts.dialogue import Broadcast, BroadcastSpec, ConversationSpec, Journey, Request, SequenceSpec
from libs.contracts.errors import ConflictError, DomainError, FieldError, InvalidError, invalid
from libs.contracts.estimates import SAMPLE, DesignPreviewSpec, Estimate, Ground, PreviewSpec, TurnsSpec
from libs.contracts.experiments import ExecutionSpec, InterventionSpec, StudySpec, TargetSpec
from libs.contracts.ids import ONLY_ARM
from libs.contracts.orchestrator import SimulationState
from libs.contracts.origins import Forecast, Origin
from libs.contracts.planning import Attribute, PowerScreen
from libs.contracts.specs import Engine, SimulationSpec
from libs.contracts.turns import Budget
from libs.engines import ALWAYS_THERE
from libs.http.problems import field_errors
from libs.minds.json_documents import merge_patch
from libs.studies import StudyFile, Warned, attribute_conditions, examine, resolved, unmet
from services.gateway.service.owners import Gateway, OwnerRefusedError, OwnerUnavailableError

B = TypeVar("B", ExecutionSpec, SimulationSpec)
UNPLANNED = Ground(
    figure="people: margins",
    kind="assumed",
    says="those of the base population and of the study; the model's plan is made with the population, whose plan and "
    "margins show it",
)
READY_WITHIN_S = 45.0
PEOPLE_A_SECOND = 500
"""Slower than people are drawn and arrive on a busy machine; a large population may take longer than the usual time."""
HEARD_WITHIN_S = 30.0
POLL_S = 0.1
SETTINGS = ("population_id", "seed", "model", "engine", "budget")
"""What of a simulation may be changed without a study."""


class Started(NamedTuple):
    """A run, and what was made for it."""

    simulation_id: str
    population_id: str
    intervention_id: str | None
    estimate: Estimate | None


class Checked(NamedTuple):
    """What is wrong with a study, by itself or on this platform; what is odd; and what it takes if nothing is wrong."""

    errors: Sequence[FieldError]
    warnings: Sequence[Warned]
    estimate: Estimate | None


class Studies:
    """Use cases of whole studies."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def check(self, file: StudyFile) -> Checked:
        """Ask every owner whether it would take its part."""
        try:
            return Checked((), file.warnings, await self._estimated(file.spec))
        except DomainError as error:
            if not error.errors:
                raise
            return Checked(error.errors, file.warnings, None)

    async def estimate(self, spec: StudySpec) -> Estimate:
        """What a study takes."""
        return await self._measured(spec, await self._drawn(spec))

    async def _estimated(self, spec: StudySpec) -> Estimate | None:
        """Raises what an owner would refuse. None where it cannot be measured, or not now."""
        await self._check_engine(spec.engine)
        drawn = await self._drawn(spec)
        try:
            return await self._measured(spec, drawn)
        except OwnerRefusedError as error:
            if error.status < 500:
                raise
            return None

    async def _check_engine(self, engine: Engine) -> None:
        """It can run here; what it takes is known even where it cannot."""
        if engine == ALWAYS_THERE:
            return
        found = (await self._gateway.find("communication", "/communications/engines"))["items"]
        problems = {one["name"]: one["problem"] for one in found}
        if (problem := problems.get(engine, "is not known")) is not None:
            raise InvalidError("engine", problem, [name for name, other in problems.items() if other is None])

    async def _drawn(self, spec: StudySpec) -> JsonObject:
        path = f"/agent-populations/preview?people={SAMPLE}&attributes={_looks_closely(spec)}"
        drawn = await self._gateway.ask("population", path, _people(spec), "population")
        attributes = {name: Attribute.model_validate(one) for name, one in (drawn["attributes"] or {}).items()}
        if errors := list(unmet(spec, attributes)):
            raise invalid(errors)
        return drawn

    async def _measured(self, spec: StudySpec, drawn: JsonObject) -> Estimate:
        wanted = {"model": spec.model, "engine": spec.engine, "agents": drawn["individuals"]}
        power = None
        if (asked := spec.intervention) is None:
            segments = {one.name: one.size for one in spec.population.segments}
            protocol = [request.model_dump(mode="json", exclude_unset=True) for request in spec.protocol]
            wanted |= {"protocol": protocol, "turns": {ONLY_ARM: drawn["meant"]}, "segments": segments}
            taken = await self._turns(wanted | {"seed": _first(spec.seed)})
        else:
            path = f"/interventions/preview?people={drawn['meant']}"
            wondering = DesignPreviewSpec(**_contents(asked), attributes=drawn["attributes"])
            design = await self._gateway.ask("intervention", path, wondering, "intervention")
            if not drawn["meant"]:
                raise InvalidError("intervention.target", "nobody of the population is meant, after exclude")
            wanted |= {"steps": design["steps"], "turns": design["power"]["planned_n"]}
            taken = await self._turns(wanted | {"seed": _first(asked.seed, spec.seed)})
            power = PowerScreen.model_validate(design["power"])
        if drawn["questions"]:
            making = {"model": spec.population.model, "questions": drawn["questions"]}
            taken = taken.after(await self._turns(making, "population"))
        unplanned = (UNPLANNED,) if spec.population.factory is not None else ()
        return taken.model_copy(update={"power": power, "rests_on": (*taken.rests_on, *unplanned)})

    async def _turns(self, wanted: JsonObject, part: str = "") -> Estimate:
        spec = TurnsSpec.model_validate(wanted)
        return Estimate.model_validate(await self._gateway.ask("communication", "/communications/estimate", spec, part))

    async def run_kept(self, study_id: str, version: int | None, changes: JsonObject, budget: Budget | None) -> Started:
        """Run a version of a kept study; without one its draft, which is published for it."""
        kept = await self._version(study_id, version)
        origin = Origin(study_id=study_id, study_version=kept["version"])
        return await self.run(_changed(kept["study"], changes), origin, budget)

    async def run(self, spec: StudySpec, origin: Origin, budget: Budget | None = None) -> Started:
        """Run a study; without a budget with its own. Raises `OwnerRefusedError`, mostly before anything is made."""
        spec = resolved(spec)
        budget = budget or spec.budget
        estimate = await self._estimated(spec)
        origin = origin.model_copy(update={"study_seed": spec.seed, "estimate": _forecast(estimate)})
        population = await self._gateway.ask("population", "/agent-populations/create", spec.population, "population")
        if spec.intervention is None:
            simulation_id = await self._converse(spec, population["id"], origin, budget)
            return Started(simulation_id, population["id"], None, estimate)
        design = spec.intervention.model_copy(update={"population_id": population["id"]})
        made = await self._ask_of_new("intervention", "/interventions/create", design, "intervention")
        execution = ExecutionSpec(
            name=spec.name,
            population_id=population["id"],
            seed=spec.intervention.seed,
            model=spec.model,
            engine=spec.engine,
            budget=budget,
            origin=origin,
        )
        started = await self._execute(made["id"], execution)
        return Started(started["simulation_id"], population["id"], made["id"], estimate)

    async def _execute(self, intervention_id: str, execution: ExecutionSpec) -> JsonObject:
        """The release before this one, which may still be there, calls a simulation as its intervention alone."""
        path = f"/interventions/{intervention_id}/execute"
        try:
            return await self._gateway.ask("intervention", path, execution)
        except OwnerRefusedError as error:
            if [one.field for one in error.errors] != ["name"]:
                raise
        return await self._gateway.ask("intervention", path, execution.model_copy(update={"name": None}))

    async def _converse(self, spec: StudySpec, population_id: str, origin: Origin, budget: Budget | None) -> str:
        """Ask a protocol of an interactive simulation, which ends when all of it is done."""
        asked = SimulationSpec(
            name=spec.name,
            population_id=population_id,
            seed=spec.seed,
            model=spec.model,
            engine=spec.engine,
            budget=budget,
            origin=origin,
        )
        simulation_id = str((await self._ask_of_new("orchestrator", "/simulations/create", asked))["id"])
        try:
            await self._ready(simulation_id, max(READY_WITHIN_S, spec.population.size / PEOPLE_A_SECOND))
            for place, request in enumerate(spec.protocol):
                is_last = place == len(spec.protocol) - 1
                path, body = _request(request, simulation_id, is_last=is_last)
                await self._gateway.ask("communication", f"/communications/{path}", body, f"protocol.{place}")
        except DomainError:
            await self._gateway.end(simulation_id)
            raise
        return simulation_id

    async def _ask_of_new(self, owner: str, path: str, body: BaseModel, part: str = "") -> JsonObject:
        """Ask about a population made a moment ago, of which a busy owner may hear late."""
        deadline = time.monotonic() + HEARD_WITHIN_S
        while True:
            try:
                return await self._gateway.ask(owner, path, body, part)
            except OwnerRefusedError as error:
                if not any(one.field.endswith("population_id") for one in error.errors):
                    raise
                if time.monotonic() > deadline:
                    raise OwnerUnavailableError(owner) from error

    async def _ready(self, simulation_id: str, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while (state := await self._gateway.state_of(simulation_id)) is not SimulationState.READY:
            if state.is_terminal or time.monotonic() > deadline:
                late = f"its people could not be asked within {within_s:g} s"
                raise ConflictError(f"Simulation {simulation_id!r} is {state}: {late}.")
            await asyncio.sleep(POLL_S)

    async def clone(self, simulation_id: str, name: str | None) -> Started:
        """A simulation set up as another one: the same people, intervention, seed, model and engine."""
        before = await self._simulation(simulation_id)
        return await self._again(before, {}, Origin(cloned_from=simulation_id, **_study(before)), name)

    async def rerun(self, simulation_id: str, changes: JsonObject) -> Started:
        """Run again what a simulation ran, with changes: to its settings, or to the study it was a run of."""
        before = await self._simulation(simulation_id)
        origin = Origin(rerun_of=simulation_id, **_study(before))
        name = changes.get("name") if before["intervention_id"] is None else None
        settings = SETTINGS if before["intervention_id"] is not None else (*SETTINGS, "name")
        beyond = [field for field in changes if field not in settings]
        if not beyond and (before["intervention_id"] is not None or origin.study_id is None):
            return await self._again(before, changes, origin, name)
        if origin.study_id is None:
            message = (
                "is part of a study, and this simulation is a run of none: keep it (`rehearsal studies add`), run that"
            )
            raise InvalidError(beyond[0], message, settings)
        kept = await self._version(origin.study_id, origin.study_version)
        document = {**kept["study"], "seed": origin.study_seed, "model": before["model"], "engine": before["engine"]}
        budget = _body(ExecutionSpec, {"budget": changes.get("budget")}).budget
        changes = {field: value for field, value in changes.items() if field != "budget"}
        return await self.run(_changed(document, changes), origin, budget)

    async def _again(self, before: JsonObject, changes: JsonObject, origin: Origin, name: str | None) -> Started:
        given = {field: before[field] for field in ("population_id", "seed", "model", "engine")}
        if past := before["start_from"]:
            given["start_from"] = {field: past[field] for field in ("simulation_id", "checkpoint_id")}
        settings = {**given, **changes, "name": name or before["name"], "origin": origin}
        if (intervention_id := before["intervention_id"]) is not None:
            execution = _body(ExecutionSpec, settings)
            path = f"/interventions/{intervention_id}/execute"
            started = await self._gateway.ask("intervention", path, execution)
            return Started(started["simulation_id"], str(execution.population_id), intervention_id, None)
        spec = _body(SimulationSpec, settings)
        made = await self._gateway.ask("orchestrator", "/simulations/create", spec)
        return Started(made["id"], made["population_id"], None, None)

    async def _simulation(self, simulation_id: str) -> JsonObject:
        return await self._gateway.find("orchestrator", f"/simulations/{quote(simulation_id, safe='')}/status")

    async def _version(self, study_id: str, version: int | None) -> JsonObject:
        study = f"/studies/{quote(study_id, safe='')}"
        if version is None:
            return await self._gateway.ask("orchestrator", f"{study}/publish", None)
        return await self._gateway.find("orchestrator", f"{study}/versions/{version}")


def _first(*seeds: int | None) -> int:
    """The seed of a part, or the study's, or always the same one: the same study has the same estimate."""
    return next((seed for seed in seeds if seed is not None), 0)


def _people(spec: StudySpec) -> PreviewSpec:
    """The study's population, looked at through its intervention's target."""
    target, exclude = _targets(spec.intervention)
    return PreviewSpec(
        **_contents(spec.population) | {"seed": _first(spec.population.seed, spec.seed)},
        target=target,
        exclude=exclude,
    )


def _contents(body: BaseModel) -> JsonObject:
    return {name: getattr(body, name) for name in type(body).model_fields}


def _looks_closely(spec: StudySpec) -> bool:
    """Whether a study says anything of people that is not their segment."""
    if any(attribute_conditions(spec)):
        return True
    if (asked := spec.intervention) is None:
        return False
    targets = [one for one in (asked.target, asked.exclude) if one is not None]
    return any(one.attributes for one in targets) or any(name != "segment" for name in asked.randomisation.by)


def _targets(asked: InterventionSpec | None) -> tuple[TargetSpec | None, TargetSpec | None]:
    if asked is None:
        return None, None
    return TargetSpec(segments=asked.target_segments) if asked.target is None else asked.target, asked.exclude


def _request(request: Request, simulation_id: str, *, is_last: bool) -> tuple[str, BaseModel]:
    """Where a request of a protocol goes, and its body there."""
    told = {**request.model_dump(exclude_unset=True), "simulation_id": simulation_id, "ends": is_last}
    if isinstance(request, Journey):
        return "sequence/execute", SequenceSpec.model_validate(told)
    if isinstance(request, Broadcast):
        return "broadcast", BroadcastSpec.model_validate(told)
    return "conversation/start", ConversationSpec.model_validate(told)


def _changed(document: JsonObject, changes: JsonObject) -> StudySpec:
    """A study with a JSON merge patch. Raises `DomainError` with everything that is wrong with it then."""
    found = examine(merge_patch(document, changes))
    if found.spec is None:
        raise invalid(found.errors)
    return found.spec


def _body(kind: type[B], document: JsonObject) -> B:
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise invalid(field_errors(error, document)) from error


def _study(simulation: JsonObject) -> JsonObject:
    """Which study a simulation is a run of."""
    origin = simulation["origin"] or {}
    return {name: origin.get(name) for name in ("study_id", "study_version", "study_seed")}


def _forecast(estimate: Estimate | None) -> Forecast | None:
    if estimate is None:
        return None
    return Forecast(**{name: getattr(estimate, name) for name in Forecast.model_fields})
