"""A tenant as a whole: its quota. An admin of the operator's tenant, `default`, reaches all, others their own."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from libs.contracts.envelope import DEFAULT_TENANT
from libs.contracts.errors import ForbiddenError, NotFoundError
from libs.contracts.identity import TENANT
from libs.contracts.quotas import Quota, QuotaView
from libs.http import Caller
from services.gateway.service import Quotas

router = APIRouter(prefix="/tenants/{tenant}")


def quotas(request: Request) -> Quotas:
    """The quotas built by create_app."""
    found: Quotas = request.app.state.quotas
    return found


def reached(tenant: Annotated[str, Path(pattern=TENANT)], caller: Caller) -> str:
    """The tenant of a path, if it is the caller's own or the caller is the operator."""
    if caller.tenant not in {tenant, DEFAULT_TENANT}:
        raise NotFoundError("tenant", tenant)
    return tenant


Tenant = Annotated[str, Depends(reached)]
TenantQuotas = Annotated[Quotas, Depends(quotas)]


@router.get("/quota")
async def show_quota(tenant: Tenant, service: TenantQuotas) -> QuotaView:
    """What a tenant may use, and how much of it is used."""
    return await service.show(tenant)


@router.put("/quota")
async def set_quota(quota: Quota, tenant: Tenant, caller: Caller, service: TenantQuotas) -> QuotaView:
    """Decide what a tenant may use. Whoever is over it is told so: 429 while it frees itself, else 402."""
    if caller.tenant != DEFAULT_TENANT:
        raise ForbiddenError(f"Quotas are set by the operator: by an admin of the tenant {DEFAULT_TENANT!r}.")
    return await service.set(tenant, quota)
