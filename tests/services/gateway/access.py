"""A gateway that asks for keys, in front of a real orchestrator; and people of two tenants to ask it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from libs.contracts.envelope import DEFAULT_TENANT
from libs.contracts.identity import Role
from libs.http import new_key_pair
from services.gateway.app import create_app
from services.gateway.domain.keys import new_secret
from services.gateway.settings import Settings
from services.models.app import create_app as create_models
from services.models.settings import Settings as ModelsSettings
from services.orchestrator.app import create_app as create_orchestrator
from services.orchestrator.settings import Settings as OrchestratorSettings
from tests.services.gateway.conftest import LOCAL
from tests.support.apps import running
from tests.support.migrated import sqlite_database

ACME, GLOBEX = "acme", "globex"


@dataclass
class Doors:
    """The gateway, the first admin key of each tenant, and what it was built of."""

    app: FastAPI
    client: httpx.AsyncClient
    first: dict[str, str]
    signing_key: str

    async def ask(self, method: str, path: str, key: str | None, **rest: Any) -> httpx.Response:
        """One request with a key."""
        headers = rest.pop("headers", {}) | ({"authorization": f"Bearer {key}"} if key else {})
        return await self.client.request(method, path, headers=headers, **rest)

    async def key(self, role: Role, tenant: str = ACME, **fields: Any) -> str:
        """A new key of a tenant."""
        spec = {"name": f"a {role}", "role": role, **fields}
        answer = await self.ask("POST", "/keys", self.first[tenant], json=spec)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["key"])


@asynccontextmanager
async def doors(
    database_url: str, nats_url: str, directory: Path, owners: dict[str, FastAPI] | None = None, **settings: Any
) -> AsyncIterator[Doors]:
    """The gateway over a store, with an orchestrator (or the owners that are given) and the models behind it."""
    signing_key, public_key = new_key_pair()
    first = {tenant: new_secret() for tenant in (ACME, GLOBEX, DEFAULT_TENANT)}
    orchestrator = create_orchestrator(
        OrchestratorSettings(
            database_url=sqlite_database("orchestrator", directory / "orchestrator.db"),
            nats_url=nats_url,
            identity_keys=public_key,
            service_key=new_key_pair()[0],
        )
    )
    ledger = sqlite_database("models", directory / "models.db")
    models = create_models(ModelsSettings(database_url=ledger, identity_keys=public_key, probe=False))
    given: dict[str, Any] = {"auth": "keys", "bootstrap_keys": first, "signing_key": signing_key} | settings
    app = create_app(Settings(database_url=database_url, nats_url=nats_url, **LOCAL, **given))
    async with running("orchestrator", orchestrator), running("models", models), running("gateway", app) as client:
        yield Doors(app, client, first, signing_key)
