"""Logs with correlation ids, Prometheus metrics named in one place, OpenTelemetry traces carried over HTTP and NATS."""

from libs.telemetry.absences import Absences
from libs.telemetry.logs import configure_logs, correlation_id
from libs.telemetry.loop import observed_loop
from libs.telemetry.metrics import exposition, metrics_served
from libs.telemetry.requests import observe_request
from libs.telemetry.traces import configure_traces, inject_traceparent, span

__all__ = [
    "Absences",
    "configure_logs",
    "configure_traces",
    "correlation_id",
    "exposition",
    "inject_traceparent",
    "metrics_served",
    "observe_request",
    "observed_loop",
    "span",
]
