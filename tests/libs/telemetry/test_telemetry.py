"""Logs are one JSON object a line with the correlation id; spans continue the trace they were sent."""

import asyncio
import io
import json
import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from libs.telemetry import configure_logs, correlation_id, inject_traceparent, observed_loop, span
from libs.telemetry.logs import NOISY
from libs.telemetry.loop import EVERY_S
from libs.telemetry.metrics import LOOP_LAG
from tests.support.traces import recorded_spans


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in NOISY}
    stream = io.StringIO()
    configure_logs("INFO", stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


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


def test_a_span_names_what_else_caused_it_once_each(exporter: InMemorySpanExporter) -> None:
    causes = []
    for _ in range(2):
        with span("cause") as cause:
            causes.append((cause.get_span_context().trace_id, inject_traceparent()))
    with span("batch", links=[causes[0][1], causes[1][1], causes[1][1], None, "nonsense"]):
        pass
    batch = exporter.get_finished_spans()[-1]
    assert [link.context.trace_id for link in batch.links] == [trace for trace, _ in causes]


async def test_a_blocked_event_loop_is_seen() -> None:
    def late() -> float:
        buckets = LOOP_LAG.labels("blocked").collect()[0].samples
        return sum(each.value for each in buckets if each.name.endswith("_sum"))

    async with observed_loop("blocked"):
        await asyncio.sleep(0)
        time.sleep(EVERY_S + 0.2)
        await asyncio.sleep(0.05)
    assert late() >= 0.15


def test_metrics_are_made_in_one_place() -> None:
    """What is made elsewhere would be in no list, on no dashboard and in no alert."""
    root = Path(__file__).parents[3]
    makers = re.compile(r"prometheus_client import .*\b(Counter|Gauge|Histogram|Summary|Info|Enum)\b")
    found = {
        str(file.relative_to(root))
        for folder in ("libs", "services")
        for file in (root / folder).rglob("*.py")
        if "node_modules" not in file.parts and makers.search(file.read_text())
    }
    assert found == {"libs/telemetry/metrics.py"}
