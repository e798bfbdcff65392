"""A collector of OpenTelemetry: takes spans over OTLP/HTTP, as the exporter sends them, and keeps them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class SpanSeen(NamedTuple):
    """A span as it was sent; ids are hexadecimal, an absent parent is empty."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    links: tuple[tuple[str, str], ...]


class Collector:
    """What has come."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[SpanSeen] = []

    def add(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            service = next(
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            )
            self.spans += [_seen(service, span) for scope in resource.scope_spans for span in scope.spans]

    def children(self, of: SpanSeen) -> list[SpanSeen]:
        """All below a span in its trace."""
        found = [span for span in self.spans if span.trace == of.trace and span.parent == of.id]
        return found + [below for child in found for below in self.children(child)]


def _seen(service: str, span: Any) -> SpanSeen:
    links = tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links)
    return SpanSeen(service, span.name, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), links)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.add(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
