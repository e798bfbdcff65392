"""Who is asking, keys, read-only links, and the audit log: what the gateway itself owns."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field, model_validator

from libs.contracts.audit import AuditEntry
from libs.contracts.base import Body, Name
from libs.contracts.errors import NotFoundError
from libs.contracts.identity import TENANT, Identity, Role
from libs.contracts.subjects import TOKEN
from libs.db import Database
from libs.http import Caller, Cursor, Limit, Page, Read, Write, decode_cursor, page
from services.gateway.api.entrance import SHARED
from services.gateway.api.forwarding import Service
from services.gateway.api.tenants import TenantQuotas
from services.gateway.domain.keys import Grantee, Key
from services.gateway.service import Gatekeeper, Records

router = APIRouter()
NO_STORE = {"cache-control": "no-store"}


def gatekeeper(request: Request) -> Gatekeeper:
    """The gatekeeper built by create_app."""
    found: Gatekeeper = request.app.state.gatekeeper
    return found


def records(request: Request) -> Records:
    """The records built by create_app."""
    found: Records = request.app.state.records
    return found


Gate = Annotated[Gatekeeper, Depends(gatekeeper)]
Log = Annotated[Records, Depends(records)]


class KeySpec(Body):
    """A key to be made."""

    name: Name = Field(description="What it is for: shown in lists, nothing else.")
    role: Role = Role.VIEWER
    expires_in_days: int = Field(default=90, ge=1, le=366)
    scopes: list[str] | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Of what the role may, only these parts of the API: `results`, or `results:read` for what a viewer "
        "may there. Null: all of it.",
    )


class GranteeSpec(Body):
    """With whom something is shared: one person, or everybody of a tenant who has at least a role."""

    tenant: str = Field(pattern=TENANT)
    subject: str | None = Field(default=None, min_length=1, max_length=200, description="As GET /whoami says it.")
    role: Role | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "GranteeSpec":
        if (self.subject is None) == (self.role is None):
            raise ValueError("subject or role: name one of both")
        return self


class ShareSpec(Body):
    """A read-only link to be made, or people to share with."""

    simulation_id: str = Field(min_length=1, max_length=64)
    name: Name = "shared results"
    expires_in_days: int = Field(default=30, ge=1, le=366)
    shared_with: GranteeSpec | None = Field(default=None, description="Null: with whoever has the link.")


class KeyView(BaseModel):
    """A key, without the key itself."""

    id: str
    name: str
    role: Role
    scopes: list[str] | None
    state: Literal["active", "expired", "revoked"]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKeyView(KeyView):
    """A key that was just made."""

    key: str = Field(description="Shown this once: only its hash is kept.")


class ShareView(KeyView):
    """A read-only link, without what makes it work; or with whom something is shared."""

    simulation_id: str
    shared_with: GranteeSpec | None


class ReceivedView(BaseModel):
    """What somebody shares with you."""

    id: str
    name: str
    tenant: str
    simulation_id: str
    created_by: str
    expires_at: datetime | None
    path: str = Field(description="Stands before the paths it shows: <path>/results/<simulation_id>/aggregate.")


class ReceivedList(BaseModel):
    """What others share with you, newest first."""

    items: list[ReceivedView]


class NewShareView(ShareView):
    """A read-only link that was just made."""

    path: str = Field(
        description="It stands before the paths it shows: <path>/results/<simulation_id>/aggregate. That of a link is "
        "shown this once; that of a share opens nothing to others."
    )


class AuditPage(Page[AuditEntry]):
    """Entries, oldest first, and the head of the whole log to hold them against."""

    length: int
    head: str


@router.get("/whoami")
async def who_am_i(caller: Caller) -> Identity:
    """Who the platform takes you for."""
    return caller


@router.post("/keys", status_code=201)
async def create_key(
    spec: KeySpec, gate: Gate, quotas: TenantQuotas, caller: Caller, tx: Write, response: Response
) -> NewKeyView:
    """Make a key of your tenant. The answer is the only place where it can be read."""
    response.headers.update(NO_STORE)
    await quotas.check_room(tx)
    key, secret = await gate.issue(tx, caller, spec.name, spec.role, spec.expires_in_days, scopes=spec.scopes)
    return NewKeyView(**_fields(key), key=secret)


@router.get("/keys")
async def list_keys(gate: Gate, tx: Read, limit: Limit = 50, cursor: Cursor = None) -> Page[KeyView]:
    """Keys of your tenant, newest first."""
    found = await gate.issued(tx, limit, _after(cursor), shares=False)
    return page(found, limit, lambda key: KeyView(**_fields(key)), _place)


@router.delete("/keys/{key_id}", status_code=204)
async def revoke_key(key_id: str, gate: Gate, caller: Caller, tx: Write) -> None:
    """Revoke a key: the next request with it is refused."""
    await gate.revoke(tx, key_id, caller, share=False)


@router.post("/shares", status_code=201)
async def create_share(
    spec: ShareSpec, request: Request, gate: Gate, service: Service, caller: Caller, response: Response
) -> NewShareView:
    """Show a simulation's results to whoever has a link, or to people of this or another tenant."""
    response.headers.update(NO_STORE)
    if not TOKEN.fullmatch(spec.simulation_id):
        raise NotFoundError("simulation", spec.simulation_id)
    await service.state_of(spec.simulation_id)
    database: Database = request.app.state.database  # not held while the simulation is looked for
    async with database.write(tenant=caller.tenant) as tx:
        grantee = Grantee(**spec.shared_with.model_dump()) if spec.shared_with else None
        key, secret = await gate.issue(
            tx, caller, spec.name, Role.VIEWER, spec.expires_in_days, spec.simulation_id, grantee
        )
    return NewShareView(**_share(key), path=SHARED + (key.key_id if spec.shared_with else secret))


