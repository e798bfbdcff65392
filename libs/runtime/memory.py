"""When a process looks for garbage, and gives memory back to the system.

Looking through everything again and again cost a tenth of all CPU, so it is done seldom. What waits meanwhile may be
large: a message, or an answer of a provider, that holds itself. And what one large analysis has used stays with the
allocator, in pieces between what is still needed.
"""

import asyncio
import ctypes
import gc
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

LOOK_S = 5.0
TIDY_S = 60.0
GROWN = 1.1
STATM = Path("/proc/self/statm")
COLLECT_AFTER = (100_000, 25, 25)
M_ARENA_MAX = -8
"""Of mallopt: most heaps."""


def _of_glibc(name: str) -> Callable[..., int] | None:
    try:
        return cast("Callable[..., int]", getattr(ctypes.CDLL(None), name))
    except (AttributeError, OSError, TypeError):  # another C library
        return None


_trim, _option = _of_glibc("malloc_trim"), _of_glibc("mallopt")


def share_heap() -> None:
    """Let threads begun from now on allocate where the first one does.

    Otherwise each has a heap of its own, and the top of that is not given back.
    """
    if _option is not None:
        _option(M_ARENA_MAX, 1)


def settle() -> None:
    """Leave what the start made out of garbage collection: it lives as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()


def tidy() -> None:
    """Look for garbage, and give back what nobody uses."""
    gc.collect()
    if _trim is not None:
        _trim(0)


def resident() -> int:
    """Bytes of memory this process holds; 0 where the system does not say it in /proc."""
    try:
        return int(STATM.read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


async def keep_tidy(look_s: float = LOOK_S, tidy_s: float = TIDY_S) -> None:
    """Tidy up for as long as the loop runs: from time to time, and soon after memory has grown by a tenth."""
    least, last = resident(), time.monotonic()
    while True:
        await asyncio.sleep(look_s)
        if resident() > GROWN * least or time.monotonic() - last >= tidy_s:
            tidy()
            least, last = resident(), time.monotonic()
