"""The embedded platform as a child process, and what it uses."""

import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil


def free_port() -> int:
    """A free TCP port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Use:
    """CPU seconds so far and resident bytes now, of the platform and its nats-server together."""

    cpu_s: float
    rss_bytes: int


class Platform:
    """`python -m services.embedded` over a directory; `start_s` is from the start of the process to readiness."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.start_s = 0.0
        self._probe = httpx.Client(timeout=5, verify=False)  # one, because each new one loads certificates
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        started = time.perf_counter()
        command = [sys.executable, "-m", "services.embedded", str(self._data), str(self._port)]
        with (self._data / "platform.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        while not self._is_ready():
            time.sleep(0.02)
        self.start_s = time.perf_counter() - started
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    def use(self) -> Use:
        """What has been used."""
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        family = [parent, *parent.children(recursive=True)]
        cpu = sum(sum(process.cpu_times()[:2]) for process in family)
        return Use(cpu, sum(process.memory_info().rss for process in family))

    def _is_ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError((self._data / "platform.log").read_text()[-2_000:])
        with suppress(httpx.TransportError):
            return self._probe.get(f"{self.url}/readyz").status_code == 200
        return False
