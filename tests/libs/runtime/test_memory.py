"""What a process does about memory that nobody uses."""

import asyncio
import gc
import sys
import weakref
from pathlib import Path

import pytest

from libs.runtime.memory import keep_tidy, tidy

MIB = 2**20
PIECES, PIECE = 2_000, 50_000


class Held:
    """It holds itself."""

    def __init__(self) -> None:
        self.own = self


async def test_what_holds_itself_is_let_go_of_from_time_to_time() -> None:
    gc.disable()
    tidying = asyncio.create_task(keep_tidy(0.01))
    try:
        held = weakref.ref(Held())
        assert held() is not None
        for _ in range(200):
            await asyncio.sleep(0.01)
            if held() is None:
                break
        assert held() is None
    finally:
        tidying.cancel()
        gc.enable()


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_memory_between_what_is_still_used_is_given_back() -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096

    pieces = [bytes(PIECE) for _ in range(PIECES)]
    kept = pieces[::100]  # what lies above them keeps the heap from shrinking by itself
    del pieces
    before = resident()
    tidy()
    assert before - resident() > PIECES * PIECE // 2
    assert len(kept) == PIECES // 100
