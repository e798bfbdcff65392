"""Studies on one stage, one after the other: each disturbed, measured and held against the one that was not."""

import random
import time
from typing import NamedTuple

from chaos.disturbances import Disturbance
from chaos.scenario import Check
from chaos.stage import Stage
from chaos.study import TURNS, Ended, compared, ended, prepare, start

RECOVERY_S = 30.0
WITHIN_S = 240.0
LATENCY_S = 0.2
AT_ONCE = 128
"""Two deliveries of 64 turns: the most calls in flight."""


class Run(NamedTuple):
    """A study that was disturbed: how it ended, and what it took."""

    found: Ended
    calls: int
    letters: int
    redelivered: int
    said: str


class Course:
    """The studies; `oracle` is the one that nobody disturbed."""

    def __init__(self, on: Stage) -> None:
        self._on = on
        self._population, self._intervention = prepare(on.url)
        self._letters = self._redelivered = 0
        first = self.run_with(None, 0.0)
        self.oracle = first.found
        print(f"    undisturbed: {self.oracle.took_s:.1f} s, {first.redelivered} delivered again", flush=True)

    def run(self, disturb: Disturbance, chance: random.Random) -> Run:
        """A study that is disturbed at a moment of its own."""
        begun, simulation = self._start(None, 0.0)
        share = chance.uniform(0.1, 0.9)
        while self._on.calls()["calls"] < share * TURNS:
            assert time.monotonic() < begun + WITHIN_S, "the study does not begin"
            time.sleep(0.02)
        said = disturb(self._on, chance)
        return self._ended(simulation, time.monotonic(), f"at {share:.0%}" + (f"; {said}" if said else ""))

    def run_with(self, fault: str | None, share: float) -> Run:
        """A study in which a share of the calls goes wrong."""
        begun, simulation = self._start(fault, share)
        return self._ended(simulation, begun, "")

    def _start(self, fault: str | None, share: float) -> tuple[float, str]:
        self._on.forget_calls()
        self._on.provide(LATENCY_S, fault, share)
        return time.monotonic(), start(self._on.url, self._population, self._intervention)

    def _ended(self, simulation: str, since: float, said: str) -> Run:
        found = ended(self._on.url, simulation, since, WITHIN_S)
        letters, redelivered = self._on.dead_letters(), self._on.redeliveries()
        run = Run(found, self._on.calls()["calls"], letters - self._letters, redelivered - self._redelivered, said)
        self._letters, self._redelivered = letters, redelivered
        return run


def judged(run: Run, oracle: Ended, most_calls: int) -> list[Check]:
    """What has to hold of a study that was disturbed."""
    return [
        *compared(run.found, oracle),
        Check(f"{run.calls} calls paid, at most {most_calls}", TURNS <= run.calls <= most_calls),
        Check(f"{run.letters} dead letters", run.letters == 0),
        Check(f"ended {run.found.took_s:.1f} s later", run.found.took_s <= oracle.took_s + RECOVERY_S),
    ]


def told(name: str, run: Run, checks: list[Check]) -> list[str]:
    """Print what was done and what came of it; what does not hold."""
    failed = [check.words for check in checks if not check.holds]
    said = [*(check.words for check in checks), f"{run.redelivered} delivered again", *filter(None, [run.said])]
    print(f"    {'FAILED' if failed else 'ok':<6} {name}: {'; '.join(said)}", flush=True)
    return [f"{name}: {words}" for words in failed]
