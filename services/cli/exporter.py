"""What nats-server says of its streams and consumers (`/jsz`), in Prometheus' format, asked for with every scrape.

In a cluster every server tells of the streams it keeps; only the one that leads a stream or consumer knows its numbers.
"""

import asyncio
import json
import signal
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from libs.telemetry.metrics import (
    CONSUMER_PENDING,
    CONSUMER_REDELIVERED,
    CONSUMER_UNSETTLED,
    JETSTREAM_UP,
    STREAM_BYTES,
    STREAM_LAST,
    STREAM_MESSAGES,
    Reported,
)
from services.cli.exits import Exit, StopError, say

ASK_S = 5.0
EVERYTHING = "accounts=1&streams=1&consumers=1&config=1"
STATES = {STREAM_MESSAGES: "messages", STREAM_BYTES: "bytes", STREAM_LAST: "last_seq"}
NUMBERS = {
    CONSUMER_PENDING: "num_pending",
    CONSUMER_UNSETTLED: "num_ack_pending",
    CONSUMER_REDELIVERED: "num_redelivered",
}
EPHEMERAL = "ephemeral"
"""What consumers are called together that live as long as a page is open: names of theirs have no bounds."""
Samples = dict[Reported, dict[tuple[str, ...], float]]


class JetStream(Collector):
    """Asks servers when it is asked."""

    def __init__(self, servers: Sequence[str]) -> None:
        self._servers = servers

    def collect(self) -> Iterable[Metric]:
        """One sample of each stream and consumer, and one of each server."""
        samples: Samples = {each: {} for each in (*STATES, *NUMBERS, JETSTREAM_UP)}
        for server in self._servers:
            try:
                name, told = _ask(f"{server}/varz")["server_name"], _ask(f"{server}/jsz?{EVERYTHING}")
            except (OSError, ValueError, KeyError):
                samples[JETSTREAM_UP][(server,)] = 0.0
                continue
            samples[JETSTREAM_UP][(server,)] = 1.0
            _read(samples, str(name), told)
        for metric, values in samples.items():
            family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for labels, value in values.items():
                family.add_metric(labels, value)
            yield family


def _read(samples: Samples, server: str, told: Mapping[str, Any]) -> None:
    """What a server tells of the streams and consumers that it leads; alone it leads all of them."""
    for account in told.get("account_details") or ():
        for stream in account.get("stream_detail") or ():
            if _leader(stream) in {None, server}:
                for metric, name in STATES.items():
                    samples[metric][(stream["name"],)] = float(stream["state"].get(name, 0))
            for consumer in stream.get("consumer_detail") or ():
                if _leader(consumer) in {None, server}:
                    labels = (str(stream["name"]), _name(consumer))
                    for metric, name in NUMBERS.items():
                        samples[metric][labels] = samples[metric].get(labels, 0.0) + consumer.get(name, 0)


def _ask(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url, timeout=ASK_S) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def _leader(detail: Mapping[str, Any]) -> str | None:
    leader: str | None = (detail.get("cluster") or {}).get("leader")
    return leader


def _name(consumer: Mapping[str, Any]) -> str:
    return str(consumer["name"]) if (consumer.get("config") or {}).get("durable_name") else EPHEMERAL


async def serve(servers: Sequence[str], host: str, port: int) -> Exit:
    """Answer scrapes until SIGTERM or SIGINT."""
    registry = CollectorRegistry()
    registry.register(JetStream(servers))
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise StopError(Exit.FAILED, f"cannot listen on {host}:{port}: {error.strerror}") from error
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    say(f"http://{host}:{server.server_port}/metrics")
    try:
        await stopping.wait()
    finally:
        server.shutdown()
        await asyncio.to_thread(thread.join)
    return Exit.COMPLETED
