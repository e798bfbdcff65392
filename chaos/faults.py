"""The scenarios `kills`, `outages`, `restarts`, `disk`, `cluster` and `models`: a platform is disturbed in mid-study.

In each, one platform serves one study after the other. The oracle is the same study before anything was disturbed. The
moment of a disturbance is a seeded part of the work of the study, so it falls into it however fast a machine is.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from math import ceil
from statistics import median

from chaos.cluster import Cluster
from chaos.course import Course, Run, judged, told
from chaos.disturbances import FULL_DISK, KILLS, LOSSES, OUTAGES, RESTARTS, Disturbance
from chaos.provider import BIDDEN, FAULTS, SAYING
from chaos.scenario import Check, Outcome, Scenario
from chaos.small_disk import small_disk
from chaos.stage import Stage, folder, plain, stage
from chaos.study import TURNS

MOST = 1.2
"""The retry budget of `models`: requests for each call; a reply that has to be repaired is a call of its own.
Calls that are told when to come again take nothing from it."""
FEW, MANY = (0.03, 0.1), (0.1, 0.3)
"""Shares of the calls. What a few refused ones need stays within the retry budget, or turns would rightly fail."""
TIMEOUT_S = 5
DISK_MB = 64
Measure = Callable[[int], Coroutine[None, None, Outcome]]


@contextmanager
def _clustered() -> Iterator[Stage]:
    with folder() as directory:
        cluster = Cluster(directory)
        with stage(directory, cluster, REHEARSAL_STREAM_REPLICAS="3") as on:
            yield on


def disturbing(disturbances: Mapping[str, Disturbance], place: Callable[[], AbstractContextManager[Stage]]) -> Measure:
    """Each disturbance so many times."""

    async def measure(seeds: int) -> Outcome:
        with place() as on:
            return _disturbed(disturbances, Course(on), seeds)

    return measure


def _disturbed(disturbances: Mapping[str, Disturbance], course: Course, seeds: int) -> Outcome:
    failures, late, recoveries = list[str](), list[float](), defaultdict[str, list[float]](list)
    for name, disturbance in disturbances.items():
        calm = course.calm(disturbance.latency_s)
        failures += told("left alone", calm, judged(calm, course.oracle))
        for seed in range(1, 1 + ceil(seeds / disturbance.times)):
            try:
                run = course.run(disturbance, random.Random(f"{name} {seed}"))
            except AssertionError as stuck:
                failures.append(f"{name}, seed {seed}: {stuck}")
                print(f"    FAILED {failures[-1]}", flush=True)
                continue
            checks = judged(run, course.oracle, disturbance.twice * disturbance.times, disturbance.again)
            failures += told(f"{name}, seed {seed}", run, checks)
            recoveries[name] += run.recoveries
            late.append(run.late_s)
        of = f"of {len(recoveries[name])}, undisturbed a study takes {calm.found.took_s:.1f} s"
        print(f"    {name}: recovered in {_span(recoveries[name])} {of}", flush=True)
    every = [seconds for times in recoveries.values() for seconds in times]
    ended = f"recovered in {_span(every)}; they ended {_span(late)} later than undisturbed"
    return Outcome(f"{len(every)} disturbances of {len(late)} studies of {TURNS} turns: {ended}", tuple(failures))


def _span(times: Sequence[float]) -> str:
    if not times:
        return "never"
    return f"{min(times):.1f} / {median(times):.1f} / {max(times):.1f} s (min / median / max)"


async def filling(seeds: int) -> Outcome:
    """The disk of nats-server is full for a while; then there is room, and it is started again."""
    with folder() as directory:
        store = directory / "nats" / "store"
        with small_disk(store, DISK_MB) as is_small:
            if not is_small:
                return Outcome("NOT RUN: a small disk cannot be mounted here, which takes root on Linux")
            with stage(directory) as on:
                return _disturbed(FULL_DISK, Course(on), seeds)


async def misbehaving(seeds: int) -> Outcome:
    """Each fault of a model endpoint with a few calls and with many, in `seeds` studies each."""
    failures = list[str]()
    cases = [(fault, few_or_many) for fault in FAULTS for few_or_many in (FEW, MANY) for _ in range(seeds)]
    with plain(REHEARSAL_MODELS_TIMEOUT_S=f"{TIMEOUT_S}") as on:
        course = Course(on)
        for seed, (fault, few_or_many) in enumerate(cases):
            share = random.Random(seed).uniform(*few_or_many)
            run = course.run_with(fault, share)
            checks = _bearable(run, fault)
            if few_or_many is FEW and fault not in SAYING:
                are_equal = run.found.rows == course.oracle.rows
                checks.append(Check("results equal the undisturbed ones byte for byte", are_equal))
            failures += told(f"{fault} for {share:.0%} of the calls", run, checks)
    return Outcome(f"{len(cases)} studies of {TURNS} turns", tuple(failures))


def _bearable(run: Run, fault: str) -> list[Check]:
    """No turn is stuck, each failure has its reason, and it costs a bounded number of calls."""
    progress, quality = run.found.status["progress"], run.found.aside["validation"]
    ended, reasons = progress["answered"] + progress["failed"], quality["failure_reasons"]
    most = MOST * (TURNS + (run.wrong if fault in SAYING else 0)) + (run.wrong if fault == BIDDEN else 0)
    return [
        Check(f"it is {run.found.status['state']}", run.found.status["state"] == "completed"),
        Check(f"{progress['answered']} answered, {progress['failed']} failed of {TURNS}", ended == TURNS),
        Check(f"{progress['failed']} with their reason", _are_told(reasons, progress["failed"])),
        Check(f"{run.wrong} of {run.calls} calls went wrong, at most {most:.0f} are made", 0 < run.calls <= most),
        Check(f"{run.letters} dead letters", run.letters == 0),
    ]


def _are_told(reasons: Mapping[str, int], failed: int) -> bool:
    return sum(reasons.values()) == failed and "unknown" not in reasons and all(reasons)


HOLDS = (
    f"a study of {TURNS} turns completes by itself at most 30 s later than undisturbed, its results equal those of an "
    "undisturbed run byte for byte, other services and webhooks say the same of it, no call is paid twice but those in "
    "flight when `models` is killed, no dead letter"
)
SCENARIOS = (
    Scenario("kills", f"kill -9 of each process: {HOLDS}", 20, disturbing(KILLS, plain)),
    Scenario("outages", f"NATS, PostgreSQL, network: {HOLDS}", 2, disturbing(OUTAGES, plain)),
    Scenario(
        "restarts",
        f"every service is replaced in turn, with calls of 6 s: no message is delivered again, and {HOLDS}",
        2,
        disturbing(RESTARTS, partial(plain, REHEARSAL_DRAIN_S="120")),
    ),
    Scenario("cluster", f"one of three nats-servers is lost: {HOLDS}", 3, disturbing(LOSSES, _clustered)),
    Scenario("disk", f"the disk of nats-server is full: {HOLDS}", 1, filling),
    Scenario(
        "models",
        "whatever a part of a model's calls is answered, every turn ends, the simulation completes, within the retry "
        "budget; after a few refused calls the results equal the undisturbed ones byte for byte",
        1,
        misbehaving,
    ),
)
