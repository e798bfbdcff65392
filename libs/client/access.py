"""Keys, read-only links, tenants and the audit log, as a client sees them."""

from collections.abc import AsyncIterator

from libs.client.transport import Connection, as_object, token
from libs.contracts.base import JsonObject


class AccessClient(Connection):
    """The part of the client that is about who gets in. `path` is `/keys` or `/shares`."""

    async def whoami(self) -> JsonObject:
        """Who the platform takes this client for."""
        return await self._get("/whoami")

    async def make(self, path: str, spec: JsonObject) -> JsonObject:
        """A new key or link; what makes it work is in this answer only."""
        return await self._post(path, spec)

    async def revoke(self, path: str, identity: str) -> None:
        """Make one worthless."""
        await self._send("DELETE", f"{path}/{token(identity)}")

    async def every(self, path: str) -> AsyncIterator[JsonObject]:
        """The items of all pages of a list."""
        cursor: str | None = None
        while True:
            page = await self._get(path, {"limit": 500, "cursor": cursor})
            for item in page["items"]:
                yield item
            cursor = page["next_cursor"]
            if cursor is None:
                return

    async def audit_head(self) -> str:
        """The hash of the last entry of the audit log."""
        return str((await self._get("/audit", {"limit": 1}))["head"])

    async def quota(self, tenant: str) -> JsonObject:
        """What a tenant may use, and uses."""
        return await self._get(f"/tenants/{token(tenant)}/quota")

    async def set_quota(self, tenant: str, quota: JsonObject) -> JsonObject:
        """Decide what a tenant may use, for the operator."""
        return as_object(await self._send("PUT", f"/tenants/{token(tenant)}/quota", body=quota))

    async def export_tenant(self, tenant: str) -> AsyncIterator[bytes]:
        """Everything of a tenant, in pieces of a file of JSON lines."""
        async for piece in self._download("GET", f"/tenants/{token(tenant)}/export"):
            yield piece

    async def erase_tenant(self, tenant: str) -> JsonObject:
        """Erase everything of a tenant, for good."""
        return as_object(await self._send("DELETE", f"/tenants/{token(tenant)}"))

    async def erasure(self, tenant: str) -> JsonObject:
        """How far the erasure of a tenant is."""
        return await self._get(f"/tenants/{token(tenant)}/erasure")

    async def received(self) -> JsonObject:
        """What others share with whoever asks."""
        return await self._get("/shares/received")
