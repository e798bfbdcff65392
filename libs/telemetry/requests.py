"""What is observed of an HTTP request: its count, its time and its span."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.trace import SpanKind

from libs.telemetry.metrics import HTTP_REQUESTS, HTTP_SECONDS
from libs.telemetry.traces import span


@contextmanager
def observe_request(
    service: str,
    method: str,
    route: Callable[[], str],
    status: Callable[[], int],
    headers: Mapping[str, str],
) -> Iterator[None]:
    """Observe one request. Route and status are asked for at its end, when they are known."""
    started = time.perf_counter()
    parent = {"traceparent": headers["traceparent"]} if "traceparent" in headers else None
    with span(f"{service} {method}", parent=parent, kind=SpanKind.SERVER) as current:
        try:
            yield
        finally:
            template = route()
            current.update_name(f"{method} {template}")
            current.set_attribute("http.response.status_code", status())
            HTTP_REQUESTS.labels(service, method, template, str(status())).inc()
            HTTP_SECONDS.labels(service, template).observe(time.perf_counter() - started)
