"""When a process looks for garbage, and gives memory back to the system.

Looking through everything again and again cost a tenth of all CPU, so it is done seldom. What waits meanwhile may be
large: a message, or an answer of a provider, that holds itself. And what one large analysis has used stays with the
allocator, in pieces between what is still needed.
"""

import asyncio
import ctypes
import gc
from collections.abc import Callable
from typing import cast

TIDY_EACH_S = 60.0
COLLECT_AFTER = (100_000, 25, 25)


def _trim_of_glibc() -> Callable[[int], int] | None:
    try:
        return cast("Callable[[int], int]", ctypes.CDLL(None).malloc_trim)
    except (AttributeError, OSError, TypeError):  # another C library
        return None


_trim = _trim_of_glibc()


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


async def keep_tidy(each_s: float = TIDY_EACH_S) -> None:
    """Tidy up from time to time, for as long as the loop runs."""
    while True:
        await asyncio.sleep(each_s)
        tidy()
