"""Whole platforms as processes that a test may kill: embedded over one directory, or one process per service."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import httpx

from libs.http import new_key_pair
from services.embedded.platform import SERVICES

READY_WITHIN_S = 180.0  # eight processes start at once, and not alone on their machine
LEAVES_WITHIN_S = 180.0
# One client, because each new one loads certificates; it keeps no connection to a process that may be killed.
HTTP = httpx.Client(timeout=30, verify=False, limits=httpx.Limits(max_keepalive_connections=0))
ALL_SERVICES = (*SERVICES, "gateway")


def free_port() -> int:
    """A free port below the range that outgoing connections are given, so that nothing takes it meanwhile."""
    while True:
        port = random.randint(15_000, 30_000)
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Running(Protocol):
    """A process, as `subprocess.Popen` shows one."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int) -> None: ...
    def kill(self) -> None: ...


def anew(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Running:
    """Start a program as who operates it does."""
    with log.open("ab") as output:
        return subprocess.Popen(command, env=environment, stdout=output, stderr=output)


class Process:
    """One process of a platform and its log."""

    begin: Callable[[Sequence[str], Mapping[str, str], Path], Running] = staticmethod(anew)
    """Tests begin with everything imported (see `tests.support.forks`); what measures a start does not."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path, ready_url: str) -> None:
        self._command = command
        # What a killed process had in hand comes back after this time; one that stops is not waited for much longer.
        self._environment = {**os.environ, "REHEARSAL_ACK_WAIT_S": "2", "REHEARSAL_DRAIN_S": "10", **environment}
        self._log = log
        self._ready_url = ready_url
        self._process: Running | None = None

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def start(self) -> None:
        self._process = self.begin(self._command, self._environment, self._log)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            assert self._process is not None
            assert self._process.poll() is None, f"it ended by itself:\n{self.log[-3000:]}"
            with suppress(httpx.HTTPError):
                if HTTP.get(f"{self._ready_url}/readyz", timeout=2).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"not ready in time:\n{self.log[-3000:]}")

    def beside(self, environment: dict[str, str], log: Path, port: int) -> "Process":
        """Another one of the same kind, with some settings of its own."""
        return Process(self._command, self._environment | environment, log, f"http://127.0.0.1:{port}")

    def kill(self) -> None:
        """As the kernel would: no warning, no clean-up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def ask_to_stop(self) -> None:
        """SIGTERM, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self._process is None or self._process.poll() is not None:
            return 0
        self.ask_to_stop()
        return self._process.wait(60)

    def replace(self) -> float:
        """SIGTERM, and its successor begins at once; gives how long it took to leave, in order."""
        begun, old = time.monotonic(), self._process
        assert old is not None
        self.ask_to_stop()
        self.start()
        code = old.wait(LEAVES_WITHIN_S)
        assert code == 0, f"it left with {code}:\n{self.log[-3000:]}"
        left = time.monotonic()
        self.wait_until_ready()
        return left - begun

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid


class EmbeddedPlatform:
    """`python -m services.embedded` over a data directory; with `outsiders` as `rehearsal up --external` starts it."""

    def __init__(self, data: Path, *, outsiders: Sequence[str] = (), **environment: str) -> None:
        self.data = data
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "services.embedded", str(data), str(port)]
        if outsiders:
            command = [sys.executable, "-m", "services.cli", "up", "--data", str(data), "--port", str(port)]
            command += [option for name in outsiders for option in ("--external", name)]
        data.mkdir(parents=True, exist_ok=True)
        self.process = Process(command, environment, data / "platform.log", self.url)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.process.stop()

    def start(self) -> None:
        self.process.start()
        self.process.wait_until_ready()

    def kill(self) -> None:
        self.process.kill()

    def delete_nats_store(self) -> None:
        shutil.rmtree(self.data / "nats" / "store")


class Databases(Protocol):
    """Where databases come from: a PostgreSQL server, or what stands before one."""

    def create_database(self) -> str:
        """The URL of a new, empty database."""


class Reached(Protocol):
    """A NATS server, or what stands before one."""

    @property
    def url(self) -> str:
        """Where services connect."""


class DistributedPlatform:
    """A process per service, one PostgreSQL database each, one nats-server. `settings` are for all services."""

    def __init__(self, directory: Path, postgres: Databases, nats: Reached, **settings: str) -> None:
        ports = {name: free_port() for name in ALL_SERVICES}
        urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        self.url = urls["gateway"]
        signing_key, public_key = new_key_pair()
        pairs = {name: new_key_pair() for name in SERVICES}
        service_keys = json.dumps({name: public for name, (_, public) in pairs.items()})
        self.processes: dict[str, Process] = {}
        for name in ALL_SERVICES:
            own = f"REHEARSAL_{name.upper()}_"
            environment = {f"REHEARSAL_{peer.upper()}_URL": url for peer, url in urls.items()}
            environment |= {"REHEARSAL_NATS_URL": nats.url, f"{own}PORT": str(ports[name])}
            environment |= {"REHEARSAL_LOG_LEVEL": "INFO", "PYTHONUNBUFFERED": "1"}
            environment[f"{own}DATABASE_URL"] = postgres.create_database()
            environment |= settings
            environment |= {"REHEARSAL_IDENTITY_KEYS": public_key, "REHEARSAL_SERVICE_KEYS": service_keys}
            environment[f"{own}SIGNING_KEY" if name == "gateway" else f"{own}SERVICE_KEY"] = (
                signing_key if name == "gateway" else pairs[name][0]
            )
            command = [sys.executable, "-m", f"services.{name}"]
            self.processes[name] = Process(command, environment, directory / f"{name}.log", urls[name])

    def __enter__(self) -> Self:
        for process in self.processes.values():
            process.start()
        self.wait_until_ready()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for process in self.processes.values():
            process.ask_to_stop()
        for process in self.processes.values():
            process.stop()

    def add(self, name: str, directory: Path) -> str:
        """One process more of a service, over the same database; the name by which it can be killed."""
        added = f"{name}-{sum(each.startswith(name) for each in self.processes) + 1}"
        port = free_port()
        where = {f"REHEARSAL_{name.upper()}_PORT": str(port)}
        self.processes[added] = self.processes[name].beside(where, directory / f"{added}.log", port)
        self.processes[added].start()
        self.processes[added].wait_until_ready()
        return added

    def wait_until_ready(self) -> None:
        """Until every service is."""
        for process in self.processes.values():
            process.wait_until_ready()

    def restart(self, name: str) -> None:
        """Kill a service and start it again."""
        self.processes[name].kill()
        self.processes[name].start()
        self.processes[name].wait_until_ready()
