"""What a process does about memory that nobody uses."""

import asyncio
import gc
import subprocess
import sys
import time
import weakref
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from libs.runtime.memory import keep_tidy, resident, tidy

linux = pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
PIECES, PIECE = 2_000, 50_000


class Held:
    """It holds itself."""

    def __init__(self) -> None:
        self.own = self


@contextmanager
def nothing_collects_but(tidying: Coroutine[Any, Any, None]) -> Iterator[None]:
    gc.disable()
    task = asyncio.create_task(tidying)
    try:
        yield
    finally:
        task.cancel()
        gc.enable()


async def is_let_go_of(held: weakref.ref[Held], within_s: float = 2.0) -> bool:
    ends = time.monotonic() + within_s
    while held() is not None and time.monotonic() < ends:
        await asyncio.sleep(0.01)
    return held() is None


async def test_what_holds_itself_is_let_go_of_from_time_to_time() -> None:
    with nothing_collects_but(keep_tidy(look_s=0.01, tidy_s=0.01)):
        assert await is_let_go_of(weakref.ref(Held()))


@linux
async def test_what_holds_itself_is_let_go_of_soon_when_memory_has_grown() -> None:
    with nothing_collects_but(keep_tidy(look_s=0.01, tidy_s=3_600)):
        held = weakref.ref(Held())
        assert not await is_let_go_of(held, within_s=0.1)
        grown = b"x" * (resident() // 4)
        assert await is_let_go_of(held)
        assert grown


@linux
def test_memory_between_what_is_still_used_is_given_back() -> None:
    pieces = [bytes(PIECE) for _ in range(PIECES)]
    kept = pieces[::100]  # what lies above them keeps the heap from shrinking by itself
    del pieces
    before = resident()
    tidy()
    assert before - resident() > PIECES * PIECE // 2
    assert len(kept) == PIECES // 100


THREAD = """
from concurrent.futures import ThreadPoolExecutor
from libs.runtime.memory import resident, share_heap, tidy
{first}
bytes(30_000_000)  # from now on blocks of this size are no longer asked of the system one by one
before = resident()
with ThreadPoolExecutor(1) as pool:
    pool.submit(lambda: [b"x" * 1_000_000 for _ in range(25)]).result()
    tidy()
    print(resident() - before)
"""


@linux
def test_what_a_thread_has_used_is_given_back_too() -> None:
    def left(first: str) -> int:
        return int(subprocess.check_output([sys.executable, "-c", THREAD.format(first=first)]))

    assert left("share_heap()") < 5_000_000 < left("")
