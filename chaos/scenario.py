"""What a scenario is."""

from collections.abc import Callable, Coroutine
from typing import NamedTuple


class Check(NamedTuple):
    """Something that has to hold, in words that hold whether or not it does, and whether it does."""

    words: str
    holds: bool


class Outcome(NamedTuple):
    """What a scenario has shown; `failures` says how to see each of them again."""

    measured: str
    failures: tuple[str, ...] = ()


class Scenario(NamedTuple):
    """`criterion`: what has to hold, in words. `run` is given how many seeds to try."""

    name: str
    criterion: str
    seeds: int
    run: Callable[[int], Coroutine[None, None, Outcome]]
