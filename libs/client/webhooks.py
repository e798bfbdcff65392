"""Webhooks and what they were told, as a client sees them."""

from libs.client.transport import Connection, as_object, token
from libs.contracts.base import JsonObject
from libs.contracts.webhooks import Rotation, WebhookChange, WebhookSpec


class WebhooksClient(Connection):
    """The part of the client that is about webhooks."""

    async def create_webhook(self, spec: WebhookSpec | JsonObject) -> JsonObject:
        """A new webhook; its `secret` is in this answer only."""
        return await self._post("/webhooks", spec)

    async def webhooks(self) -> list[JsonObject]:
        """Every webhook of the tenant."""
        items: list[JsonObject] = (await self._get("/webhooks"))["items"]
        return items

    async def webhook(self, webhook_id: str) -> JsonObject:
        """One webhook."""
        return await self._get(_path(webhook_id))

    async def change_webhook(self, webhook_id: str, change: WebhookChange) -> JsonObject:
        """Change what is given of it."""
        given = change.model_dump(exclude_none=True)
        return as_object(await self._send("PATCH", _path(webhook_id), body=given))

    async def rotate_secret(self, webhook_id: str, rotation: Rotation) -> JsonObject:
        """A new `secret`, which is in this answer only."""
        return await self._post(_path(webhook_id, "rotate-secret"), rotation)

    async def delete_webhook(self, webhook_id: str) -> None:
        """Delete one with its log."""
        await self._send("DELETE", _path(webhook_id))

    async def notifications(
        self, webhook_id: str, *, state: str | None = None, limit: int | None = None, cursor: str | None = None
    ) -> JsonObject:
        """One page of what it was told, newest first."""
        query = {"state": state, "limit": limit, "cursor": cursor}
        return await self._get(_path(webhook_id, "notifications"), query)

    async def notification(self, webhook_id: str, notification_id: str) -> JsonObject:
        """One notification: its body and every attempt."""
        return await self._get(_path(webhook_id, "notifications", notification_id))

    async def replay_notification(self, webhook_id: str, notification_id: str) -> JsonObject:
        """Have one sent again."""
        return await self._post(_path(webhook_id, "notifications", notification_id, "replay"), {})


def _path(*parts: str) -> str:
    return "/".join(("/webhooks", *map(token, parts)))
