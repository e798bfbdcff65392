"""Where commands find a platform: the one that was named, the one that answers here, or one of their own.

An own platform is a child process: it ends with the command, also when the command is killed, because it watches the
pipe it was given as standard input.
"""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from libs.client import ProblemError, RehearsalClient, UnreachableError
from libs.client.transport import DEFAULT_URL
from libs.contracts.base import JsonObject
from services.cli.exits import Exit, StopError, say

READY_S = 60.0
STOP_S = 30.0
RESTART_S = 5.0


@dataclass(frozen=True, slots=True)
class Source:
    """Which platform a command wants; `starts` allows it to start one."""

    url: str | None
    data: Path
    own: bool = False
    starts: bool = False
    key: str | None = field(default=None, repr=False)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[RehearsalClient]:
        """A client of a platform that is ready. Raises `UnreachableError`, `StopError`."""
        if not self.own and await self._is_running():
            async with RehearsalClient(self.url or DEFAULT_URL, key=self.key, connect_for=RESTART_S) as client:
                await _until_ready(client)
                yield client
            return
        async with own_platform(self.data) as url, RehearsalClient(url) as client:
            yield client

    def way_back(self) -> str:
        """How a simulation that was left alone goes on."""
        return f"it goes on when its platform runs (`rehearsal up --data {self.data}` if this command started it)"

    async def _is_running(self) -> bool:
        """True when a platform answers, ready or not. Raises `UnreachableError` when none does and one must."""
        must = self.url is not None or not self.starts
        async with RehearsalClient(self.url or DEFAULT_URL, timeout=5.0) as client:
            try:
                if "checks" in await client.readiness():
                    return True
                reason = "something else answers there"
            except ProblemError:
                reason = "something else answers there"
            except UnreachableError as error:
                reason = error.reason
        if must:
            raise UnreachableError(client.url, reason)
        return False


async def _until_ready(client: RehearsalClient) -> None:
    """Wait for a platform that restarts. One service that is away is told, and refuses what is asked of it alone."""
    try:
        await client.wait_until_ready(RESTART_S)
    except ProblemError as error:
        checks: JsonObject = (await client.readiness()).get("checks", {})
        away = [name for name, is_ready in checks.items() if not is_ready]
        if "event_log" in away or len(away) == len(checks):
            raise UnreachableError(client.url, f"it is not ready: {error}") from error
        say(f"Not answering now: {', '.join(away)}. The rest of the platform is.")


@asynccontextmanager
async def own_platform(data: Path) -> AsyncIterator[str]:
    """A platform for as long as the context lasts; gives its URL."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    say(f"Starting a platform for this command on {url} (data in {data})")
    log = data / "platform.log"
    process = _start(data, port, log)
    try:
        await _wait(process, url, log)
        yield url
    finally:
        await asyncio.shield(asyncio.to_thread(_stop, process))


def _start(data: Path, port: int, log: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "services.cli", "up", "--data", str(data), "--port", str(port), "--with-parent"]
    data.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True)


async def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    """Return once it is ready. Raises `StopError` with the end of its log when it will not be."""
    deadline = asyncio.get_running_loop().time() + READY_S
    async with RehearsalClient(url, timeout=5.0) as client:
        while process.poll() is None and asyncio.get_running_loop().time() < deadline:
            try:
                await client.ready()
            except (UnreachableError, ProblemError):
                await asyncio.sleep(0.05)
            else:
                return
    reason = "ended" if process.poll() is not None else f"was not ready after {READY_S:g} s"
    raise StopError(Exit.UNREACHABLE, "\n".join([f"The platform {reason}; the end of {log}:", *_end_of(log)]))


def _end_of(log: Path) -> list[str]:
    return log.read_text(errors="replace").strip().splitlines()[-5:]


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdin is not None:
        process.stdin.close()


def end_with_parent() -> None:
    """In the child: stop in an orderly way once the other end of standard input is gone."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def why_not_listen(host: str, port: int) -> str | None:
    """Why nothing can listen there, None when something can."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _free_port() -> int:
    """A free port below the range outgoing connections are given, so that nothing takes it before the child does."""
    while True:
        port = secrets.choice(range(15_000, 30_000))
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
