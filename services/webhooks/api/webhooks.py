"""HTTP resources of webhooks. A secret is in the answers that make one, and nowhere else."""

from datetime import datetime, timedelta

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from libs.contracts.webhooks import Rotation, WebhookChange, WebhookSpec
from libs.db import Database
from libs.http import Caller, Read, Write
from services.webhooks.api.access import Webhooks
from services.webhooks.domain.webhook import NotificationState, Webhook
from services.webhooks.service.webhooks import Standing

router = APIRouter(prefix="/webhooks")
NO_STORE = {"cache-control": "no-store"}
ONCE = "Shown this once. Check signatures with it as the Standard Webhooks specification says."


class NotificationCounts(BaseModel):
    """How many notifications there are in each state."""

    waiting: int
    sent: int
    dead: int = Field(description="Tried often enough; they can be replayed.")


class WebhookView(BaseModel):
    """A webhook, without its secret."""

    id: str
    name: str
    url: str
    events: list[str]
    is_active: bool
    stopped_because: str | None = Field(description="Why the platform made it inactive by itself.")
    old_secret_until: datetime | None = Field(description="Until then the secret before the last rotation signs too.")
    created_by: str
    created_at: datetime
    notifications: NotificationCounts

    @classmethod
    def of(cls, standing: Standing) -> "WebhookView":
        """As it is shown."""
        return cls(**_fields(standing.webhook), notifications=_counts(standing))


class NewWebhookView(WebhookView):
    """A webhook that was just made."""

    secret: str = Field(description=ONCE)


class SecretView(BaseModel):
    """The new secret of a webhook."""

    id: str
    secret: str = Field(description=ONCE)
    old_secret_until: datetime | None


class WebhookList(BaseModel):
    """The webhooks of a tenant, oldest first."""

    items: list[WebhookView]
    next_cursor: None = None


@router.post("", status_code=201)
async def create_webhook(
    spec: WebhookSpec, request: Request, service: Webhooks, caller: Caller, response: Response
) -> NewWebhookView:
    """Have an address told what happens, from now on. Every message to it is signed with the secret in this answer."""
    response.headers.update(NO_STORE)
    await service.check_url(spec.url)
    async with _database(request).write(tenant=caller.tenant) as tx:
        webhook, secret = await service.create(tx, spec, caller.subject)
    nothing = NotificationCounts(waiting=0, sent=0, dead=0)
    return NewWebhookView(**_fields(webhook), notifications=nothing, secret=secret)


@router.get("")
async def list_webhooks(service: Webhooks, tx: Read) -> WebhookList:
    """The webhooks of your tenant, and how much each is owed."""
    return WebhookList(items=[WebhookView.of(standing) for standing in await service.standings(tx)])


@router.get("/{webhook_id}")
async def show_webhook(webhook_id: str, service: Webhooks, tx: Read) -> WebhookView:
    """One webhook."""
    return WebhookView.of(await service.standing(tx, webhook_id))


@router.patch("/{webhook_id}")
async def change_webhook(
    webhook_id: str, change: WebhookChange, request: Request, service: Webhooks, caller: Caller
) -> WebhookView:
    """Change its name, address or events, or make it inactive or active again. What waits goes to the new address."""
    await service.check_url(change.url)
    async with _database(request).write(tenant=caller.tenant) as tx:
        await service.change(tx, webhook_id, change)
        return WebhookView.of(await service.standing(tx, webhook_id))


@router.delete("/{webhook_id}", status_code=204)
async def delete_webhook(webhook_id: str, service: Webhooks, tx: Write) -> None:
    """Delete a webhook with its log. What waits is not sent."""
    await service.remove(tx, webhook_id)


@router.post("/{webhook_id}/rotate-secret")
async def rotate_secret(
    webhook_id: str, service: Webhooks, tx: Write, response: Response, rotation: Rotation = Rotation()
) -> SecretView:
    """Give a webhook a new secret. Both sign until the overlap is over, so the receiver can change in between."""
    response.headers.update(NO_STORE)
    webhook, secret = await service.rotate(tx, webhook_id, timedelta(hours=rotation.overlap_hours))
    return SecretView(id=webhook_id, secret=secret, old_secret_until=webhook.old_secret_until)


def _fields(webhook: Webhook) -> dict[str, object]:
    shown = WebhookView.model_fields.keys() - {"id", "notifications"}
    return {"id": webhook.webhook_id, **{name: getattr(webhook, name) for name in shown}}


def _counts(standing: Standing) -> NotificationCounts:
    return NotificationCounts(**{state.value: standing.counts[state] for state in NotificationState})


def _database(request: Request) -> Database:
    """The service's database: no transaction is held while a name is resolved."""
    found: Database = request.app.state.database
    return found
