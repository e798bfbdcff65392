"""HTTP resources of many simulations: listed by filters and in an order, and ended together."""

from datetime import datetime
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, model_validator

from libs.contracts.base import Body, Name, UtcTime
from libs.contracts.errors import InvalidError
from libs.contracts.orchestrator import SimulationState
from libs.contracts.specs import Identity
from libs.http import Cursor, Limit, Page, Read, Write, decode_cursor, page
from services.orchestrator.api.access import Service
from services.orchestrator.api.simulations import SimulationView
from services.orchestrator.domain.listing import After, Sort, Wanted
from services.orchestrator.domain.simulation import Simulation
from services.orchestrator.service import Ended

router = APIRouter()
MOST_ENDED = 500
OPEN = tuple(state for state in SimulationState if not state.is_terminal)


def wanted_of(
    state: Annotated[list[SimulationState] | None, Query(description="Only those in one of these states.")] = None,
    name: Annotated[str | None, Query(max_length=120, description="Only those with this in their name.")] = None,
    population_id: Annotated[str | None, Query(max_length=64, description="Only those over this population.")] = None,
    intervention_id: Annotated[str | None, Query(max_length=64, description="Only those that run this.")] = None,
    created_after: Annotated[UtcTime | None, Query(description="Only later ones; ISO 8601, UTC unless said.")] = None,
    created_before: Annotated[UtcTime | None, Query(description="Only earlier ones.")] = None,
) -> Wanted:
    """The filters of a list."""
    return Wanted(tuple(state or ()), name, population_id, intervention_id, created_after, created_before)


Filter = Annotated[Wanted, Depends(wanted_of)]


class FilterSpec(Body):
    """Simulations that are all of these, and have not ended."""

    state: list[SimulationState] = Field(default=[], max_length=len(SimulationState))
    name: Name | None = Field(default=None, description="With this in their name.")
    population_id: Identity | None = None
    intervention_id: Identity | None = None
    created_after: UtcTime | None = None
    created_before: UtcTime | None = None

    @model_validator(mode="after")
    def _can_be_meant(self) -> Self:
        if not any(self.model_dump().values()):
            raise ValueError("filter: it says nothing, which would mean every simulation")
        if over := [state for state in self.state if state.is_terminal]:
            raise ValueError(f"state: {over[0]} ones have ended; allowed: {', '.join(OPEN)}")
        return self

    @property
    def wanted(self) -> Wanted:
        """The filter as queries have it."""
        return Wanted(states=tuple(self.state) or OPEN, **self.model_dump(exclude={"state"}))


class EndSpec(Body):
    """`POST /simulations/end`."""

    simulation_ids: list[Identity] = Field(default=[], max_length=MOST_ENDED)
    filter: FilterSpec | None = None

    @model_validator(mode="after")
    def _says_which(self) -> Self:
        if (self.filter is None) is not bool(self.simulation_ids):
            raise ValueError("simulation_ids: give either simulation_ids or a filter")
        return self


class OneEndedView(BaseModel):
    """What became of one simulation."""

    simulation_id: str
    outcome: Literal["ended", "unchanged", "not_found"] = Field(
        description="ended: it has, or does when its step has; unchanged: it had ended, or was ending, before."
    )
    state: SimulationState | None

    @classmethod
    def of(cls, one: Ended) -> "OneEndedView":
        """The view of one."""
        if one.simulation is None:
            return cls(simulation_id=one.simulation_id, outcome="not_found", state=None)
        outcome: Literal["ended", "unchanged"] = "ended" if one.is_changed else "unchanged"
        return cls(simulation_id=one.simulation_id, outcome=outcome, state=one.simulation.state)


class EndedView(BaseModel):
    """What became of each."""

    items: list[OneEndedView]
    has_more: bool = Field(description="The filter means more simulations than are ended at once: ask again.")


@router.get("/list")
async def list_simulations(
    service: Service,
    tx: Read,
    wanted: Filter,
    limit: Limit = 50,
    cursor: Cursor = None,
    sort: Annotated[Sort, Query(description="By what; with a minus from the greatest on.")] = Sort.NEWEST,
) -> Page[SimulationView]:
    """Simulations, newest first unless asked otherwise. The next page is asked for with the same filters and sort."""
    key = decode_cursor(cursor, str, str, str)
    if key is not None and key[0] != sort:
        raise InvalidError("sort", "is not the one of the list that the cursor continues", [key[0]])
    after = After(key[1], key[2]) if key else None
    found = await service.page(tx, wanted, sort, after=after, limit=limit + 1)
    progress = await service.progress(tx, found)
    return page(
        found,
        limit,
        lambda simulation: SimulationView.of(simulation, progress[simulation.simulation_id]),
        lambda simulation: (sort.value, _sorted_by(simulation, sort), simulation.simulation_id),
    )


@router.post("/end")
async def end_simulations(spec: EndSpec, service: Service, tx: Write) -> EndedView:
    """End several simulations, those named or those of a filter, as `DELETE /simulations/{id}/end` ends one.

    Says of each what became of it; at most 500 at once, the oldest first.
    """
    ids = spec.simulation_ids
    if spec.filter is not None:
        ids = await service.find(tx, spec.filter.wanted, MOST_ENDED + 1)
    ended = await service.end_all(tx, ids[:MOST_ENDED])
    return EndedView(items=[OneEndedView.of(one) for one in ended], has_more=len(ids) > MOST_ENDED)


def _sorted_by(simulation: Simulation, sort: Sort) -> str:
    value = getattr(simulation, sort.field)
    return value.isoformat() if isinstance(value, datetime) else str(value)
