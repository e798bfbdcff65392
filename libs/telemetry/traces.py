"""OpenTelemetry: spans named after templates; nothing is recorded unless an OTLP endpoint is configured."""

import atexit
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

LAST_SPANS_S = 3.0
_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("rehearsal")


def configure_traces(service: str) -> None:
    """Export spans by OTLP/HTTP when OTEL_EXPORTER_OTLP_ENDPOINT is set (needs the `otlp` extra)."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({"service.name": f"rehearsal-{service}"})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    atexit.register(_send_the_rest, provider.shutdown)


def _send_the_rest(shutdown: Callable[[], None]) -> None:
    """Send what is left, and wait for no collector that is away: the library would try for half a minute."""
    sending = threading.Thread(target=shutdown, name="last spans", daemon=True)
    sending.start()
    sending.join(LAST_SPANS_S)


def inject_traceparent() -> str | None:
    """The W3C traceparent of the current span, None outside of one."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


@contextmanager
def span(
    name: str,
    *,
    parent: Mapping[str, str] | None = None,
    kind: SpanKind = SpanKind.INTERNAL,
    links: Iterable[str | None] = (),
    **attributes: str | int,
) -> Iterator[Span]:
    """A span; `parent` are headers that may carry a traceparent, `links` traceparents of what else caused it."""
    context = _propagator.extract(dict(parent)) if parent else None
    found = list(_links(links))
    with _tracer.start_as_current_span(name, context=context, kind=kind, attributes=attributes, links=found) as current:
        yield current


def _links(traceparents: Iterable[str | None]) -> Iterator[Link]:
    for traceparent in dict.fromkeys(traceparents):
        if traceparent is not None:
            linked = trace.get_current_span(_propagator.extract({"traceparent": traceparent})).get_span_context()
            if linked.is_valid:
                yield Link(linked)
