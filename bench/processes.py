"""Child processes that are measured, or that are measured against, and what they use."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import psutil

MODEL = "bench-model"
NO_SETTINGS: Mapping[str, str] = {}


def free_port() -> int:
    """A free TCP port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Use:
    """CPU seconds so far and resident bytes now, of a process and its children together."""

    cpu_s: float
    rss_bytes: int


class Process:
    """A Python module as a process that serves HTTP; `start_s` is from its start to its readiness."""

    def __init__(self, module: str, *arguments: str, log: Path, ready: str, settings: Mapping[str, str] = NO_SETTINGS):
        self._command = [sys.executable, "-m", module, *arguments]
        self._log = log
        self._environment = os.environ | settings
        self._probe = httpx.Client(timeout=5, verify=False)  # one, because each new one loads certificates
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = ready
        self.start_s = 0.0

    def __enter__(self) -> Self:
        started = time.perf_counter()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environment)
        while not self._is_ready():
            time.sleep(0.02)
        self.start_s = time.perf_counter() - started
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._probe.close()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def use(self) -> Use:
        """What has been used."""
        parent = psutil.Process(self.pid)
        family = [parent, *parent.children(recursive=True)]
        cpu = sum(sum(process.cpu_times()[:2]) for process in family)
        return Use(cpu, sum(process.memory_info().rss for process in family))

    def _is_ready(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(self._log.read_text()[-2_000:])
        with suppress(httpx.TransportError):
            return self._probe.get(self._ready).status_code == 200
        return False


class Stub(Process):
    """The stub endpoint."""

    def __init__(self, directory: Path, **behaviour: Any) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/v1"
        self._behaviour = behaviour
        super().__init__("bench.stub", str(port), log=directory / "stub.log", ready=f"{self.url}/counts")

    def __enter__(self) -> Self:
        super().__enter__()
        self.control(**self._behaviour)
        return self

    def control(self, **behaviour: Any) -> dict[str, int]:
        """Change its behaviour; gives the counts up to now, which begin anew."""
        counts: dict[str, int] = self._probe.post(f"{self.url}/control", json=behaviour).raise_for_status().json()
        return counts

    def counts(self) -> dict[str, int]:
        """The counts since its behaviour was last changed."""
        counts: dict[str, int] = self._probe.get(f"{self.url}/counts").json()
        return counts


class Platform(Process):
    """The embedded platform over a directory; with a stub it has a model to ask."""

    def __init__(self, data: Path, stub: Stub | None = None, **settings: object) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        log, ready = data / "platform.log", f"{self.url}/readyz"
        super().__init__(
            "services.embedded", str(data), str(port), log=log, ready=ready, settings=_settings(stub, settings)
        )


class ModelsService(Process):
    """The models service as a process of its own."""

    def __init__(self, data: Path, stub: Stub, **settings: object) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        own = {"MODELS_PORT": port, "MODELS_DATABASE_URL": f"sqlite:///{data}/models.db"}
        super().__init__(
            "services.models",
            log=data / "models.log",
            ready=f"{self.url}/readyz",
            settings=_settings(stub, own | settings),
        )


def _settings(stub: Stub | None, given: Mapping[str, object]) -> dict[str, str]:
    upstream = {} if stub is None else {"MODELS_UPSTREAM_URL": stub.url, "MODELS_UPSTREAM_MODELS": MODEL}
    return {f"REHEARSAL_{name.upper()}": str(value) for name, value in (upstream | dict(given)).items()}
