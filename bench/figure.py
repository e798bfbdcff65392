"""A figure: what was measured beside its limit. A missed limit is reported, never hidden."""

import statistics
import time
from collections.abc import Awaitable
from typing import Any, Literal, NotRequired, TypedDict


class Figure(TypedDict):
    """One line of the report; `samples` are all measurements, `value` their median. `least` is there with "between"."""

    name: str
    unit: str
    value: float
    limit: float
    least: NotRequired[float]
    bound: Literal["at most", "at least", "between"]
    is_met: bool
    samples: list[float]


def figure(name: str, unit: str, samples: list[float], limit: float, *, is_least: bool = False) -> Figure:
    """A figure whose limit is an upper bound, or the least it must be."""
    value = statistics.median(samples)
    return Figure(
        name=name,
        unit=unit,
        value=round(value, 3),
        limit=limit,
        bound="at least" if is_least else "at most",
        is_met=value >= limit if is_least else value <= limit,
        samples=[round(sample, 3) for sample in samples],
    )


def figure_between(name: str, unit: str, value: float, least: float, limit: float) -> Figure:
    """A figure that may be neither lower nor higher than it should be."""
    found = figure(name, unit, [value], limit)
    return {**found, "least": least, "bound": "between", "is_met": least <= value <= limit}


async def timed(work: Awaitable[Any]) -> float:
    """Seconds that some work takes."""
    started = time.perf_counter()
    await work
    return time.perf_counter() - started
