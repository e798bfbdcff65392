"""A service that stops while nobody answers."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import uvloop

from libs.bus import Router
from libs.contracts.envelope import Message
from libs.db import Transaction
from libs.runtime.nats_server import NatsServer
from tests.libs.bus.parts import Noted, running, settings


@pytest.mark.parametrize("after_s", [0.0, 0.3], ids=["at once", "while it connects again"])
def test_a_service_stops_without_a_word_when_the_server_went_away_before(tmp_path: Path, after_s: float) -> None:
    server, router = NatsServer(tmp_path / "nats"), Router("results")

    @router.on(Noted)
    async def on_noted(tx: Transaction, message: Message[Noted], service: Any) -> None:
        """It never comes."""

    async def outlive() -> None:
        async with running("results", f"sqlite:///{tmp_path}/a.db", settings(server.url), router) as _:
            server.stop()
            await asyncio.sleep(after_s)

    server.start()
    uvloop.run(outlive())
