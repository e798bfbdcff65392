"""What is seen of a running platform: every metric that is declared, the trace of a study, what dashboards would show.

One platform with one study over a model endpoint that is too busy at times, looked at by all tests here.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from libs.telemetry import metrics
from tests.architecture.test_observability import ALERTS
from tests.support.collector import Collector, SpanSeen, collecting
from tests.support.forks import Forked
from tests.support.platforms import HTTP, EmbeddedPlatform, free_port
from tests.support.programs import ROOT, program
from tests.support.studies import start_study, wait_for
from tools.panels import BOARDS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
MODEL = "busy-model"
RULES = ROOT / "deploy" / "observability" / "prometheus" / "alerts.yml"
EXECUTE = "POST /interventions/{intervention_id}/execute"
DELIVERIES = "rehearsal.cmd.*.communication.deliver-stimulus.v1.*"


class Observed(NamedTuple):
    """Where to look."""

    platform: EmbeddedPlatform
    exporter: str
    collector: Collector
    simulation: str


def wait_until(holds: Callable[[], bool], *, otherwise: Callable[[], object] = lambda: "it did not happen") -> None:
    """Wait; what is not there yet to be asked counts as no."""
    deadline = time.monotonic() + 45
    while True:
        with suppress(httpx.TransportError):
            if holds():
                return
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.2)


@contextmanager
def process(log: Path, *command: str, ready: str) -> Iterator[None]:
    """A helper process that answers at a URL."""
    running = Forked([sys.executable, "-m", *command], os.environ, log)
    try:
        wait_until(lambda: HTTP.get(ready).is_success)
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(20)


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    data, stub, exporter = tmp_path_factory.mktemp("observed"), free_port(), free_port()
    with ExitStack() as stack:
        collector = stack.enter_context(collecting())
        stack.enter_context(
            process(data / "stub.log", "bench.stub", str(stub), ready=f"http://127.0.0.1:{stub}/counts")
        )
        HTTP.post(f"http://127.0.0.1:{stub}/control", json={"capacity": 150}).raise_for_status()
        environment = {
            "REHEARSAL_MODELS_UPSTREAM_URL": f"http://127.0.0.1:{stub}/v1",
            "REHEARSAL_MODELS_UPSTREAM_MODELS": MODEL,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        platform = stack.enter_context(EmbeddedPlatform(data, **environment))
        [ports] = (data / "nats").glob("*.ports")
        monitor = json.loads(ports.read_text())["monitoring"][0]
        at = f"http://127.0.0.1:{exporter}/metrics"
        command = ("services.cli", "nats", "exporter", monitor, "--port", str(exporter))
        stack.enter_context(process(data / "exporter.log", *command, ready=at))
        simulation = start_study(platform.url, model=MODEL)
        assert wait_for(platform.url, simulation)["state"] == "completed"
        start_study(platform.url, model=MODEL)  # again: answered from the ledger
        yield Observed(platform, at, collector, simulation)


def samples(url: str) -> dict[str, set[str]]:
    """The labels of every sample of ours, by its name."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(HTTP.get(url).raise_for_status().text):
        for sample in family.samples:
            if sample.name.startswith(metrics.PREFIX) and not sample.name.endswith(("_created", "_sum", "_count")):
                found.setdefault(sample.name, set()).update(sample.labels.keys() - {"le"})
    return found


def test_every_declared_metric_is_emitted_and_every_emitted_one_declared(observed: Observed) -> None:
    declared = {name: set(labels) for name, labels in metrics.declared().items()}

    def differing() -> list[str]:
        emitted = samples(f"{observed.platform.url}/metrics") | samples(observed.exporter)
        return sorted(name for name in declared | emitted if declared.get(name) != emitted.get(name))

    wait_until(lambda: not differing(), otherwise=differing)


def named(collector: Collector, name: str) -> list[SpanSeen]:
    return [span for span in collector.spans if span.name == name]


def test_a_study_is_one_story_from_the_request_to_the_model(observed: Observed) -> None:
    collector = observed.collector
    wait_until(lambda: bool(named(collector, f"calls {MODEL}") and named(collector, EXECUTE)))
    executed = named(collector, EXECUTE)[0]
    below = {span.name for span in collector.children(executed)}
    assert {"rehearsal.cmd.*.orchestrator.start-simulation.v1.*", f"send {DELIVERIES}"} <= below

    delivery = next(
        span for span in named(collector, DELIVERIES) if executed.trace in {trace for trace, _ in span.links}
    )
    assert delivery.parent == "", "a delivery has a trace of its own, and a link to what sent it"
    worked = {span.name for span in collector.children(delivery)}
    assert {"POST /v1/turns", f"calls {MODEL}"} <= worked
    assert "send rehearsal.evt.*.communication.responses-recorded.v1.*" in worked


def test_no_id_is_part_of_a_name(observed: Observed) -> None:
    assert not [span.name for span in observed.collector.spans if observed.simulation in span.name]
    assert observed.simulation not in HTTP.get(f"{observed.platform.url}/metrics").text


@pytest.fixture(scope="module")
def prometheus(observed: Observed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus with the rules of production that has looked at the platform for some time."""
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    targets = {"services": observed.platform.url, "jetstream": observed.exporter}
    jobs = [
        {"job_name": job, "static_configs": [{"targets": [urlsplit(url).netloc]}], "scrape_interval": "1s"}
        for job, url in targets.items()
    ]
    config = {"rule_files": [str(RULES)], "global": {"evaluation_interval": "1s"}, "scrape_configs": jobs}
    (folder / "prometheus.yml").write_text(json.dumps(config))
    command = [program("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
    with subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stderr=subprocess.DEVNULL) as running:
        try:
            wait_until(lambda: HTTP.get(f"http://127.0.0.1:{port}/-/ready").status_code == 200)
            start_study(observed.platform.url, model=MODEL, seed=8)
            yield f"http://127.0.0.1:{port}"
        finally:
            running.terminate()


PANELS = {f"{board.uid}: {panel.title}": panel for board in BOARDS for row in board.rows.values() for panel in row}


def test_every_panel_of_every_dashboard_shows_something(prometheus: str) -> None:
    silent = [(name, query) for name, panel in PANELS.items() for query in panel.queries.values()]

    def all_have_spoken() -> bool:
        silent[:] = [(name, query) for name, query in silent if not asked(prometheus, query.replace("$rate", "20s"))]
        return not silent

    wait_until(all_have_spoken, otherwise=lambda: silent)


def test_every_rule_can_be_evaluated_and_no_page_goes_out(prometheus: str) -> None:
    groups = HTTP.get(f"{prometheus}/api/v1/rules").raise_for_status().json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert {rule["name"] for rule in rules if rule["type"] == "alerting"} == set(ALERTS)
    wait_until(lambda: asked(prometheus, "rehearsal:http_errors:ratio_rate5m or vector(0)") != [])
    assert [rule["lastError"] for rule in rules if rule.get("lastError")] == []
    firing = [rule["name"] for rule in rules if rule.get("state") == "firing" and rule["labels"]["severity"] == "page"]
    assert firing == []


def asked(prometheus: str, query: str) -> list[Any]:
    answer = HTTP.get(f"{prometheus}/api/v1/query", params={"query": query})
    assert answer.status_code == 200, f"{query}: {answer.text}"
    found: list[Any] = answer.json()["data"]["result"]
    return found
