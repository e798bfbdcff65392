"""A whole platform to be disturbed: a process per service on PostgreSQL, a nats-server, a model endpoint, and proxies
between the services and the first two. All of it is real; only the language model is a stand-in.
"""

import asyncio
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import nats
import psutil
from nats.js.errors import NotFoundError

from chaos.overheard import Overheard, overheard
from chaos.proxy import Proxy
from chaos.receiver import EVENTS as TOLD
from chaos.receiver import Receiver
from chaos.study import MODEL
from libs.bus.streams import COMMANDS, DEAD_LETTERS, EVENTS
from libs.runtime.nats_server import NatsServer
from tests.support.platforms import HTTP, DistributedPlatform, Process, free_port
from tests.support.postgres import PostgresServer, running_postgres

SOCKET = ".s.PGSQL.5432"
MEMORY = "/dev/shm"
HOOKED = {
    "REHEARSAL_WEBHOOKS_SECRETS_KEY": "a key that only trials of faults have",
    "REHEARSAL_WEBHOOKS_ALLOW_HTTP": "true",
    "REHEARSAL_WEBHOOKS_ALLOWED_NETWORKS": '["127.0.0.0/8"]',
}


class Databases:
    """PostgreSQL as the services see it, through a proxy, and as who breaks it sees it."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._folder = Path(parse_qs(urlsplit(server.create_database()).query)["host"][0])
        self.proxy = Proxy(self._folder / SOCKET)
        self.of: dict[str, str] = {}
        """The direct URL of each database that was made, in the order of the services."""

    def create_database(self) -> str:
        """The URL of a new database, through the proxy."""
        url = self.server.create_database()
        self.of[f"{len(self.of)}"] = url
        parts = urlsplit(url)
        return f"postgresql://{parts.username}:{parts.password or ''}@127.0.0.1:{self.proxy.port}{parts.path}"

    @property
    def postmaster(self) -> psutil.Process:
        """The server's first process."""
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            if command and Path(command[0]).name == "postgres" and any(str(self._folder) in part for part in command):
                return process
        raise AssertionError(f"no postgres over {self._folder}")

    def crash(self) -> None:
        """kill -9 of a process of it: the server ends all others at once and recovers from its log."""
        backends = [each for each in self.postmaster.children() if "idle" in " ".join(each.cmdline())]
        backends[0].kill()

    def freeze(self, *, is_frozen: bool) -> None:
        """Stop or continue every process of it."""
        family = [self.postmaster, *self.postmaster.children(recursive=True)]
        for process in family:
            process.send_signal(signal.SIGSTOP if is_frozen else signal.SIGCONT)


class Server(Protocol):
    """A NATS server, or several that are one."""

    @property
    def url(self) -> str:
        """Where clients connect."""

    def start(self) -> None:
        """Start it, or what of it does not run."""

    def kill(self) -> None:
        """kill -9 of all of it."""


class Bus:
    """NATS as the services see it; a single server through a proxy."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.proxy = Proxy(server.port or 0) if isinstance(server, NatsServer) else None

    @property
    def url(self) -> str:
        """Where services connect."""
        return self.server.url if self.proxy is None else f"nats://127.0.0.1:{self.proxy.port}"


class Stage:
    """What is disturbed."""

    def __init__(
        self,
        platform: DistributedPlatform,
        bus: Bus,
        databases: Databases,
        receiver: Receiver,
        answers: Overheard,
        provider: str,
    ) -> None:
        self.platform = platform
        self.bus = bus
        self.answers = answers
        self.databases = databases
        self.receiver = receiver
        self._provider = provider

    @property
    def url(self) -> str:
        """Of the gateway."""
        return self.platform.url

    def provide(self, latency_s: float = 0.1, fault: str | None = None, share: float = 0.0) -> dict[str, int]:
        """Have the model endpoint behave like this; the calls up to now, which are counted anew."""
        wanted = {"latency_s": latency_s, "counts_prefixes": False, "fault": fault, "share": share}
        counts: dict[str, int] = HTTP.post(f"{self._provider}/control", json=wanted).json()
        return counts

    def calls(self) -> dict[str, int]:
        """What the model endpoint was asked since."""
        counts: dict[str, int] = HTTP.get(f"{self._provider}/counts").json()
        return counts

    def forget_calls(self) -> None:
        """Empty the ledger, so that the same study has to be paid for again."""
        self.databases.server.run("TRUNCATE calls, cache_hits", self.database_of("models"))

    def database_of(self, service: str) -> str:
        """The direct URL of a service's database."""
        return self.databases.of[str(list(self.platform.processes).index(service))]

    def tell(self) -> None:
        """Have the receiver told by a webhook."""
        wanted = {"name": "What happens", "url": self.receiver.url, "events": list(TOLD)}
        HTTP.post(f"{self.url}/webhooks", json=wanted).raise_for_status()

    def dead_letters(self) -> int:
        """How many there are."""
        return int(_in_a_thread(_messages(self.bus.server.url, DEAD_LETTERS)))

    def leader(self) -> int:
        """Which server of a cluster leads the stream of events."""
        return int(_in_a_thread(_leader(self.bus.server.url)))

    def redeliveries(self) -> int:
        """How often messages were handed to consumers so far, beyond once each."""
        return int(_in_a_thread(_redelivered(self.bus.server.url)))


