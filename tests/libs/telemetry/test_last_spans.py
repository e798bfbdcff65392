"""A process that ends sends the spans it still has, and waits for no collector that does not answer."""

import os
import socket
import subprocess
import sys
import time

from tests.support.collector import collecting

PROCESS = """
from libs.telemetry import configure_traces, span
configure_traces("results")
with span("the last one"):
    pass
"""


def ended(collector: str) -> float:
    """How long a process with a span takes, in seconds."""
    started = time.monotonic()
    environment = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector}
    subprocess.run([sys.executable, "-c", PROCESS], env=environment, check=True, timeout=60)
    return time.monotonic() - started


def test_what_is_left_is_sent() -> None:
    with collecting() as collector:
        ended(collector.url)
        assert [seen.name for seen in collector.spans] == ["the last one"]


def test_a_collector_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert ended(f"http://127.0.0.1:{silent.getsockname()[1]}") < 9, "the library waits for ten seconds or more"
