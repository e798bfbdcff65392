"""`python -m bench [NAME…]`: measure and print JSON; all figures unless some are named.

The exit code is 0 also when a limit is missed: the figures say it.
"""

import asyncio
import json
import platform
import sys
from collections.abc import Awaitable, Callable

import psutil

from bench import (
    burst,
    checkpoints,
    drawing,
    end_to_end,
    in_flight,
    offline,
    pages,
    population,
    replay,
    scheduling,
    statistics,
    survey,
)
from bench.figure import Figure

FIGURES: dict[str, Callable[[], Awaitable[list[Figure]]]] = {
    "offline": offline.measure,
    "survey": survey.measure,
    "population": population.measure,
    "checkpoints": checkpoints.measure,
    "replay": replay.measure,
    "scheduling": scheduling.measure,
    "in_flight": in_flight.measure,
    "at_rest": in_flight.measure_at_rest,
    "statistics": statistics.measure,
    "end_to_end": end_to_end.measure,
    "drawing": drawing.measure,
    "burst": burst.measure,
    "pages": pages.measure,
}


async def measure(names: list[str]) -> list[Figure]:
    """The figures of these names, one after the other."""
    return [found for name in names for found in await FIGURES[name]()]


def main(names: list[str]) -> None:
    """Print the report."""
    if unknown := [name for name in names if name not in FIGURES]:
        raise SystemExit(f"no figures {unknown[0]!r}; known: {', '.join(FIGURES)}")
    report = {
        "machine": {"cpus": psutil.cpu_count(), "memory_gib": round(psutil.virtual_memory().total / 2**30)},
        "python": platform.python_version(),
        "command": " ".join(["python -m bench", *names]),
        "figures": asyncio.run(measure(names or list(FIGURES))),
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


main(sys.argv[1:])
