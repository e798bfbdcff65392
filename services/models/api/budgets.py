"""`/v1/budgets`: what a simulation, or the tenant with all of them, may spend, has spent, and has reserved."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from libs.contracts.turns import Budget, BudgetBalance, Spending
from libs.http import Read, Write
from services.models.api.access import Service
from services.models.domain.budgets import Balance

router = APIRouter(prefix="/budgets")
SimulationId = Annotated[str, Path(min_length=1, max_length=64)]


class BudgetView(BudgetBalance):
    """The balance of an account."""

    simulation_id: str | None = Field(description="Null: the tenant, with all of its simulations.")

    @classmethod
    def of(cls, balance: Balance) -> "BudgetView":
        """The view of a balance."""
        return cls(
            simulation_id=balance.simulation_id or None,
            cap=Budget(**balance.cap._asdict()),
            spent=Spending(**balance.spent._asdict()),
            reserved=Spending(**balance.reserved._asdict()),
            is_decided=balance.is_decided,
        )


@router.get("")
async def tenant_budget(service: Service, tx: Read) -> BudgetView:
    """The budget of the tenant."""
    return BudgetView.of(await service.balance(tx))


@router.put("")
async def set_tenant_budget(budget: Budget, service: Service, tx: Write) -> BudgetView:
    """Decide what the tenant may spend, with all of its simulations."""
    return BudgetView.of(await service.set_budget(tx, budget))


@router.get("/{simulation_id}")
async def simulation_budget(simulation_id: SimulationId, service: Service, tx: Read) -> BudgetView:
    """The budget of a simulation; without a limit where nobody decided on one."""
    return BudgetView.of(await service.balance(tx, simulation_id))


@router.put("/{simulation_id}")
async def set_simulation_budget(simulation_id: SimulationId, budget: Budget, service: Service, tx: Write) -> BudgetView:
    """Decide what a simulation may spend. At the cap its calls are refused (402), and made when it is raised.

    One that is lowered holds for calls that have not begun; those in flight are finished and paid for.

    A call is reserved as its prompt and the most it may write come to at the price of the day, and settled when it has
    ended. A model without a price costs nothing here.
    """
    return BudgetView.of(await service.set_budget(tx, budget, simulation_id))
