"""HTTP resources of designs: create, preview, power, list, show. Nothing runs yet.

Create opens its transaction itself, because it waits before it: in a transaction that is open nothing could arrive.
"""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.contracts.base import Body
from libs.contracts.estimates import DesignPreviewSpec
from libs.contracts.experiments import InterventionSpec, InterventionType
from libs.contracts.instruments import Instrument
from libs.contracts.orchestrator import SimulationState
from libs.contracts.planning import MainEffect, PowerScreen, Rich, Target
from libs.contracts.protocol import Arm, Contact, Step
from libs.contracts.specs import MAX_POPULATION, Identity
from libs.http import Cursor, Limit, Page, Read, Tenant, decode_cursor, page
from services.intervention.api.access import Service, Store, population_arrives
from services.intervention.domain.arms import main_effects
from services.intervention.domain.design import Dealing, Design, protocol
from services.intervention.domain.power import expected_n, screen

router = APIRouter()


class VariantView(BaseModel):
    """An arm as the public JSON calls it."""

    name: str
    content: str
    timing: str
    channel: str
    is_control: bool
    is_placebo: bool
    copy_of: str | None
    levels: dict[str, str] | None
    rich: Rich | None
    touchpoints: list[Contact] | None

    @classmethod
    def of(cls, arm: Arm) -> "VariantView":
        """The view of an arm."""
        return cls(
            name=arm.name,
            content=arm.stimulus.content,
            timing=arm.stimulus.timing,
            channel=arm.stimulus.channel,
            is_control=arm.is_baseline,
            is_placebo=bool(arm.is_placebo),
            copy_of=arm.copy_of,
            levels=arm.levels,
            rich=arm.rich,
            touchpoints=None if arm.contacts is None else list(arm.contacts),
        )


class PowerSpec(Body):
    """`POST /interventions/{id}/power`: with how many people, or with whose."""

    people: int | None = Field(default=None, strict=True, ge=0, le=MAX_POPULATION, description="In all arms together.")
    population_id: Identity | None = Field(default=None, description="Counts those of its people it is for.")


class InterventionView(BaseModel):
    """An intervention; `state` is that of its latest simulation, draft before there is one."""

    id: str
    name: str
    type: InterventionType
    variants: list[VariantView]
    baseline: str
    metrics: list[Instrument]
    target_segments: list[str]
    population_id: str | None
    seed: int
    alpha: float
    created_at: datetime
    state: SimulationState
    design: Literal["between", "within"]
    target: Target | None
    exclude: Target | None
    exclude_interventions: list[str]
    sample_size: int | None
    randomisation: Dealing
    correction: str
    contrasts: list[MainEffect]
    power: PowerScreen | None = Field(description="Null while it names no population, and in lists.")

    @classmethod
    def of(cls, design: Design, state: SimulationState, power: PowerScreen | None = None) -> "InterventionView":
        """The view of a design."""
        return cls(
            id=design.id,
            name=design.name,
            type=design.type,
            variants=[VariantView.of(arm) for arm in design.arms],
            baseline=design.baseline,
            metrics=list(design.instruments),
            target_segments=list(design.target_segments),
            population_id=design.population_id,
            seed=design.seed,
            alpha=design.alpha,
            created_at=design.created_at,
            state=state,
            design=design.design,
            target=design.target,
            exclude=design.exclude,
            exclude_interventions=list(design.exclude_interventions),
            sample_size=design.sample_size,
            randomisation=design.dealing,
            correction=design.family,
            contrasts=list(main_effects(design.arms)),
            power=power,
        )


class PreviewView(BaseModel):
    """The arms and the steps of an execution."""

    arms: list[str]
    target_segments: list[str]
    steps: tuple[Step, ...]
    power: PowerScreen | None = Field(description="Null unless it was said how many people it is for.")


@router.post("/create", status_code=201)
async def create_intervention(
    spec: InterventionSpec, service: Service, database: Store, tenant: Tenant
) -> InterventionView:
    """Design an intervention; nothing runs yet."""
    await population_arrives(database, tenant, service, spec.population_id)
    async with database.write(tenant=tenant) as tx:
        made = await service.create(tx, spec)
        power = await service.power(tx, made, None, None) if made.population_id else None
        return InterventionView.of(made, SimulationState.DRAFT, power)


@router.post("/preview")
async def preview_intervention(
    spec: DesignPreviewSpec,
    service: Service,
    tx: Read,
    people: Annotated[int | None, Query(ge=0, le=MAX_POPULATION, description="How many it is for.")] = None,
) -> PreviewView:
    """What an execution would do, without designing anything. `POST /studies/estimate` does it for a whole study."""
    made = await service.preview(tx, spec, spec.attributes)
    return PreviewView(
        arms=[arm.name for arm in made.arms],
        target_segments=list(made.whom.segments),
        steps=protocol(made),
        power=None if people is None else screen(made, expected_n(made, people)),
    )


@router.post("/{intervention_id}/power")
async def power_of_intervention(intervention_id: str, spec: PowerSpec, service: Service, tx: Read) -> PowerScreen:
    """How likely it finds the smallest effects worth finding, before anybody is asked."""
    made, _ = await service.show(tx, intervention_id)
    return await service.power(tx, made, spec.population_id, spec.people)


@router.get("/list")
async def list_interventions(
    service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[InterventionView]:
    """Interventions, newest first."""
    key = decode_cursor(cursor, str)
    rows = await service.newest(tx, limit + 1, key[0] if key else None)
    return page(rows, limit, lambda row: InterventionView.of(*row), lambda row: (row[0].id,))


@router.get("/{intervention_id}")
async def show_intervention(intervention_id: str, service: Service, tx: Read) -> InterventionView:
    """An intervention as it was designed."""
    made, state = await service.show(tx, intervention_id)
    power = await service.power(tx, made, None, None) if made.population_id else None
    return InterventionView.of(made, state, power)
