"""Three nats-servers on loopback that are one: streams have three replicas, and any one server may be lost."""

import signal
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from libs.runtime.nats_server import nats_server_binary
from tests.support.platforms import free_port

SIZE = 3
READY_WITHIN_S = 30.0
CONFIG = """\
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitor}"
server_name: "n{number}"
max_payload: 4MB
jetstream {{ store_dir: "{store}", sync_interval: always }}
cluster {{ name: rehearsal, listen: "127.0.0.1:{route}", routes: [{routes}] }}
"""


class Cluster:
    """The servers; each keeps its ports and its store."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ports = [free_port() for _ in range(SIZE)]
        self._monitors = [free_port() for _ in range(SIZE)]
        routes = [free_port() for _ in range(SIZE)]
        addresses = ", ".join(f'"nats://127.0.0.1:{route}"' for route in routes)
        self._configs = []
        for number in range(SIZE):
            own = directory / f"n{number}"
            own.mkdir(parents=True)
            config = own / "nats.conf"
            values = {"port": self._ports[number], "monitor": self._monitors[number], "route": routes[number]}
            config.write_text(CONFIG.format(number=number, store=own / "store", routes=addresses, **values))
            self._configs.append(config)
        self._processes: list[subprocess.Popen[bytes] | None] = [None] * SIZE

    @property
    def url(self) -> str:
        """All of them."""
        return ",".join(f"nats://127.0.0.1:{port}" for port in self._ports)

    def start(self) -> None:
        """Start those that do not run, and wait until all are ready."""
        for number in range(SIZE):
            process = self._processes[number]
            if process is None or process.poll() is not None:
                with (self._directory / f"n{number}.log").open("ab") as log:
                    command = [str(nats_server_binary()), "-c", str(self._configs[number])]
                    self._processes[number] = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_WITHIN_S
        while not all(map(self._is_ready, range(SIZE))):
            assert time.monotonic() < deadline, "the cluster is not ready"
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9 of all of them."""
        for number in range(SIZE):
            self.kill_one(number)

    def kill_one(self, number: int) -> None:
        """kill -9 of one of them."""
        if (process := self._processes[number]) is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _is_ready(self, number: int) -> bool:
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{self._monitors[number]}/healthz", timeout=1).close()
            return True
        return False
