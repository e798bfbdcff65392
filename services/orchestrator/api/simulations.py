"""HTTP resources of simulations."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from libs.contracts.orchestrator import PausedFor, SimulationState
from libs.contracts.origins import Origin
from libs.contracts.protocol import NO_USAGE, Step, Usage
from libs.contracts.ranges import Range
from libs.contracts.specs import SimulationSpec
from libs.contracts.timelines import Past
from libs.contracts.turns import Budget, BudgetBalance
from libs.contracts.usage import Held
from libs.db import Database, Transaction
from libs.http import Read, Tenant, Write, arrives
from services.orchestrator.api.access import Service, orchestrator
from services.orchestrator.domain.simulation import Simulation, StepState
from services.orchestrator.service import Orchestrator
from services.orchestrator.store import ArmProgress, Progress

router = APIRouter()
NO_PROGRESS = Progress((), NO_USAGE)


class ArmProgressView(BaseModel):
    """Turns of one arm."""

    planned: int
    answered: int
    failed: int


class ProgressView(BaseModel):
    """Turns planned so far and finished; `fraction` is 0 until turns are planned."""

    planned: int
    answered: int
    failed: int
    fraction: float
    by_arm: dict[str, ArmProgressView]


class ResourcesView(BaseModel):
    """What it takes beside calls."""

    wall_s: float = Field(description="Seconds it was running; pauses and waiting are no part of it.")
    cpu_s: float = Field(description="Processor seconds of its deliveries that are finished.")
    usd_per_hour: float | None = Field(description="What it spends while it runs, on average so far; null before.")

    @classmethod
    def of(cls, simulation: Simulation, usage: Usage) -> "ResourcesView":
        """The view of a simulation."""
        wall_s = simulation.wall_s(datetime.now(UTC))
        rate = usage.cost_usd * 3600 / wall_s if wall_s > 0 else None
        return cls(wall_s=wall_s, cpu_s=simulation.cpu_s, usd_per_hour=rate)


def _held(simulation: Simulation, usage: Usage, wall_s: float) -> dict[str, Held] | None:
    """Every figure of the estimate; calls that the ledger answered cost nothing and are none."""
    forecast = None if simulation.origin is None else simulation.origin.estimate
    if forecast is None:
        return None
    actual = {
        **usage.model_dump(include={"calls", "prompt_tokens", "completion_tokens", "cost_usd"}),
        "seconds": wall_s,
    }
    said: dict[str, Range | None] = {name: getattr(forecast, name) for name in actual}
    return {name: Held.against(one, actual[name]) for name, one in said.items() if one is not None}


class SimulationView(BaseModel):
    """A simulation and where it stands."""

    id: str
    simulation_id: str
    name: str
    state: SimulationState
    reason: str | None
    paused_for: PausedFor | None = Field(description="Why it is paused: somebody wanted it, or a budget is spent.")
    progress: ProgressView
    usage: Usage
    population_id: str
    intervention_id: str | None
    seed: int
    model: str
    engine: str = Field(description="What runs the agents' turns.")
    origin: Origin | None = Field(description="Where it comes from.")
    start_from: Past | None = Field(description="What its people remembered from the beginning.")
    resources: ResourcesView
    estimate: dict[str, Held] | None = Field(description="What it was said to take, and took; null if nothing was.")
    created_at: datetime
    updated_at: datetime
    late_messages: int
    timeline_id: str = Field(description="What happens next, happens here; a restore begins a new one.")
    links: dict[str, str]

    @classmethod
    def of(cls, simulation: Simulation, progress: Progress = NO_PROGRESS) -> "SimulationView":
        """The view of a simulation with its live progress."""
        usage = progress.usage
        resources = ResourcesView.of(simulation, usage)
        shared = simulation.model_dump(include=set(cls.model_fields) - {"usage", "engine"})
        path = f"/simulations/{simulation.simulation_id}"
        return cls(
            **shared,
            id=simulation.simulation_id,
            progress=_progress(simulation, {arm.arm: arm for arm in progress.arms}),
            usage=usage,
            resources=resources,
            estimate=_held(simulation, usage, resources.wall_s),
            engine=simulation.engine or "native",
            timeline_id=simulation.timeline.timeline_id,
            links={"status": f"{path}/status", "stream": f"{path}/stream"},
        )


class StepView(BaseModel):
    """A step and whether it is done."""

    step_id: str
    kind: str
    round: int
    simulated_at: datetime | None
    state: StepState

    @classmethod
    def of(cls, step: Step, state: StepState) -> "StepView":
        """The view of a step."""
        return cls(**step.model_dump(include=set(cls.model_fields)), state=state)


class StepsView(BaseModel):
    """All steps."""

    items: list[StepView]


def _progress(simulation: Simulation, finished: dict[str, ArmProgress]) -> ProgressView:
    by_arm = {}
    for arm in sorted(simulation.planned.keys() | finished.keys()):
        done = finished.get(arm)
        by_arm[arm] = ArmProgressView(
            planned=simulation.planned.get(arm, 0),
            answered=done.answered if done else 0,
            failed=done.failed if done else 0,
        )
    planned, answered, failed = (
        sum(getattr(arm, name) for arm in by_arm.values()) for name in ("planned", "answered", "failed")
    )
    if simulation.state is SimulationState.COMPLETED:
        fraction = 1.0
    else:
        fraction = min(1.0, (answered + failed) / planned) if planned else 0.0
    return ProgressView(planned=planned, answered=answered, failed=failed, fraction=fraction, by_arm=by_arm)


class SimulationBudgetView(BudgetBalance):
    """The budget of a simulation, and whether it waits for it."""

    simulation_id: str
    state: SimulationState
    paused_for: PausedFor | None

    @classmethod
    def of(cls, simulation: Simulation, balance: BudgetBalance) -> "SimulationBudgetView":
        """The view of a balance."""
        return cls(
            cap=balance.cap,
            spent=balance.spent,
            reserved=balance.reserved,
            is_decided=balance.is_decided,
            **simulation.model_dump(include={"simulation_id", "state", "paused_for"}),
        )


@router.post("/create", status_code=201)
async def create_simulation(request: Request, spec: SimulationSpec, service: Service, tenant: Tenant) -> SimulationView:
    """Create an interactive simulation over a population, or over the people of another one with their memories."""
    database: Database = request.app.state.database
    await service.check(spec)
    await arrives(database, lambda tx: service.knows_people(tx, spec), tenant=tenant)
    async with database.write(tenant=tenant) as tx:
        return SimulationView.of(await service.create(tx, spec))


@router.get("/{simulation_id}/status")
async def simulation_status(simulation_id: str, service: Service, tx: Read) -> SimulationView:
    """Where a simulation stands."""
    return await _view(service, tx, await service.get(tx, simulation_id))


@router.get("/{simulation_id}/steps")
async def simulation_steps(simulation_id: str, service: Service, tx: Read) -> StepsView:
    """The steps of a simulation in their order, those that are asked for and not begun too."""
    simulation = await service.get(tx, simulation_id)
    steps = zip(simulation.steps, simulation.step_states, strict=True)
    return StepsView(items=[StepView.of(step, state) for step, state in steps])


@router.delete("/{simulation_id}/end")
async def end_simulation(simulation_id: str, service: Service, tx: Write) -> SimulationView:
    """End an interactive simulation and analyse it; cancel any other that is not complete."""
    return await _view(service, tx, await service.end(tx, simulation_id))


@router.post("/{simulation_id}/pause")
async def pause_simulation(simulation_id: str, service: Service, tx: Write) -> SimulationView:
    """Begin no new turn until the simulation is resumed. Turns in hand are finished and counted; nothing is lost."""
    return await _view(service, tx, await service.pause(tx, simulation_id))


@router.post("/{simulation_id}/resume")
async def resume_simulation(simulation_id: str, service: Service, tx: Write) -> SimulationView:
    """Go on with a paused simulation where it was. One that waits for a budget that is still spent pauses again."""
    return await _view(service, tx, await service.resume(tx, simulation_id))


@router.post("/{simulation_id}/cancel")
async def cancel_simulation(simulation_id: str, service: Service, tx: Write) -> SimulationView:
    """Stop a simulation at once and for good. What was answered is kept and nothing is analysed."""
    return await _view(service, tx, await service.cancel(tx, simulation_id))


@router.post("/{simulation_id}/restore/{checkpoint_id}")
async def restore_simulation(simulation_id: str, checkpoint_id: str, service: Service, tx: Write) -> SimulationView:
    """Go on from a checkpoint on a new timeline: agents know nothing of what came after it, the old one is kept."""
    return await _view(service, tx, await service.restore(tx, simulation_id, checkpoint_id))


@router.get("/{simulation_id}/budget")
async def simulation_budget(
    request: Request, simulation_id: str, service: Service, tenant: Tenant
) -> SimulationBudgetView:
    """What a simulation may spend, has spent, and has reserved for calls in flight."""
    simulation = await _read(request, simulation_id, tenant)
    return SimulationBudgetView.of(simulation, await service.budget(simulation))


@router.patch("/{simulation_id}/budget")
async def change_simulation_budget(
    request: Request, simulation_id: str, changes: Budget, service: Service, tenant: Tenant
) -> SimulationBudgetView:
    """Decide anew what a simulation may spend; what is not given stays, null is no limit.

    One that is paused because its budget was spent goes on where that is no longer so: calls that were paid for are not
    made again.
    """
    balance = await service.set_budget(await _read(request, simulation_id, tenant), changes)
    database: Database = request.app.state.database
    async with database.write(tenant=tenant) as tx:
        go_on = service.get if balance.used_up else service.budget_changed
        return SimulationBudgetView.of(await go_on(tx, simulation_id), balance)


async def _read(request: Request, simulation_id: str, tenant: str) -> Simulation:
    """A simulation, in a transaction that is over when others are asked about it."""
    database: Database = request.app.state.database
    async with database.read(tenant=tenant) as tx:
        return await orchestrator(request).get(tx, simulation_id)


async def _view(service: Orchestrator, tx: Transaction, simulation: Simulation) -> SimulationView:
    progress = await service.progress(tx, [simulation])
    return SimulationView.of(simulation, progress[simulation.simulation_id])
