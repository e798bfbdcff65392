"""Studies on one stage, one after the other: each disturbed, measured and held against one that was not."""

import os
import random
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from chaos.disturbances import LATENCY_S, Disturbance
from chaos.scenario import Check
from chaos.stage import Stage
from chaos.study import TURNS, Ended, Study, compared, steady

RECOVERY_S = 30.0
WITHIN_S = 240.0
DRAWN_WITHIN_S = 0.2


class Run(NamedTuple):
    """A study: how it ended, and what it took. `wrong`: calls that the model endpoint was told to answer wrongly;
    `redelivered`: messages given to consumers beyond once each, as the server counts; `again`: which of them and why;
    `recoveries`: seconds after each disturbance until every service is ready and calls are made again;
    `late_s`: how much later than undisturbed it ended, the disturbances left out.
    """

    found: Ended
    calls: int
    wrong: int
    letters: int
    redelivered: int
    again: str
    late_s: float = 0.0
    recoveries: Sequence[float] = ()
    was_inside: bool = True
    said: str = ""


class Course:
    """The studies; `oracle` is the first one, which nobody disturbed."""

    def __init__(self, on: Stage) -> None:
        self._on = on
        on.tell()
        self._letters = self._redelivered = 0
        self._undisturbed: dict[float, float] = {}
        self.oracle = self._ended(self._begun(LATENCY_S), None).found
        self._undisturbed[LATENCY_S] = self.oracle.took_s
        print(f"    undisturbed: {self.oracle.took_s:.1f} s", flush=True)

    def calm(self, latency_s: float = LATENCY_S) -> Run:
        """A study that is left alone, with a model that takes so long: the next ones are held against its time."""
        run = self._ended(self._begun(latency_s), self.oracle)
        self._undisturbed[latency_s] = run.found.took_s
        return run

    def run(self, disturbance: Disturbance, chance: random.Random) -> Run:
        """A study that is disturbed at seeded moments, each time when it has recovered from the time before."""
        study = self._begun(disturbance.latency_s)
        said, recoveries, lasted, was_inside = list[str](), list[float](), 0.0, True
        for number, moment in enumerate(sorted(chance.random() for _ in range(disturbance.times))):
            is_drawing = disturbance.is_early and number == 0
            when = self._drawing(chance) if is_drawing else self._reached(study, disturbance.moments, moment)
            begun, made = time.monotonic(), self._calls()
            words = disturbance.act(self._on, chance)
            over = time.monotonic()
            was_inside = was_inside and (study.is_running or not disturbance.is_inside)
            self._on.platform.wait_until_ready()
            study.go_on(made)
            recoveries.append(time.monotonic() - over)
            lasted += over - begun
            said.append(f"{when}{f', {words}' if words else ''}: {recoveries[-1]:.1f} s")
        run = self._ended(study, self.oracle)
        late_s = run.found.took_s - lasted - self._undisturbed[disturbance.latency_s]
        return run._replace(late_s=late_s, recoveries=recoveries, was_inside=was_inside, said="; ".join(said))

    @staticmethod
    def _drawing(chance: random.Random) -> str:
        """Wait for a moment in which its people are drawn: they soon are, so it is one in time."""
        time.sleep(waited := chance.uniform(0.0, DRAWN_WITHIN_S))
        return f"{waited:.2f} s after its people were asked for"

    @staticmethod
    def _reached(study: Study, moments: tuple[float, float], moment: float) -> str:
        """Wait for a moment, from 0 to 1; which one it is."""
        first, last = moments
        return f"with {study.advance(first + moment * (last - first))} calls made"

    def _calls(self) -> int:
        return self._on.calls()["calls"]

    def run_with(self, fault: str, share: float) -> Run:
        """A study in which a share of the calls goes wrong."""
        return self._ended(self._begun(LATENCY_S, fault, share), None)

    def _begun(self, latency_s: float, fault: str | None = None, share: float = 0.0) -> Study:
        self._on.forget_calls()
        self._on.answers.forget()
        self._on.provide(latency_s, fault, share)
        return Study(self._on.url, self._calls, WITHIN_S)

    def _ended(self, study: Study, expected: Ended | None) -> Run:
        status, rows = study.ended()
        self._on.platform.wait_until_ready()
        aside, at = steady(lambda: self._aside(study), expected and expected.aside, RECOVERY_S)
        letters, redelivered = self._on.dead_letters(), self._on.redeliveries()
        again = self._on.answers.told()
        found = Ended(status, rows, aside, at - study.began)
        counts, before = self._on.calls(), (self._letters, self._redelivered)
        run = Run(found, counts["calls"], counts["refused"], letters - before[0], redelivered - before[1], again)
        self._letters, self._redelivered = letters, redelivered
        return run

    def _aside(self, study: Study) -> dict[str, Any]:
        """What those make of a study who only listen."""
        told = self._on.receiver.told_of(study.simulation)
        return {"validation": study.quality(), "intervention": study.aggregate(), "webhooks": told}


def judged(run: Run, oracle: Ended, twice: int = 0, again: int | None = None) -> list[Check]:
    """What has to hold of a study that was disturbed. `twice`: how many calls may have been paid for twice; `again`:
    how many messages may have been delivered again, however many where it is None.
    """
    most = [] if again is None else [Check(f"at most {again} delivered again", run.redelivered <= again)]
    return [
        *most,
        *compared(run.found, oracle),
        Check(f"{run.calls} calls paid, at most {TURNS + twice}", TURNS <= run.calls <= TURNS + twice),
        Check(f"{run.letters} dead letters", run.letters == 0),
        Check(f"recovered in {max(run.recoveries, default=0.0):.1f} s", max(run.recoveries, default=0.0) <= RECOVERY_S),
        Check(f"{run.late_s:.1f} s later than undisturbed", run.late_s <= RECOVERY_S * max(1, len(run.recoveries))),
        Check("it was running before and after" if run.was_inside else "it had ended before", run.was_inside),
    ]


def told(name: str, run: Run, checks: list[Check]) -> list[str]:
    """Print what was done and what came of it; what does not hold."""
    failed = [check.words for check in checks if not check.holds]
    said = [
        *(check.words for check in checks),
        f"{run.redelivered} delivered again{run.again and f': {run.again}'}",
        *filter(None, [run.said]),
    ]
    said.append(f"load {os.getloadavg()[0]:.0f}")
    print(f"    {'FAILED' if failed else 'ok':<6} {name}: {'; '.join(said)}", flush=True)
    return [f"{name}: {words}" for words in failed]
