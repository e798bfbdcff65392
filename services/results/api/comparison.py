"""Simulations and interventions side by side."""

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import Field, model_validator

from libs.contracts.base import Body, Name
from libs.contracts.specs import Identity
from libs.http import Read
from services.results.api.access import Service
from services.results.domain.findings import SIMULATED
from services.results.domain.versus import Versus

router = APIRouter()
MOST = 20


class CompareSpec(Body):
    """What to set side by side: finished simulations, or the newest finished ones of interventions."""

    interventions: list[Identity] = Field(default=[], max_length=MOST)
    simulations: list[Identity] = Field(default=[], max_length=MOST)
    baseline: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="`simulation/arm`; null: the baseline of the first simulation."
    )
    metrics: list[Name] | None = Field(default=None, max_length=100, description="Null: all that were asked alike.")

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if not self.interventions and not self.simulations:
            raise ValueError("interventions: name interventions, simulations, or both")
        return self


class VersusView(Versus):
    """Simulations side by side, and what they are."""

    notice: str


@router.post("/compare-interventions")
async def compare_interventions(spec: CompareSpec, service: Service, tx: Read) -> VersusView:
    """Every arm of these simulations against one baseline, on every metric that all of them asked alike.

    Arms that the same people met are compared in pairs; all comparisons are one family for the correction. People were
    dealt to the arms of one simulation and not to simulations: `warnings` says what else differs.
    """
    found = await service.side_by_side.compare(tx, spec.simulations, spec.interventions, spec.baseline, spec.metrics)
    return VersusView(notice=SIMULATED, **dict(found))
