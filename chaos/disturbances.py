"""What is done to a platform in the middle of a study. Each returns when it is over, and what there is to say of it."""

import random
import shutil
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from chaos.cluster import Cluster
from chaos.proxy import Proxy
from chaos.small_disk import fill, free
from chaos.stage import Stage, freeze
from libs.runtime.nats_server import NatsServer
from tests.support.platforms import ALL_SERVICES, HTTP

Act = Callable[[Stage, random.Random], str]
DOWN_S = 2.0
LATENCY_S = 0.2
SLOW_S = 6.0
AT_ONCE = 256
"""Four deliveries of 64 turns: the most calls in flight."""


class Disturbance(NamedTuple):
    """What is done, when a part of a study's calls between `moments` is made, and how slow its model is meanwhile."""

    act: Act
    moments: tuple[float, float] = (0.0, 0.7)
    is_early: bool = False
    """The first time while its people are drawn."""
    latency_s: float = LATENCY_S
    is_inside: bool = True
    """Whether the study has to be running still when it is over."""
    times: int = 1
    """In one study."""
    twice: int = 0
    """Most calls that may be paid for twice, each time."""
    again: int | None = None
    """Most messages that may be delivered again; however many, where it is None."""


def kill(service: str, on: Stage, chance: random.Random) -> str:
    """kill -9, and start it again after a moment: how long that takes is part of the recovery."""
    process = on.platform.processes[service]
    process.kill()
    in_flight = on.calls()["in_flight"]
    time.sleep(chance.uniform(0, DOWN_S))
    process.start()
    return f"{in_flight} calls in flight"


def _single(on: Stage) -> tuple[NatsServer, Proxy]:
    """The server and what stands before it, where there is one of them."""
    assert isinstance(on.bus.server, NatsServer)
    assert on.bus.proxy is not None
    return on.bus.server, on.bus.proxy


def kill_nats(on: Stage, chance: random.Random) -> str:
    """kill -9 of the server, and start it again over what is on its disk."""
    on.bus.server.kill()
    time.sleep(chance.uniform(0, DOWN_S))
    on.bus.server.start()
    return ""


def lose_nats(on: Stage, chance: random.Random) -> str:
    """The server dies and its disk is gone."""
    server, _ = _single(on)
    server.kill()
    shutil.rmtree(server.directory / "store")
    server.start()
    return ""


def freeze_nats(seconds: float, on: Stage, chance: random.Random) -> str:
    """It neither answers nor closes a connection."""
    server, _ = _single(on)
    assert server.pid is not None
    freeze(server.pid, is_frozen=True)
    try:
        return _readiness_after(on, seconds)
    finally:
        freeze(server.pid, is_frozen=False)


def freeze_postgres(seconds: float, on: Stage, chance: random.Random) -> str:
    """No process of it does anything."""
    on.databases.freeze(is_frozen=True)
    try:
        time.sleep(seconds)
    finally:
        on.databases.freeze(is_frozen=False)
    return ""


def crash_postgres(on: Stage, chance: random.Random) -> str:
    """It recovers from its log; what was not committed is gone."""
    on.databases.crash()
    return ""


def end_connections(on: Stage, chance: random.Random) -> str:
    """As an administrator may."""
    on.databases.server.end_connections()
    return ""


def slow_network(seconds: float, delay_s: float, on: Stage, chance: random.Random) -> str:
    """Everything to NATS and PostgreSQL, and back, comes later."""
    proxies = (_single(on)[1], on.databases.proxy)
    for proxy in proxies:
        proxy.slow(delay_s)
    time.sleep(seconds)
    for proxy in proxies:
        proxy.slow(0)
    return ""


def reset_connections(times: int, on: Stage, chance: random.Random) -> str:
    """Every connection to NATS and PostgreSQL is cut, again and again."""
    cut = 0
    for _ in range(times):
        cut += _single(on)[1].reset() + on.databases.proxy.reset()
        time.sleep(chance.uniform(0.3, 1.0))
    return f"{cut} connections cut"


def strand_connections(on: Stage, chance: random.Random) -> str:
    """The other ends of all connections to NATS and PostgreSQL are gone, and nobody has said so."""
    return f"{_single(on)[1].strand() + on.databases.proxy.strand()} connections half open"


def cut_off(which: str, seconds: float, on: Stage, chance: random.Random) -> str:
    """What is sent arrives nowhere, and nobody says so."""
    proxy = _single(on)[1] if which == "NATS" else on.databases.proxy
    proxy.deafen(True)
    time.sleep(seconds)
    proxy.deafen(False)
    return ""


