"""The command line as a user types it, run in this process: starting Python anew costs more than most commands do.

What a process of its own is needed for (signals, a platform that ends with it) starts one: `python -m services.cli`.
"""

import os
import signal
from contextlib import chdir
from pathlib import Path
from typing import NamedTuple

from typer.testing import CliRunner

from services.cli.app import app


class Done(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def rehearsal(*arguments: object, said: str = "", cwd: Path | None = None, **environment: str) -> Done:
    """Run a command to its end. Of the settings of this process it sees none, only those that are given."""
    given = {name: None for name in os.environ if name.startswith("REHEARSAL_")} | environment
    handler = signal.getsignal(signal.SIGTERM)  # a command takes it
    try:
        with chdir(cwd or Path.cwd()):
            ended = CliRunner().invoke(app, [*map(str, arguments)], input=said, env=given, prog_name="rehearsal")
    finally:
        signal.signal(signal.SIGTERM, handler)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Done(ended.exit_code, ended.stdout, ended.stderr)
