"""Which TinyTroupe a Python has, and what to do where it has none that can be driven.

The package of that name on PyPI is empty: its version is 0.0.1 and it has no agents. It is told by what it lacks.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import orjson

from services.communication.adapters.engine import Availability

SUPPORTED = "0.6"
PAGE = "https://github.com/microsoft/TinyTroupe#installation"
CHILD = Path(__file__).parent / "child"
SCRIPT = CHILD / "__main__.py"
EXAMINE_S = 30.0
_HOW = (
    f"Install TinyTroupe {SUPPORTED} as its own page says ({PAGE}), here or in an environment of its own that "
    "REHEARSAL_TINYTROUPE_PYTHON names; see docs/engines.md."
)


async def examine(python: str) -> Availability:
    """Look at a Python without importing the library, which would take seconds."""
    try:
        async with asyncio.timeout(EXAMINE_S):
            process = await asyncio.create_subprocess_exec(
                python, "-I", SCRIPT, "examine", cwd=CHILD, env={}, stdout=asyncio.subprocess.PIPE
            )
            output, _ = await process.communicate()
        return judge(python, orjson.loads(output))
    except (OSError, TimeoutError, orjson.JSONDecodeError) as error:
        return Availability(None, f"{python} cannot be run: {error or type(error).__name__}. {_HOW}")


def judge(python: str, found: Mapping[str, object]) -> Availability:
    """What is to be said of what was found."""
    version = str(found["version"]) if found["version"] is not None else None
    if not found["is_there"]:
        return Availability(None, f"{python} has no package tinytroupe. {_HOW}")
    if not found["has_agents"]:
        empty = f"{python} has the package tinytroupe {version} from PyPI, which is an empty placeholder."
        return Availability(version, f"{empty} {_HOW}")
    if version is None or not f"{version}.".startswith(f"{SUPPORTED}."):
        return Availability(version, f"{python} has TinyTroupe {version}, which this version does not know. {_HOW}")
    return Availability(version, None)
