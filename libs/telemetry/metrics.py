"""Every Prometheus metric of the platform. Labels are templates, states, names of services and models, never ids.

What is declared here is emitted, and nothing else is: dashboards and alerts are held against it. The gauges of an
orchestrator are about all simulations; of several orchestrators each says the same, so take the greatest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SLOW = (0.001, 0.01, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)
PREFIX = "rehearsal_"

HTTP_REQUESTS = Counter("rehearsal_http_requests_total", "HTTP requests", ["service", "method", "route", "status"])
HTTP_SECONDS = Histogram("rehearsal_http_request_seconds", "HTTP request time", ["service", "route"], buckets=_FAST)
BUS_MESSAGES = Counter("rehearsal_bus_messages_total", "Messages handled", ["service", "subject", "outcome"])
BUS_SECONDS = Histogram("rehearsal_bus_handling_seconds", "Handling time", ["service", "subject"], buckets=_FAST)
OUTBOX_PUBLISHED = Counter("rehearsal_outbox_published_total", "Messages published", ["service"])
OUTBOX_UNPUBLISHED = Gauge("rehearsal_outbox_unpublished", "Messages waiting to be published", ["service"])
OUTBOX_AGE = Gauge(
    "rehearsal_outbox_age_seconds",
    "How long the oldest of them has waited, or the database with them has been away",
    ["service"],
)
LOOP_LAG = Histogram(
    "rehearsal_event_loop_lag_seconds", "How late the event loop came back to a timer", ["service"], buckets=_FAST
)
MODEL_CALLS = Counter("rehearsal_model_calls_total", "Calls: made, or answered from the ledger", ["model", "outcome"])
MODEL_SECONDS = Histogram("rehearsal_model_call_seconds", "Time of a call, with its retries", ["model"], buckets=_SLOW)
MODEL_TOKENS = Counter("rehearsal_model_tokens_total", "Tokens of calls that were made", ["model", "kind"])
MODEL_COST = Counter("rehearsal_model_cost_usd_total", "What calls cost that were made", ["model"])
MODEL_REFUSED = Counter("rehearsal_model_refused_total", "Attempts that the endpoint was too busy for (429)", ["model"])
MODEL_ATTEMPTS = Counter(
    "rehearsal_model_attempts_total", "Requests to endpoints, by what came of them", ["model", "verdict"]
)
MODEL_IN_FLIGHT = Gauge("rehearsal_model_in_flight", "Calls in flight at the endpoint", ["model"])
MODEL_LIMIT = Gauge("rehearsal_model_in_flight_limit", "Calls that may be in flight, as the endpoint bears", ["model"])
MODEL_WAITING = Gauge("rehearsal_model_waiting", "Calls that wait for their turn", ["model"])
SIMULATIONS = Gauge("rehearsal_simulations", "Simulations by state", ["state"])
SIMULATIONS_STALLED = Gauge("rehearsal_simulations_stalled", "Simulations in which nothing moves", ["state"])
TURNS = Counter("rehearsal_turns_total", "Turns that were recorded", ["status"])


class Reported(NamedTuple):
    """A metric that is read elsewhere when it is asked for."""

    name: str
    help: str
    labels: tuple[str, ...]


STREAM_MESSAGES = Reported("rehearsal_jetstream_stream_messages", "Messages in a stream", ("stream",))
STREAM_BYTES = Reported("rehearsal_jetstream_stream_bytes", "Size of a stream", ("stream",))
STREAM_LAST = Reported("rehearsal_jetstream_stream_last_sequence", "Number of a stream's last message", ("stream",))
_CONSUMER = ("stream", "consumer")
CONSUMER_PENDING = Reported("rehearsal_jetstream_consumer_pending", "Messages not delivered yet: its lag", _CONSUMER)
CONSUMER_UNSETTLED = Reported("rehearsal_jetstream_consumer_ack_pending", "Delivered, not acknowledged", _CONSUMER)
CONSUMER_REDELIVERED = Reported("rehearsal_jetstream_consumer_redelivered", "Of those, delivered again", _CONSUMER)
JETSTREAM_UP = Reported("rehearsal_jetstream_up", "1 when nats-server could be asked", ("server",))


def declared() -> dict[str, tuple[str, ...]]:
    """The labels of every metric, by the name under which samples of it appear."""
    own = [each for each in globals().values() if isinstance(each, Counter | Gauge | Histogram)]
    found = {_sample_name(metric): metric._labelnames for metric in own}
    return found | {each.name: each.labels for each in globals().values() if isinstance(each, Reported)}


def _sample_name(metric: Counter | Gauge | Histogram) -> str:
    suffix = {Counter: "_total", Histogram: "_bucket"}.get(type(metric), "")
    return f"{metric._name}{suffix}"


def exposition() -> tuple[bytes, str]:
    """The metrics of this process in Prometheus' text format, and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST


@contextmanager
def metrics_served(host: str, port: int) -> Iterator[None]:
    """The metrics of this process at a port of their own as long as the context lasts; at port 0 nowhere."""
    if not port:
        yield
        return
    from prometheus_client import start_http_server

    server, thread = start_http_server(port, host)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
