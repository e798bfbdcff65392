"""How fast the pages are in a real browser, alone on the machine; the suite measures them beside other tests."""

import asyncio
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from bench.figure import Figure, figure
from bench.studies import STUDY
from tests.support.browser import running_browser
from tests.support.paces import INTERACTIVE_WITHIN_S, SLOW_FRAME_MS, designer_at_hand, slowest_frame
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import wait_for

RUNS = 3


async def measure() -> list[Figure]:
    """In a thread of its own: the browser is driven by blocking calls. Nothing, and why, where there is no browser."""
    try:
        return await asyncio.to_thread(_measure)
    except pytest.skip.Exception as reason:
        sys.stderr.write(f"pages: {reason}\n")
        return []


def _measure() -> list[Figure]:
    with (
        running_browser() as browser,
        tempfile.TemporaryDirectory() as directory,
        EmbeddedPlatform(Path(directory)) as platform,
    ):
        sample = HTTP.post(f"{platform.url}/studies/run", json=yaml.safe_load(STUDY.read_text())).json()
        wait_for(platform.url, sample["simulation_id"])
        opened = [designer_at_hand(browser, platform.url) for _ in range(RUNS)]
        frames = [slowest_frame(browser, platform.url, sample["simulation_id"]) for _ in range(RUNS)]
    return [
        figure("the designer, opened to what is typed shown", "s", opened, INTERACTIVE_WITHIN_S),
        figure("frames while 10,000 agents answer, 99th percentile", "ms", frames, SLOW_FRAME_MS),
    ]
