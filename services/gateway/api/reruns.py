"""Simulations made from other ones: set up alike, or run again with changes. Their owners make them.

Both are new simulations with an `origin` that names the old one, which stays as it is.
"""

from fastapi import APIRouter
from pydantic import Field

from libs.contracts.base import Body, JsonObject, Name
from services.gateway.api.studies import Service, StartedView

router = APIRouter(prefix="/simulations", tags=["simulations"])


class CloneSpec(Body):
    """`POST /simulations/{id}/clone`."""

    name: Name | None = Field(default=None, description="That of the old one when left out. For interactive ones.")


@router.post("/{simulation_id}/clone", status_code=202)
async def clone_simulation(simulation_id: str, service: Service, spec: CloneSpec | None = None) -> StartedView:
    """Set up a simulation as another one: the same people, intervention, seed, model and engine.

    An intervention is executed again; an interactive simulation waits, with nothing of what the other was asked.
    """
    return StartedView.of(await service.clone(simulation_id, spec.name if spec else None))


@router.post("/{simulation_id}/rerun", status_code=202)
async def rerun_simulation(simulation_id: str, service: Service, changes: JsonObject | None = None) -> StartedView:
    """Run again what a simulation ran, with a JSON merge patch of its settings, or of the study it was a run of.

    Settings are `population_id`, `seed`, `model`, `engine` and `budget`. Without changes the ledger answers, byte for
    byte, and nothing is paid.
    """
    return StartedView.of(await service.rerun(simulation_id, changes or {}))
