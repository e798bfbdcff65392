"""An embedded platform whose number of streams is changed: what was sent before is handled, or it says what waits."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import pytest

from libs.bus.accounts import USERS
from libs.bus.streams import placed, provision
from libs.runtime.nats_server import NatsServer
from tests.support.platforms import EmbeddedPlatform, free_port
from tests.support.studies import start_study, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
COMMAND = "rehearsal.cmd.default.communication.deliver-stimulus.v1.k"


@contextmanager
def server(data: Path) -> Iterator[NatsServer]:
    """The platform's nats-server, while the platform is down."""
    found = NatsServer(data / "nats", passwords=dict.fromkeys(USERS, "pw"))
    found.start()
    yield found
    found.stop()


async def leave(url: str, *, waiting: bool) -> None:
    """Four streams of deliveries, and one delivery that nobody has taken on, or none."""
    connection = await nats.connect(url)
    js = connection.jetstream()
    await provision(js, [], spread=4)
    stream, subject = placed(COMMAND, "a delivery", 4)
    await (js.publish(subject, b"{}") if waiting else js.purge_stream(stream))
    await connection.close()


def test_it_starts_with_more_streams_by_itself_and_finishes_what_waits_in_fewer(tmp_path: Path) -> None:
    with EmbeddedPlatform(tmp_path, REHEARSAL_STREAM_SPREAD="4") as platform:
        simulation = start_study(platform.url)
        platform.kill()
    with EmbeddedPlatform(tmp_path, REHEARSAL_STREAM_SPREAD="16") as platform:
        assert wait_for(platform.url, simulation)["state"] == "completed"
        assert wait_for(platform.url, start_study(platform.url, seed=8))["state"] == "completed"


def test_fewer_streams_are_refused_with_what_waits_and_begun_with_once_nothing_does(tmp_path: Path) -> None:
    with server(tmp_path) as nats_server:
        asyncio.run(leave(nats_server.url, waiting=True))
    command = [sys.executable, "-m", "services.cli", "up", "--data", str(tmp_path), "--port", str(free_port())]
    environment = os.environ | {"REHEARSAL_STREAM_SPREAD": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "REHEARSAL_STREAM_SPREAD is 1, but 1 messages wait in streams of 4 (COMMANDS_0" in done.stderr
    assert "Start with REHEARSAL_STREAM_SPREAD=4 until they are handled" in done.stderr
    assert "Traceback" not in done.stderr
    with server(tmp_path) as nats_server:
        asyncio.run(leave(nats_server.url, waiting=False))
    with EmbeddedPlatform(tmp_path, REHEARSAL_STREAM_SPREAD="1") as platform:
        assert wait_for(platform.url, start_study(platform.url))["state"] == "completed"
