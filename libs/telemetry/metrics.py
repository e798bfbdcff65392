"""Every Prometheus metric of the platform, by name. Labels are templates and service names, never ids."""

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

HTTP_REQUESTS = Counter("rehearsal_http_requests_total", "HTTP requests", ["service", "method", "route", "status"])
HTTP_SECONDS = Histogram("rehearsal_http_request_seconds", "HTTP request time", ["service", "route"], buckets=_FAST)
BUS_MESSAGES = Counter("rehearsal_bus_messages_total", "Messages handled", ["service", "subject", "outcome"])
BUS_SECONDS = Histogram("rehearsal_bus_handling_seconds", "Handling time", ["service", "subject"], buckets=_FAST)
OUTBOX_PUBLISHED = Counter("rehearsal_outbox_published_total", "Messages published", ["service"])
OUTBOX_UNPUBLISHED = Gauge("rehearsal_outbox_unpublished", "Messages waiting to be published", ["service"])


def exposition() -> tuple[bytes, str]:
    """The metrics of this process in Prometheus' text format, and its content type."""
    return generate_latest(), CONTENT_TYPE_LATEST
