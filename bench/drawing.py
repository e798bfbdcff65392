"""Drawing people without storing them, and what the people are like: one process, one thread."""

import time

from bench.figure import Figure, figure
from libs.contracts.specs import PopulationSpec
from services.population.domain.library import load_library
from services.population.domain.likeness import likeness
from services.population.domain.margins import report
from services.population.domain.people import Design

LARGE, SAMPLE, RUNS = 100_000, 2_000, 3


async def measure() -> list[Figure]:
    """The speed of a hundred thousand people, their names and likeness, and margin errors of a thousand."""
    made = _design(LARGE)
    started = time.perf_counter()
    made.prepare()
    prepared = time.perf_counter() - started
    speeds = []
    for run in range(RUNS):
        started = time.perf_counter()
        made.people(1 + run * 5_000, 5_000)
        speeds.append(5_000 / (time.perf_counter() - started))
    people = made.people(1, LARGE)
    names = len({agent.name for agent in people})
    errors = [report(_design(1_000, base)).max_error for base in sorted(load_library().templates)]
    return [
        figure("attributes of 100,000 people, drawn together", "s", [prepared], 5.0),
        figure("people drawn and composed per second, one thread", "1/s", speeds, 1_500.0, is_least=True),
        figure("distinct names of 100,000 people", "names", [names], LARGE, is_least=True),
        figure("people with a near-duplicate among 100,000", "share", [likeness(people, SAMPLE).near_duplicates], 0.01),
        figure("largest margin error of 1,000 people, three templates", "share", [max(errors)], 0.01),
    ]


def _design(size: int, base: str = "usa_demographics") -> Design:
    return Design(PopulationSpec(name="bench", demographic_base=base, size=size), 1, load_library())
