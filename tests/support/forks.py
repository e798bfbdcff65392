"""Processes of the platform that begin with everything imported, which takes longer than all the rest of their start.

`python -m tests.support.forks SOCKET` imports the services once and waits. For each request it forks a process that
becomes `python -m MODULE ARGUMENTS` in every other respect: with its own environment and log, and to be killed like any
other. A process between the two waits for its end, and tells its exit code.
"""

import atexit
import gc
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from services.embedded.platform import SERVICES

NUMBER = 8
"""Bytes of a number that is told: a process id, an exit code."""
_turns = cycle(range(2))
"""What is forked from one hashes texts alike: there are two, in turn, so that nothing rests on the order of a set."""


class Forked:
    """A process that was started so, as `subprocess.Popen` shows one."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        _, _, module, *arguments = command
        self._told = socket.socket(socket.AF_UNIX)
        self._told.connect(_nursery(next(_turns)))
        request = {"module": module, "arguments": arguments, "environment": {**environment}, "log": str(log)}
        self._told.sendall(json.dumps(request).encode() + b"\n")
        self.pid = _number(self._told.recv(NUMBER))
        assert self.pid > 0, "nothing was forked"
        self._code: int | None = None

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises `subprocess.TimeoutExpired`."""
        if (code := self._ended(timeout)) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """As the kernel would."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self._code is None:
            self._told.settimeout(timeout)
            try:
                self._code = _number(self._told.recv(NUMBER))
            except (BlockingIOError, TimeoutError):
                return None
            self._told.close()
        return self._code


def _number(told: bytes) -> int:
    return int.from_bytes(told, signed=True)


@cache
def _nursery(which: int) -> str:
    """The address of a process that forks; it ends with this one."""
    directory = TemporaryDirectory(prefix="rehearsal-forks-")
    address = str(Path(directory.name) / "socket")
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n", "the services could not be imported"

    def end() -> None:
        process.kill()
        process.wait()
        directory.cleanup()

    atexit.register(end)
    return address


def main(address: str) -> None:
    """Import everything, then fork until the process that started this one is gone."""
    gc.disable()
    for name in (*SERVICES, "gateway", "cli"):
        import_module(f"services.{name}.app")
    import_module("alembic.command")
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    os.write(1, b"ready\n")
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _watch(connection)
            return
        connection.close()


def _watch(told: socket.socket) -> None:
    """Fork the process that was asked for, and tell its id and its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    with told.makefile("r") as lines:
        request = json.loads(lines.readline())
    if (pid := os.fork()) == 0:
        told.close()
        _become(**request)
        return
    told.sendall(pid.to_bytes(NUMBER, signed=True))
    _, status = os.waitpid(pid, 0)
    told.sendall(os.waitstatus_to_exitcode(status).to_bytes(NUMBER, signed=True))
    os._exit(0)


def _become(module: str, arguments: list[str], environment: dict[str, str], log: str) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.clear()
    os.environ.update(environment)
    random.seed()  # it would draw what every other one draws
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
