"""The nats-server child: ready when it says so, gone when its parent is gone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nats
import pytest

from libs.runtime.nats_server import NatsServer

PARENT = """
import sys, time
from pathlib import Path
from libs.runtime.nats_server import NatsServer
server = NatsServer(Path(sys.argv[1]))
server.start()
print(server.pid, server.port, flush=True)
time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_it_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline().split()[0])
        assert is_alive(pid)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)


async def test_it_keeps_its_port_and_its_messages_over_a_crash(nats_server: NatsServer) -> None:
    connection = await nats.connect(nats_server.url)
    await connection.jetstream().add_stream(name="KEPT", subjects=["kept"])
    await connection.jetstream().publish("kept", b"1")
    await connection.close()
    url = nats_server.url
    nats_server.kill()
    assert not nats_server.is_running()
    nats_server.start()
    assert nats_server.url == url
    connection = await nats.connect(url)
    assert (await connection.jetstream().stream_info("KEPT")).state.messages == 1
    await connection.close()


def test_it_listens_on_loopback_only_and_syncs_every_message(nats_server: NatsServer) -> None:
    config = (nats_server.directory / "nats.conf").read_text()
    assert 'listen: "127.0.0.1:' in config
    assert "sync_interval: always" in config