@contextmanager
def stage(directory: Path, server: Server | None = None, **settings: str) -> Iterator[Stage]:
    """A platform that runs, with a NATS server of its own unless one is given."""
    with ExitStack() as stack:
        own = directory / "postgres"
        own.mkdir()
        databases = Databases(stack.enter_context(running_postgres(own)))
        stack.callback(databases.proxy.close)
        server = server or NatsServer(directory / "nats")
        server.start()
        stack.callback(server.kill)
        bus = Bus(server)
        if bus.proxy is not None:
            stack.callback(bus.proxy.close)
        port = free_port()
        address = f"http://127.0.0.1:{port}/v1"
        provider = Process([sys.executable, "-m", "chaos.provider", str(port)], {}, directory / "provider.log", address)
        provider.start()
        stack.callback(provider.stop)
        upstream = {
            "REHEARSAL_MODELS_UPSTREAM_URL": address,
            "REHEARSAL_MODELS_UPSTREAM_MODELS": MODEL,
            "REHEARSAL_MODELS_PROBE": "false",
        }
        platform = stack.enter_context(DistributedPlatform(directory, databases, bus, **HOOKED, **upstream, **settings))
        receiver = Receiver()
        stack.callback(receiver.close)
        answers = stack.enter_context(overheard(server.url))
        yield Stage(platform, bus, databases, receiver, answers, address)


@contextmanager
def folder() -> Iterator[Path]:
    """One for a stage, in memory where there is such a place: no power is cut here, and a disk would only be slow."""
    where = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="rehearsal-chaos-", dir=where) as directory:
        yield Path(directory)


@contextmanager
def plain(**settings: str) -> Iterator[Stage]:
    """One that keeps its files nowhere."""
    with folder() as directory, stage(directory, None, **settings) as on:
        yield on


async def _messages(url: str, stream: str) -> int:
    connection = await nats.connect(url.split(","))
    try:
        return int((await connection.jetstream(timeout=10).stream_info(stream)).state.messages)
    except NotFoundError:
        return 0
    finally:
        await connection.close()


async def _leader(url: str) -> int:
    connection = await nats.connect(url.split(","))
    try:
        cluster = (await connection.jetstream(timeout=10).stream_info(EVENTS)).cluster
        assert cluster is not None, "there is no cluster"
        return int(str(cluster.leader).removeprefix("n"))
    finally:
        await connection.close()


async def _redelivered(url: str) -> int:
    connection = await nats.connect(url.split(","))
    try:
        js, extra = connection.jetstream(timeout=10), 0
        for stream in (EVENTS, COMMANDS):
            held = (await js.stream_info(stream, subjects_filter=">")).state.subjects or {}
            last = (await js.stream_info(stream)).state.last_seq
            consumers = await js.consumers_info(stream)
            if stream == COMMANDS:  # each command has one consumer, and is gone when it is done
                delivered = sum(each.delivered.consumer_seq for each in consumers if each.delivered)
                extra += delivered - last + sum(held.values())
                continue
            for each in consumers:
                if each.delivered is not None and each.config.filter_subject:
                    extra += each.delivered.consumer_seq - _matching(held, each.config.filter_subject)
        return extra
    finally:
        await connection.close()


def _matching(held: dict[str, int], pattern: str) -> int:
    wanted = pattern.split(".")
    return sum(
        number
        for subject, number in held.items()
        if len(parts := subject.split(".")) == len(wanted)
        and all(want in ("*", part) for want, part in zip(wanted, parts, strict=True))
    )


def _in_a_thread(work: Coroutine[Any, Any, Any]) -> Any:
    """Whoever asks has an event loop running, and may block it."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(work)))
    thread.start()
    thread.join()
    if not found:
        raise AssertionError("it failed, see above")
    return found[0]


def freeze(pid: int, *, is_frozen: bool) -> None:
    """Stop or continue a process."""
    os.kill(pid, signal.SIGSTOP if is_frozen else signal.SIGCONT)