@router.get("/shares")
async def list_shares(gate: Gate, tx: Read, limit: Limit = 50, cursor: Cursor = None) -> Page[ShareView]:
    """Read-only links of your tenant, newest first."""
    found = await gate.issued(tx, limit, _after(cursor), shares=True)
    return page(found, limit, lambda key: ShareView(**_share(key)), _place)


@router.get("/shares/received")
async def list_received(gate: Gate, caller: Caller) -> ReceivedList:
    """What is shared with you, by whichever tenant."""
    found = await gate.received(caller)
    shown = ReceivedView.model_fields.keys() - {"id", "path"}
    return ReceivedList(
        items=[
            ReceivedView.model_validate(
                {name: getattr(key, name) for name in shown} | {"id": key.key_id, "path": SHARED + key.key_id}
            )
            for key in found
        ]
    )


@router.delete("/shares/{share_id}", status_code=204)
async def revoke_share(share_id: str, gate: Gate, caller: Caller, tx: Write) -> None:
    """Revoke a read-only link: it shows nothing from the next request on."""
    await gate.revoke(tx, share_id, caller, share=True)


@router.get("/audit")
async def read_audit(
    log: Log,
    tx: Read,
    order: Annotated[Literal["asc", "desc"], Query(description="Oldest or newest first.")] = "asc",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AuditPage:
    """Every write and refusal of your tenant, in either order, each with the hash of the one before it."""
    (after,) = decode_cursor(cursor, int) or (None,)
    entries = await log.entries(tx, limit, after, newest_first=order == "desc")
    found = page(entries, limit, lambda entry: entry, lambda entry: (entry.sequence,))
    length, head = await log.head(tx)
    return AuditPage(items=found.items, next_cursor=found.next_cursor, length=length, head=head)


def _fields(key: Key) -> dict[str, object]:
    shown = {name: getattr(key, name) for name in KeyView.model_fields if name not in {"id", "state"}}
    return {"id": key.key_id, "state": key.state(datetime.now(UTC)), **shown}


def _share(key: Key) -> dict[str, object]:
    grantee = key.grantee and GranteeSpec(**key.grantee._asdict())
    return _fields(key) | {"simulation_id": key.simulation_id, "shared_with": grantee}


def _place(key: Key) -> tuple[str, str]:
    return key.created_at.isoformat(), key.key_id


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    found = decode_cursor(cursor, str, str)
    return (datetime.fromisoformat(found[0]), found[1]) if found else None
