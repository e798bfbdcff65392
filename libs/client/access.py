"""Keys, read-only links and the audit log, as a client sees them."""

from collections.abc import AsyncIterator

from libs.client.transport import Connection, token
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
