"""A tenant as a whole: its quota, its data in one file, its end.

An admin of the operator's tenant, `default`, reaches all of them, others their own.
"""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from libs.contracts.envelope import DEFAULT_TENANT
from libs.contracts.errors import ForbiddenError, NotFoundError
from libs.contracts.identity import TENANT
from libs.contracts.quotas import Quota, QuotaView
from libs.http import Caller
from libs.runtime.tenancy import NDJSON
from services.gateway.service import Erasures, Quotas
from services.gateway.store import Erasure

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


def erasures(request: Request) -> Erasures:
    """The erasures built by create_app."""
    found: Erasures = request.app.state.erasures
    return found


class ErasureView(BaseModel):
    """A tenant whose data is being erased, or was."""

    tenant: str
    state: Literal["erasing", "erased"]
    requested_at: datetime
    completed_at: datetime | None = Field(description="When nothing was found any more, in no table and no stream.")

    @classmethod
    def of(cls, erasure: Erasure) -> "ErasureView":
        """The view of an erasure."""
        return cls(
            tenant=erasure.name,
            state="erased" if erasure.erased_at else "erasing",
            requested_at=erasure.closed_at,
            completed_at=erasure.erased_at,
        )


Tenant = Annotated[str, Depends(reached)]
TenantQuotas = Annotated[Quotas, Depends(quotas)]


TenantErasures = Annotated[Erasures, Depends(erasures)]


@router.get("/export", response_class=StreamingResponse, responses={200: {"content": {NDJSON: {}}}})
async def export_tenant(tenant: Tenant, service: TenantErasures) -> StreamingResponse:
    """Everything the platform keeps of a tenant: one JSON object a line, each a row of a service's table.

    The last line says `complete: true`; a file without it is not whole.
    """
    headers = {"content-disposition": f'attachment; filename="{tenant}.ndjson"', "cache-control": "no-store"}
    return StreamingResponse(service.export(tenant), media_type=NDJSON, headers=headers)


@router.delete("", status_code=202)
async def erase_tenant(tenant: Tenant, service: TenantErasures) -> ErasureView:
    """Erase everything of a tenant, for good: its people get in no more, its simulations end where they are.

    It goes on by itself; `GET /tenants/{tenant}/erasure` (the operator) says when nothing is left. The name is not used
    again. That it was erased stays in the operator's audit log.
    """
    return ErasureView.of(await service.request(tenant))


@router.get("/erasure")
async def show_erasure(tenant: Tenant, service: TenantErasures) -> ErasureView:
    """Whether the data of a tenant is erased."""
    return ErasureView.of(await service.show(tenant))


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
