"""Logs are one JSON object a line with the correlation id; spans continue the trace they were sent."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from libs.telemetry import configure_logs, correlation_id, inject_traceparent, span
from tests.support.traces import recorded_spans


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logs("INFO", stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    return recorded_spans()


def test_a_log_line_is_json_with_correlation_id_and_extra_fields(log: io.StringIO) -> None:
    token = correlation_id.set("flow-1")
    logging.getLogger("x").info("answered %s turns", 3, extra={"simulation_id": "sim_1"})
    correlation_id.reset(token)
    entry = json.loads(log.getvalue())
    assert (entry["message"], entry["level"], entry["logger"]) == ("answered 3 turns", "info", "x")
    assert (entry["correlation_id"], entry["simulation_id"]) == ("flow-1", "sim_1")


def test_what_somebody_typed_cannot_forge_a_log_line(log: io.StringIO) -> None:
    logging.getLogger("x").warning("name: %s", 'a\n{"level":"critical"}\r\x1b[31m')
    assert len(log.getvalue().splitlines()) == 1
    assert json.loads(log.getvalue())["level"] == "warning"


def test_an_error_carries_its_traceback(log: io.StringIO) -> None:
    try:
        raise LookupError("gone")
    except LookupError:
        logging.getLogger("x").exception("failed")
    assert "LookupError: gone" in json.loads(log.getvalue())["exception"]


def test_a_span_continues_the_trace_of_its_parent(exporter: InMemorySpanExporter) -> None:
    with span("sender"):
        traceparent = inject_traceparent()
    assert traceparent is not None
    with span("receiver", parent={"traceparent": traceparent}):
        pass
    sender, receiver = exporter.get_finished_spans()[-2:]
    assert receiver.context is not None
    assert sender.context is not None
    assert receiver.parent is not None
    assert receiver.context.trace_id == sender.context.trace_id
    assert receiver.parent.span_id == sender.context.span_id


def test_a_parent_that_makes_no_sense_starts_a_new_trace(exporter: InMemorySpanExporter) -> None:
    with span("receiver", parent={"traceparent": "nonsense"}):
        pass
    assert exporter.get_finished_spans()[-1].parent is None
