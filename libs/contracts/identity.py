"""Who a request speaks for: a tenant, a subject in it, and the role that says what it may do.

The gateway decides it once, from a key or a token; everybody behind the gateway is told (libs.http.identity).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from libs.contracts.envelope import DEFAULT_TENANT

KEY = r"^rk_[A-Za-z0-9_-]{43}$"
TENANT = r"^[A-Za-z0-9_-]{1,64}$"  # a token of a subject, and the width of the column


class Role(StrEnum):
    """What somebody may do; each role may do all that those before it may."""

    VIEWER = "viewer"
    RESEARCHER = "researcher"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this role is enough where `needed` is asked for."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class Identity(BaseModel):
    """Who a request speaks for. With a `simulation_id` it may read the results of that simulation and nothing else."""

    model_config = ConfigDict(frozen=True)

    tenant: str = Field(pattern=TENANT)
    subject: str = Field(min_length=1, max_length=200)
    role: Role
    simulation_id: str | None = None
    scopes: tuple[str, ...] | None = Field(
        default=None, description="Of what the role may, only this. Null: all of it."
    )


PLATFORM = "gateway"
"""The subject of what the gateway asks for itself. Those of others begin with their kind and a colon."""
LOCAL = Identity(tenant=DEFAULT_TENANT, subject="local", role=Role.ADMIN)
"""Everybody on a platform that only its own machine reaches."""


tenant_at_work: ContextVar[str] = ContextVar("tenant_at_work")
"""The tenant of the request or message at hand: in its name other services are asked. Work of nobody has none."""


@contextmanager
def working_for(tenant: str) -> Iterator[None]:
    """Do what follows in the name of a tenant. The bus and the entrance of a service have done so already."""
    token = tenant_at_work.set(tenant)
    try:
        yield
    finally:
        tenant_at_work.reset(token)
