"""The examples for systems outside do what they say, against a whole platform, and their answers can be seen."""

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import rehearsal
from tests.support.platforms import HTTP, EmbeddedPlatform, free_port
from tests.support.studies import bodies

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
EXAMPLES = Path(__file__).parents[2] / "examples" / "external"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    inside = {"REHEARSAL_WEBHOOKS_ALLOW_HTTP": "true", "REHEARSAL_WEBHOOKS_ALLOWED_NETWORKS": '["127.0.0.0/8"]'}
    with EmbeddedPlatform(tmp_path_factory.mktemp("external"), outsiders=["shop"], **inside) as platform:
        yield platform


@pytest.fixture(scope="module")
def population(platform: EmbeddedPlatform) -> str:
    body = {**bodies()[0], "seed": 7}
    return str(HTTP.post(f"{platform.url}/agent-populations/create", json=body).raise_for_status().json()["id"])


@pytest.fixture(scope="module")
def credentials(platform: EmbeddedPlatform) -> Path:
    return platform.data / "external" / "shop.json"


def ran(*command: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    variables = {**os.environ, **environment}
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=180)


def test_with_nats_py_an_intervention_runs_to_its_verdict(
    platform: EmbeddedPlatform, population: str, credentials: Path
) -> None:
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    publish = (sys.executable, EXAMPLES / "publish.py", credentials)
    done = ran(*publish, population, "shop-1")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("published as EVENTS ")
    assert {"intervention-created ", "simulation-state-changed running"} <= set(lines)
    assert "grade C" in lines[-1]
    seen = HTTP.get(f"{platform.url}/interventions/requests/shop-1").raise_for_status().json()
    assert (seen["state"], seen["source"]) == ("accepted", "/shop")

    refused = ran(*publish, "pop_none")
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "population_id" in refused.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_with_curl_it_is_told_what_became_of_it(platform: EmbeddedPlatform, population: str) -> None:
    done = ran(EXAMPLES / "publish.sh", population, "shop-2", REHEARSAL_URL=platform.url)
    assert done.returncode == 0, done.stdout + done.stderr
    accepted, outcome = map(json.loads, done.stdout.splitlines())
    assert (accepted["id"], accepted["is_duplicate"], outcome["state"]) == ("shop-2", False, "accepted")
    again = ran(EXAMPLES / "publish.sh", population, "shop-2", REHEARSAL_URL=platform.url)
    duplicate, same = map(json.loads, again.stdout.splitlines())
    assert duplicate["is_duplicate"]
    assert same == outcome


@pytest.fixture
def path_with_nats(tmp_path: Path) -> str:
    """A PATH on which the `nats` command is: the real one, or a stand-in that takes the same arguments."""
    if shutil.which("nats") is None:
        command = tmp_path / "nats"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.support.nats_command "$@"\n')
        command.chmod(0o755)
    return f"{tmp_path}{os.pathsep}{os.environ['PATH']}"


def test_with_the_nats_command_it_is_acknowledged_and_done(
    platform: EmbeddedPlatform, population: str, credentials: Path, path_with_nats: str
) -> None:
    done = ran(EXAMPLES / "publish_nats.sh", credentials, population, PATH=path_with_nats)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"stream":"EVENTS"' in done.stdout.replace(" ", "")
    deadline = time.monotonic() + 30
    while not (done_by := _made_by_script(platform)):
        assert time.monotonic() < deadline, "nobody answers for it"
        time.sleep(0.05)
    assert [one["source"] for one in done_by] == ["/shop"]


def _made_by_script(platform: EmbeddedPlatform) -> list[dict[str, Any]]:
    """Requests whose id is a UUID; the others are named by these tests, or by publish.py after what it could not do."""
    items = HTTP.get(f"{platform.url}/interventions/requests").raise_for_status().json()["items"]
    return [one for one in items if len(one["request_id"]) == 36 and one["state"] == "accepted"]


def test_a_webhook_hears_of_a_study_from_beginning_to_end_and_checks_every_signature(
    platform: EmbeddedPlatform, population: str, credentials: Path, tmp_path: Path
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    events = [part for name in ("simulation-state-changed", "analysis-completed") for part in ("--event", name)]
    made = rehearsal("webhooks", "create", address, *events, "--url", platform.url)
    assert made.returncode == 0, made.stderr

    def webhook() -> dict[str, Any]:
        (listed,) = json.loads(rehearsal("webhooks", "list", "--json", "--url", platform.url).stdout)["items"]
        return dict(listed)

    def waiting() -> int:
        return int(webhook()["notifications"]["waiting"])

    heard = tmp_path / "heard.txt"
    with heard.open("w") as output:
        variables = {**os.environ, "WEBHOOK_SECRET": made.stdout.strip()}
        receiver = subprocess.Popen((sys.executable, EXAMPLES / "receive.py", str(port)), env=variables, stdout=output)
    try:
        done = ran(sys.executable, EXAMPLES / "publish.py", credentials, population, "shop-hooked")
        assert done.returncode == 0, done.stdout + done.stderr
        deadline = time.monotonic() + 30
        while " completed" not in heard.read_text() or "analysis-completed" not in heard.read_text() or waiting():
            assert time.monotonic() < deadline, heard.read_text()
            time.sleep(0.05)
        assert HTTP.post(address, content=b"{}", headers={"webhook-id": "made-up"}).status_code == 401
    finally:
        receiver.terminate()
        receiver.wait(10)
    lines = heard.read_text().splitlines()
    assert len(lines) == len(set(lines))
    assert {line.split(" ")[2] for line in lines} >= {"provisioning", "running", "completed"}
    assert webhook()["notifications"] == {"waiting": 0, "sent": len(lines), "dead": 0}
    told = rehearsal("webhooks", "log", webhook()["id"], "--state", "sent", "--url", platform.url).stdout
    assert len(told.splitlines()) == len(lines)
    assert rehearsal("webhooks", "delete", webhook()["id"], "--url", platform.url).returncode == 0


def test_every_service_had_the_rights_at_nats_that_it_needs(platform: EmbeddedPlatform, population: str) -> None:
    """Each of them is a user there, with what the registry says it may: here after whole interventions."""
    log = (platform.data / "nats" / "nats.log").read_text()
    assert "ready" in log.lower()
    assert [line for line in log.splitlines() if "Violation" in line] == []
