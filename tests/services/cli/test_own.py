"""Where commands find a platform, and what they do about one of which a part is away."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.client import RehearsalClient, UnreachableError
from libs.runtime.nats_server import NatsServer
from services.cli import own
from services.gateway.app import create_app
from services.gateway.settings import Settings
from services.orchestrator.app import create_app as create_orchestrator
from services.orchestrator.settings import Settings as OrchestratorSettings
from tests.support.apps import running
from tests.support.migrated import sqlite_database

OWNERS = ("orchestrator", "population", "intervention", "communication", "results", "validation", "webhooks", "models")
LOCAL: dict[str, Any] = {f"{owner}_url": f"local://{owner}" for owner in OWNERS}


async def asked(nats_url: str, databases: Path, *, with_orchestrator: bool) -> None:
    """Have a command wait for a gateway, behind which there is an orchestrator or nobody."""
    app = create_app(Settings(database_url=sqlite_database("gateway", databases / "g.db"), nats_url=nats_url, **LOCAL))
    async with running("gateway", app):
        transport = httpx.ASGITransport(app)
        async with RehearsalClient("http://platform", transport=transport) as client:
            if not with_orchestrator:
                await own._until_ready(client)
                return
            owned = sqlite_database("orchestrator", databases / "o.db")
            settings = OrchestratorSettings(database_url=owned, nats_url=nats_url)
            async with running("orchestrator", create_orchestrator(settings)):
                await own._until_ready(client)


async def test_a_service_that_is_away_is_told_and_the_rest_is_used(
    nats_server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(own, "RESTART_S", 0.2)
    await asked(nats_server.url, tmp_path, with_orchestrator=True)
    told = capsys.readouterr().err
    assert "Not answering now: population, intervention, " in told
    assert "orchestrator" not in told


async def test_a_platform_without_its_event_log_or_all_its_services_is_none(
    nats_server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "RESTART_S", 0.2)
    with pytest.raises(UnreachableError, match="not ready"):
        await asked("nats://127.0.0.1:9", tmp_path, with_orchestrator=False)
