"""The gateway as a process of its own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from libs.client import RehearsalClient
from tests.services.gateway.conftest import Stage


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_asked_to_stop_it_ends_open_streams_and_itself(stage: Stage, tmp_path: Path) -> None:
    port = free_port()
    settings = {"REHEARSAL_GATEWAY_PORT": str(port), "REHEARSAL_NATS_URL": stage.nats.url}
    settings["REHEARSAL_GATEWAY_DATABASE_URL"] = f"sqlite:///{tmp_path}/own.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "services.gateway"], env=os.environ | settings, stderr=subprocess.PIPE
    )
    try:
        url = f"http://127.0.0.1:{port}"
        async with RehearsalClient(url, connect_for=30) as client:
            await client.readiness()
        async with httpx.AsyncClient(timeout=30) as client, client.stream("GET", f"{url}/stream") as answer:
            assert answer.status_code == 200
            process.send_signal(signal.SIGTERM)
            asked = time.monotonic()
            async for _ in answer.aiter_bytes():
                pass
            assert await asyncio.to_thread(process.wait, 10) == 0
            assert time.monotonic() - asked < 5
    finally:
        process.kill()
        process.communicate()
