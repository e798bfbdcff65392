"""`rehearsal doctor`: what a platform needs of this machine, and how the platform is."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from libs.client import ProblemError, RehearsalClient, UnreachableError
from libs.client.transport import DEFAULT_URL
from libs.contracts.base import JsonObject
from services.cli.exits import Exit
from services.cli.options import own_key
from services.cli.output import print_json

PYTHON = (3, 11)
NATS = (2, 12)
FREE_BYTES = 500 * 1024 * 1024


class Check(NamedTuple):
    """One thing looked at; `note` is for what is neither good nor bad."""

    name: str
    outcome: Literal["ok", "note", "bad"]
    detail: str


async def examine(url: str | None, data: Path, port: int, *, as_json: bool) -> Exit:
    """Look at everything and print it."""
    answer = await _readiness(url or DEFAULT_URL)
    checks = [_python(), _nats(), _folder(data), _port(port, is_ours=isinstance(answer, dict))]
    checks += list(_platform(answer, url))
    checks += await _engines(url or DEFAULT_URL) if isinstance(answer, dict) else []
    is_bad = any(check.outcome == "bad" for check in checks)
    if as_json:
        print_json({"is_healthy": not is_bad, "checks": [check._asdict() for check in checks]})
    else:
        _print(checks)
    return Exit.FAILED if is_bad else Exit.COMPLETED


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check(
        "Python", "ok" if sys.version_info >= PYTHON else "bad", f"{found} (needs {PYTHON[0]}.{PYTHON[1]} or newer)"
    )


def _nats() -> Check:
    beside = Path(sys.executable).parent / "nats-server"
    binary = str(beside) if beside.exists() else shutil.which("nats-server")
    needed = f"needs {NATS[0]}.{NATS[1]} or newer"
    if binary is None:
        return Check("nats-server", "bad", f"not found; the `embedded` extra installs it ({needed})")
    try:
        text = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return Check("nats-server", "bad", f"{binary} does not run: {error}")
    match = re.search(r"(\d+)\.(\d+)(\.\d+)?", text)
    is_new = match is not None and (int(match[1]), int(match[2])) >= NATS
    return Check(
        "nats-server", "ok" if is_new else "bad", f"{match[0] if match else text.strip()} ({needed}), {binary}"
    )


def _folder(data: Path) -> Check:
    """Writable, with some room; looks at the nearest folder that exists and makes none."""
    place = data.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return Check("data directory", "bad", f"{data}: {place} is not a folder that can be written to")
    free = shutil.disk_usage(place).free
    detail = f"{data} can be written to, {free / 1024**3:.1f} GB free"
    return Check("data directory", "ok" if free >= FREE_BYTES else "bad", detail)


def _port(port: int, *, is_ours: bool) -> Check:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            if is_ours:
                return Check("port", "ok", f"{port} is in use, a platform answers")
            return Check("port", "bad", f"{port} is in use by something else; `rehearsal up --port` takes another")
    return Check("port", "ok", f"{port} is free")


async def _readiness(url: str) -> JsonObject | Exception:
    """What `/readyz` says, ready or not; the error when nothing of ours answers."""
    async with RehearsalClient(url, timeout=10.0) as client:
        try:
            answer = await client.readiness()
        except (UnreachableError, ProblemError) as error:
            return error
    return answer if "checks" in answer else UnreachableError(url, "something else answers there")


async def _engines(url: str) -> list[Check]:
    """What can run agents' turns; one that is missing is no fault, studies need not name it."""
    async with RehearsalClient(url, key=own_key.get(), timeout=10.0) as client:
        try:
            found = (await client.engines())["items"]
        except (UnreachableError, ProblemError) as error:
            return [Check("engines", "note", str(error))]
    return [
        Check(
            f"  engine {engine['name']}",
            "ok" if engine["is_available"] else "note",
            engine["problem"] or " ".join(filter(None, ["can run", engine["version"]])),
        )
        for engine in found
    ]


def _platform(answer: JsonObject | Exception, url: str | None) -> Iterator[Check]:
    if isinstance(answer, Exception):
        outcome: Literal["note", "bad"] = "note" if url is None else "bad"
        hint = " `rehearsal up` starts one." if url is None else ""
        yield Check("platform", outcome, f"{answer}{hint}")
        return
    is_ready = all(answer["checks"].values())
    yield Check("platform", "ok" if is_ready else "bad", f"answers at {url or DEFAULT_URL}")
    for name, is_up in answer["checks"].items():
        yield Check(f"  {name}", "ok" if is_up else "bad", "ready" if is_up else "not ready")


def _print(checks: list[Check]) -> None:
    from rich.table import Table
    from rich.text import Text

    from services.cli.verdict import clean, console

    marks = {"ok": Text("ok", "green"), "note": Text("note", "yellow"), "bad": Text("FAIL", "bold red")}
    table = Table(box=None, show_header=False, pad_edge=False)
    for check in checks:
        table.add_row(marks[check.outcome], clean(check.name), clean(check.detail))
    console().print(table)