def ignore_newcomers(seconds: float, on: Stage, chance: random.Random) -> str:
    """Every connection to PostgreSQL is cut, and who connects is not answered."""
    on.databases.proxy.deafen(True)
    cut = on.databases.proxy.reset()
    time.sleep(seconds)
    on.databases.proxy.deafen(False)
    return f"{cut} connections cut"


def fill_disk(on: Stage, chance: random.Random) -> str:
    """Not a byte is left for NATS for a while. It writes again only once it was started anew (nats-server 2.15)."""
    server, _ = _single(on)
    left = fill(server.directory / "store")
    try:
        said = _readiness_after(on, 10.0)
    finally:
        free(server.directory / "store")
    server.kill()
    server.start()
    return f"{left // 1024} KiB were left; {said}"


def lose_one(seconds: float, on: Stage, chance: random.Random) -> str:
    """kill -9 of that one of three servers which leads the events; it comes back after a while."""
    cluster = on.bus.server
    assert isinstance(cluster, Cluster)
    number = on.leader()
    cluster.kill_one(number)
    time.sleep(seconds)
    cluster.start()
    return f"server {number}"


def roll(on: Stage, chance: random.Random) -> str:
    """Each service is asked to stop and its successor begins at once, one service after the other."""
    took = {name: process.replace() for name, process in on.platform.processes.items()}
    slowest = max(took, key=lambda name: took[name])
    return f"{slowest} was the slowest to leave, in {took[slowest]:.1f} s"


def _readiness_after(on: Stage, seconds: float) -> str:
    """How long the platform said that it was ready while something was gone."""
    begun, noticed = time.monotonic(), None
    while time.monotonic() - begun < seconds:
        if noticed is None and HTTP.get(f"{on.url}/readyz").status_code != 200:
            noticed = time.monotonic() - begun
        time.sleep(0.1)
    return "readiness did not say so" if noticed is None else f"not ready after {noticed:.1f} s"


WHOLE = (0.0, 1.0)
KILLS_EACH = 4
KILLS: Mapping[str, Disturbance] = {
    **{
        f"kill -9 of {service}": Disturbance(
            partial(kill, service),
            moments=WHOLE,
            is_early=True,
            is_inside=False,
            times=KILLS_EACH,
            twice=AT_ONCE if service == "models" else 0,
        )
        for service in ALL_SERVICES
    },
    "kill -9 of nats-server": Disturbance(kill_nats, moments=WHOLE, is_early=True, is_inside=False, times=KILLS_EACH),
}
LOSSES: Mapping[str, Disturbance] = {
    "kill -9 of the leader of three nats-servers for 8 s": Disturbance(
        partial(lose_one, 8.0), (0.0, 0.2), latency_s=3.0
    )
}
FULL_DISK: Mapping[str, Disturbance] = {"disk of nats-server full for 10 s": Disturbance(fill_disk)}
OUTAGES: Mapping[str, Disturbance] = {
    "nats-server stopped for 3 s": Disturbance(partial(freeze_nats, 3.0)),
    "nats-server stopped for 30 s": Disturbance(partial(freeze_nats, 30.0)),
    "the store of nats-server deleted": Disturbance(lose_nats),
    "PostgreSQL stopped for 10 s": Disturbance(partial(freeze_postgres, 10.0)),
    "PostgreSQL crashed": Disturbance(crash_postgres),
    "connections of PostgreSQL ended": Disturbance(end_connections),
    "network 50 ms slower each way for 10 s": Disturbance(partial(slow_network, 10.0, 0.05), (0.0, 0.2), latency_s=3.0),
    "connections cut five times": Disturbance(partial(reset_connections, 5), (0.0, 0.3), latency_s=1.0),
    "connections left half open": Disturbance(strand_connections),
    "cut off from NATS for 15 s": Disturbance(partial(cut_off, "NATS", 15.0)),
    "cut off from PostgreSQL for 15 s": Disturbance(partial(cut_off, "PostgreSQL", 15.0)),
    "nobody can connect to PostgreSQL for 25 s": Disturbance(partial(ignore_newcomers, 25.0)),
}
RESTARTS: Mapping[str, Disturbance] = {
    "SIGTERM to each service in turn": Disturbance(roll, (0.0, 0.1), latency_s=SLOW_S, again=0)
}
