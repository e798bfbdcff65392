"""Dashboards, alerts and runbooks agree with the metrics and with each other."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from libs.telemetry import metrics
from tests.support.programs import program
from tools.panels import BOARDS

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "observability" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
GROUPS = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
RULES = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
QUERIES = [
    query for board in BOARDS for row in board.rows.values() for panel in row for query in panel.queries.values()
]
NAME = re.compile(r"\brehearsal_\w+")


@pytest.mark.parametrize("query", [*QUERIES, *(rule["expr"] for rule in RULES)])
def test_a_query_names_metrics_that_exist(query: str) -> None:
    assert set(NAME.findall(query)) <= metrics.declared().keys()


def test_every_metric_is_on_a_dashboard() -> None:
    shown = {name for query in QUERIES for name in NAME.findall(query)}
    assert metrics.declared().keys() == shown


def test_every_alert_has_its_runbook_and_every_runbook_its_alert() -> None:
    named = {ROOT / rule["annotations"]["runbook"] for rule in ALERTS.values()}
    assert named == set(RUNBOOKS.glob("*.md"))
    for name, rule in ALERTS.items():
        assert f"`{name}`" in (ROOT / rule["annotations"]["runbook"]).read_text()
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_what_a_panel_says_about_runbooks_is_there() -> None:
    helps = " ".join(panel.help for board in BOARDS for row in board.rows.values() for panel in row)
    for named in re.findall(r"docs/runbooks/[\w-]+\.md", helps):
        assert (ROOT / named).exists(), named


def test_every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    tests = yaml.safe_load((PROMETHEUS / "alerts.test.yml").read_text())["tests"]
    checks = [check for test in tests for check in test["alert_rule_test"]]
    for name in ALERTS:
        assert {bool(check["exp_alerts"]) for check in checks if check["alertname"] == name} == {True, False}


@pytest.mark.parametrize("arguments", [("check", "config", "prometheus.yml"), ("test", "rules", "alerts.test.yml")])
def test_promtool_agrees(arguments: tuple[str, ...]) -> None:
    checked = subprocess.run(
        [program("promtool"), *arguments], cwd=PROMETHEUS, capture_output=True, text=True, timeout=60
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
