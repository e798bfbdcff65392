"""The scenarios `kills`, `outages`, `disk`, `cluster` and `models`: a platform is disturbed in the middle of a study.

In each, one platform serves one study after the other. The oracle is the same study before anything was disturbed. The
moment of a disturbance is a seeded share of the calls of the study, so it falls into it however fast a machine is.
"""

import random
import tempfile
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from chaos.cluster import Cluster
from chaos.course import AT_ONCE, Course, Run, judged, told
from chaos.disturbances import KILLS, LOSSES, OUTAGES, Disturbance, fill_disk
from chaos.provider import FAULTS, WITH_STATUS
from chaos.scenario import Check, Outcome, Scenario
from chaos.small_disk import small_disk
from chaos.stage import Stage, plain, stage
from chaos.study import TURNS, Ended

MOST_CALLS = 1.2 * TURNS
"""The retry budget of `models`; a reply that has to be repaired is a call of its own."""
FEW, MANY = (0.03, 0.1), (0.1, 0.3)
"""Shares of the calls: refused ones stay within the retry budget, or turns would rightly fail."""
DISK_MB = 64
Measure = Callable[[int], Coroutine[None, None, Outcome]]


@contextmanager
def _clustered() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="rehearsal-chaos-") as directory:
        cluster = Cluster(Path(directory))
        with stage(Path(directory), cluster, REHEARSAL_STREAM_REPLICAS="3") as on:
            yield on


def disturbing(disturbances: Mapping[str, Disturbance], place: Callable[[], AbstractContextManager[Stage]]) -> Measure:
    """Each disturbance with so many seeds."""

    async def measure(seeds: int) -> Outcome:
        with place() as on:
            return _disturbed(disturbances, Course(on), seeds)

    return measure


def _disturbed(disturbances: Mapping[str, Disturbance], course: Course, seeds: int) -> Outcome:
    failures, longest, number = list[str](), 0.0, 0
    for name, disturb in disturbances.items():
        for seed in range(1, seeds + 1):
            run = course.run(disturb, random.Random(f"{name} {seed}"))
            most = TURNS + (AT_ONCE if name == "kill -9 of models" else 0)
            failures += told(f"{name}, seed {seed}", run, judged(run, course.oracle, most))
            longest, number = max(longest, run.found.took_s), number + 1
    took = f"undisturbed {course.oracle.took_s:.1f} s, the longest ended {longest:.1f} s after its disturbance"
    return Outcome(f"{number} studies of {TURNS} turns; {took}", tuple(failures))


async def filling(seeds: int) -> Outcome:
    """The disk of nats-server is full for a while; then there is room, and it is started again."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-chaos-") as directory:
        store = Path(directory) / "nats" / "store"
        with small_disk(store, DISK_MB) as is_small:
            if not is_small:
                return Outcome("NOT RUN: a small disk cannot be mounted here, which takes root on Linux")
            with stage(Path(directory)) as on:
                return _disturbed({"disk of nats-server full for 10 s": fill_disk}, Course(on), seeds)


async def misbehaving(seeds: int) -> Outcome:
    """Each fault of a model endpoint with a share of calls, in `seeds` studies each."""
    failures = list[str]()
    with plain(REHEARSAL_MODELS_TIMEOUT_S="10") as on:
        course = Course(on)
        for fault in FAULTS:
            for seed in range(1, seeds + 1):
                share = random.Random(f"{fault} {seed}").uniform(*(FEW if fault in WITH_STATUS else MANY))
                run = course.run_with(fault, share)
                failures += told(f"{fault} for {share:.0%} of the calls", run, _bearable(fault, run, course.oracle))
    return Outcome(f"{seeds * len(FAULTS)} studies of {TURNS} turns", tuple(failures))


def _bearable(fault: str, run: Run, oracle: Ended) -> list[Check]:
    """No turn is stuck, and it costs a bounded number of calls."""
    progress = run.found.status["progress"]
    ended = progress["answered"] + progress["failed"]
    most = MOST_CALLS if fault in WITH_STATUS else 2 * MOST_CALLS
    checks = [
        Check(f"it is {run.found.status['state']}", run.found.status["state"] == "completed"),
        Check(f"{progress['answered']} answered, {progress['failed']} failed of {TURNS}", ended == TURNS),
        Check(f"{run.calls} calls, at most {most:.0f}", run.calls <= most),
        Check(f"{run.letters} dead letters", run.letters == 0),
    ]
    if fault in WITH_STATUS:
        checks.append(Check("results equal the undisturbed ones byte for byte", run.found.rows == oracle.rows))
    return checks


HOLDS = (
    f"a study of {TURNS} turns completes by itself at most 30 s later than undisturbed, its results equal those of an "
    "undisturbed run byte for byte, no call is paid twice but those in flight when `models` is killed, no dead letter"
)
SCENARIOS = (
    Scenario("kills", f"kill -9 of each process: {HOLDS}", 3, disturbing(KILLS, plain)),
    Scenario("outages", f"NATS, PostgreSQL, network, rolling restart: {HOLDS}", 2, disturbing(OUTAGES, plain)),
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
