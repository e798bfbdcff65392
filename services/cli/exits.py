"""Exit codes, and how a command ends with one. Scripts rely on them; `rehearsal --help` and the README list them."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from enum import IntEnum
from typing import NoReturn

from libs.client.errors import ProblemError, UnreachableError


class Exit(IntEnum):
    """What a command's exit code says."""

    COMPLETED = 0
    FAILED = 1
    INVALID = 2
    UNREACHABLE = 3
    REFUSED = 4
    INTERRUPTED = 130


class StopError(Exception):
    """Ends the command with a message on stderr and an exit code."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(message)
        self.code = code


def carry_out(work: Coroutine[None, None, Exit]) -> NoReturn:
    """Run a command to its end and exit with its code; SIGTERM ends it as orderly as Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = asyncio.run(work)
    except KeyboardInterrupt:
        say("Interrupted.")
        code = Exit.INTERRUPTED
    except StopError as error:
        say(str(error))
        code = error.code
    except UnreachableError as error:
        say(f"{error}\nStart one with `rehearsal up`, or name another with --url.")
        code = Exit.UNREACHABLE
    except ProblemError as error:
        say(refusal(error))
        code = Exit.REFUSED
    sys.exit(code)


def refusal(error: ProblemError) -> str:
    """What the platform said, field by field."""
    if not error.errors:
        return f"The platform refused: {error}"
    return "\n".join(["The platform refused:", *(f"  {problem}" for problem in error.errors)])


def say(message: str) -> None:
    """A line for the person, on stderr: stdout is for results."""
    print(message, file=sys.stderr, flush=True)
