"""`python -m bench`: measure and print JSON. The exit code is 0 also when a limit is missed: the figures say it."""

import asyncio
import json
import platform
import sys

import psutil

from bench.figures import measure

report = {
    "machine": {"cpus": psutil.cpu_count(), "memory_gib": round(psutil.virtual_memory().total / 2**30)},
    "python": platform.python_version(),
    "command": "make bench",
    "figures": asyncio.run(measure()),
}
sys.stdout.write(json.dumps(report, indent=2) + "\n")
