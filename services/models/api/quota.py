"""`/v1/quota`: what the tenant may spend in each month, and has spent in this one."""

from fastapi import APIRouter

from libs.contracts.quotas import MonthBudget
from libs.contracts.turns import Budget
from libs.http import Read, Write
from services.models.api.access import Service
from services.models.domain.budgets import Balance

router = APIRouter(prefix="/quota")


@router.get("")
async def show_quota(service: Service, tx: Read) -> MonthBudget:
    """What the tenant may spend in each month, and has spent in this one."""
    return _view(await service.month(tx))


@router.put("")
async def set_quota(budget: Budget, service: Service, tx: Write) -> MonthBudget:
    """Decide what the tenant may spend in each month. Above it calls are refused (402) until the next one."""
    return _view(await service.set_quota(tx, budget))


def _view(balance: Balance) -> MonthBudget:
    return MonthBudget(
        month=balance.simulation_id.removeprefix("@"),
        cap=Budget(**balance.cap._asdict()),
        **balance.spent._asdict(),
    )
