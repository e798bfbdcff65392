"""The command as a user types it: what goes where, and how it ends."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import rehearsal

NOWHERE = "http://127.0.0.1:9"


def started(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """A process of its own."""
    command = [sys.executable, "-m", "services.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_help_lists_the_commands_and_documents_the_exit_codes() -> None:
    done = started("--help")
    assert done.returncode == 0
    for command in ("run", "estimate", "watch", "ls", "results", "replay", "doctor", "up"):
        assert f"  {command} " in done.stdout
    text = " ".join(done.stdout.split())
    assert "0 completed · 1 the run failed · 2 invalid study or usage · 3 platform not reachable" in text


def test_help_loads_nothing_it_does_not_need() -> None:
    code = (
        "import sys, services.cli.app; print([m for m in ('httpx', 'pydantic', 'fastapi', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_an_invalid_study_ends_with_2_before_any_platform_is_looked_for(tmp_path: Path) -> None:
    study = tmp_path / "bad.yaml"
    study.write_text(Path("examples/email_ab.yaml").read_text().replace("open_rate,", "open_rat,"))
    done = rehearsal("run", str(study), "--url", NOWHERE, "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "line 34: intervention.success_metrics[0]" in done.stderr
    assert "did you mean 'open_rate'?" in done.stderr


def test_wrong_usage_ends_with_2() -> None:
    assert rehearsal("run").returncode == 2
    assert rehearsal("run", "missing.yaml").returncode == 2


@pytest.mark.parametrize("command", [["ls"], ["results", "sim_1"], ["run", "examples/email_ab.yaml"]])
def test_a_named_platform_that_does_not_answer_ends_with_3(command: list[str]) -> None:
    done = rehearsal(*command, REHEARSAL_URL=NOWHERE)
    assert done.returncode == 3
    assert done.stdout == ""
    assert f"No platform answers at {NOWHERE}" in done.stderr
    assert "rehearsal up" in done.stderr


def test_a_port_in_use_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        done = started("up", "--port", str(other.getsockname()[1]), "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "Choose another --port" in done.stderr
    assert not (tmp_path / "data").exists()


def test_doctor_finds_this_machine_healthy_and_a_named_platform_missing(tmp_path: Path) -> None:
    healthy = rehearsal("doctor", "--data", str(tmp_path / "new" / "data"), "--port", "8999", "--json")
    outcomes = {check["name"]: check["outcome"] for check in json.loads(healthy.stdout)["checks"]}
    assert outcomes["Python"] == outcomes["nats-server"] == outcomes["data directory"] == "ok"
    assert not (tmp_path / "new").exists()
    missing = rehearsal("doctor", "--data", str(tmp_path), "--url", NOWHERE)
    assert missing.returncode == 1
    assert "No platform answers" in missing.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("content: q\nmetrics: [{name: a, type: numeric, question: q, scale: [.nan, .inf]}]", "lowest < highest"),
        ("touchpoints: [{name: a, content: hi}]\nstarts_at: 0001-01-01T00:00:00+14:00", "starts_at"),
        ("content: hi\nfoo: 1", "foo"),
        ("- content", "is not a mapping"),
    ],
)
def test_what_no_talk_can_be_asked_ends_with_2_before_any_platform_is_looked_for(
    tmp_path: Path, text: str, said: str
) -> None:
    asked = tmp_path / "ask.yaml"
    asked.write_text(text, encoding="utf-8")
    refused = rehearsal("talk", "ask", "sim_1", str(asked), "--url", NOWHERE)
    assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
