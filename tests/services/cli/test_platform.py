"""The command against whole platforms: one that runs already, and ones it starts and stops itself."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import yaml

from tests.support.bulk import wait_for
from tests.support.command import rehearsal
from tests.support.platforms import EmbeddedPlatform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
EXAMPLE = Path("examples/email_ab.yaml").absolute()
COMMAND = [sys.executable, "-m", "services.cli"]
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("REHEARSAL_")}
GRADE = "grade C"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform")) as running:
        yield running


def alive(data: Path) -> list[int]:
    """Processes that have to do with a data directory."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if str(data) in " ".join(process.info["cmdline"] or []):
            found.append(process.pid)
    return found


def gone(data: Path, within_s: float = 20) -> bool:
    deadline = time.monotonic() + within_s
    while alive(data) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not alive(data)


def test_people_are_spoken_to_from_the_terminal(platform: EmbeddedPlatform, tmp_path: Path) -> None:
    spec = {"name": "Panel", "demographic_base": "usa_demographics", "size": 30, "seed": 4}
    population = httpx.post(f"{platform.url}/agent-populations/create", json=spec, timeout=30).json()["id"]
    at = ("--url", platform.url)
    made = rehearsal("talk", "start", population, "--seed", 3, *at, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    simulation = made.stdout.strip()
    for name, talkers in (("focus_group", 12), ("interview", 3), ("journey", 30)):
        asked = rehearsal("talk", "ask", simulation, EXAMPLE.parent / "talk" / f"{name}.yaml", *at, cwd=tmp_path)
        assert asked.returncode == 0, asked.stderr
        speakers = {line.split("] ")[1].split(" : ")[0] for line in asked.stdout.splitlines() if " : " in line}
        assert len(speakers) == talkers, name
        put = [line for line in asked.stdout.splitlines() if "] to those it is for » " in line]
        assert len(put) <= 6, "once for each step"
    nobody = tmp_path / "nobody.yaml"
    nobody.write_text("content: Who is there?\nagent_ids: []\n")
    refused = rehearsal("talk", "ask", simulation, nobody, *at, cwd=tmp_path)
    assert (refused.returncode, "agent_ids: is empty" in refused.stderr) == (2, True)
    answer = rehearsal("talk", "interview", simulation, "agent_0002", *at, cwd=tmp_path, said="Why?\nAnd then?\n")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.count(" : ") == 2
    told = rehearsal("talk", "history", simulation, "--agent", "agent_0002", "--json", *at, cwd=tmp_path)
    contents = [json.loads(line)["content"] for line in told.stdout.splitlines()]
    assert contents.index("Why?") < contents.index("And then?")
    assert rehearsal("export", simulation, "--format", "transcript", *at, cwd=tmp_path).returncode == 0
    text = (tmp_path / f"{simulation}.transcript.md").read_text()
    assert text.startswith(f"# Transcript of {simulation}\n")
    assert len({line.split("**")[1] for line in text.splitlines() if "** (agent_" in line}) >= 12
    assert rehearsal("talk", "end", simulation, *at, cwd=tmp_path).returncode == 0
    refused = rehearsal("talk", "ask", simulation, EXAMPLE.parent / "talk" / "journey.yaml", *at, cwd=tmp_path)
    assert refused.returncode == 4
    assert "completed" in refused.stderr


def test_what_a_study_takes_is_said_before_it_runs(platform: EmbeddedPlatform, tmp_path: Path) -> None:
    shown = rehearsal("estimate", EXAMPLE, "--url", platform.url, cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    lines = [line.split() for line in shown.stdout.splitlines()]
    assert ["calls", "125", "125", "125"] in lines
    assert "prompt tokens (measured)" in shown.stdout
    answered = rehearsal("estimate", EXAMPLE, "--seed", 1, "--json", "--url", platform.url, cwd=tmp_path)
    assert json.loads(answered.stdout)["prompt_tokens"]["likely"] > 125 * 1_000
    refused = rehearsal("estimate", EXAMPLE, "--model", "no-such-model", "--url", platform.url, cwd=tmp_path)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert f"{EXAMPLE}:7" in refused.stderr


def slow_study(tmp_path: Path) -> Path:
    """A study that takes long enough to be interrupted."""
    study: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    study["population"] |= {"size": 2000, "segments": []}
    study["intervention"]["target_segments"] = []
    path = tmp_path / "slow.yaml"
    path.write_text(yaml.safe_dump(study))
    return path


def start_until_running(study: Path, cwd: Path) -> "subprocess.Popen[str]":
    command = [*COMMAND, "run", str(study), "--own", "--data", str(cwd / "data")]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        env=ENVIRONMENT,
        cwd=cwd,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # background jobs are started with it ignored
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("running"):
            return process
    raise AssertionError("it never ran")


def test_a_run_of_its_own_leaves_results_behind_and_nothing_running(tmp_path: Path) -> None:
    command = [*COMMAND, "run", EXAMPLE, "--own", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=ENVIRONMENT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert "Starting a platform" in done.stderr
    assert "completed: 125/125 answered" in done.stderr
    assert GRADE in answer["verdict"]
    assert all(one["evidence"]["caveat"] for one in answer["analysis"]["comparisons"])

    folder = tmp_path / answer["directory"]
    assert folder == tmp_path / "runs" / answer["simulation_id"]
    assert {path.name for path in folder.iterdir()} == {"results.json", "results.csv", "study.lock.yaml", "report.html"}
    csv_bytes = (folder / "results.csv").read_bytes()
    rows = list(csv.DictReader(csv_bytes.decode().splitlines()))
    assert len({row["agent_id"] for row in rows}) == len(rows) == 125
    lock = yaml.safe_load((folder / "study.lock.yaml").read_text())
    assert lock["seed"] == lock["study"]["population"]["seed"] == 20261122
    assert lock["estimate"]["calls"] == {"low": 125, "likely": 125, "high": 125}
    assert lock["estimate"]["prompt_tokens"]["low"] <= lock["usage"]["prompt_tokens"]
    assert lock["usage"]["prompt_tokens"] <= lock["estimate"]["prompt_tokens"]["high"]
    assert lock["plan_hash"] == answer["analysis"]["plan_hash"]
    assert lock["results_csv_sha256"] == hashlib.sha256(csv_bytes).hexdigest()
    assert gone(tmp_path / "runs" / ".platform")


def test_a_list_without_a_key_or_link_says_so(platform: EmbeddedPlatform, tmp_path: Path) -> None:
    for group, said in (("keys", "There is no key.\n"), ("share", "There is no link.\n")):
        listed = rehearsal(group, "list", "--url", platform.url, cwd=tmp_path)
        assert (listed.returncode, listed.stdout, listed.stderr) == (0, "", said)


def test_a_key_for_a_platform_that_asks_for_none_says_so(platform: EmbeddedPlatform, tmp_path: Path) -> None:
    made = rehearsal("keys", "create", "Ben", "--role", "viewer", "--url", platform.url, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert "This platform asks nobody for a key" in made.stderr


def test_a_study_with_a_budget_pauses_at_its_cap_and_goes_on_with_a_higher_one(
    platform: EmbeddedPlatform, tmp_path: Path
) -> None:
    def ask(*arguments: object) -> subprocess.CompletedProcess[str]:
        return rehearsal(*arguments, "--url", platform.url, cwd=tmp_path)

    def is_paused() -> bool:
        return bool(httpx.get(f"{platform.url}/simulations/{simulation}/status").json()["state"] == "paused")

    file = tmp_path / "capped.yaml"
    file.write_text(EXAMPLE.read_text().replace("\npopulation:", "\nbudget: {calls: 40}\npopulation:"))
    study = ask("studies", "add", file).stdout.strip()
    simulation = ask("studies", "run", study).stdout.strip()
    wait_for(is_paused)
    resumed = ask("resume", simulation)
    assert (resumed.returncode, "40 calls are spent of 40" in resumed.stderr) == (0, True), resumed.stderr
    wait_for(is_paused)
    lowered = ask("budget", simulation, "--calls", "20")
    assert lowered.stdout.startswith("paused\n")
    assert "40 calls are spent of 20: it is paused until a higher cap is given." in lowered.stderr
    raised = ask("budget", simulation, "--calls", "500")
    assert (raised.stdout.split("\n")[0], raised.stderr) == ("running", "")
    assert ask("watch", simulation).returncode == 0
    uncapped = ask("studies", "run", study, "--calls", "500").stdout.strip()
    assert ask("watch", uncapped).returncode == 0


def test_a_platform_that_runs_is_used_and_the_verdict_is_printed(platform: EmbeddedPlatform, tmp_path: Path) -> None:
    done = rehearsal("run", EXAMPLE, "--url", platform.url, "--no-report", "--seed", "5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Starting a platform" not in done.stderr
    for part in ("Verdict", "emotional appeal", "rational appeal", "open rate (primary)", "adj. p", "C, 0", GRADE):
        assert part in done.stdout
    power = "Hopeless: the power to find an effect of 0.1 of a share in open_rate is"
    assert done.stderr.index(power) < done.stderr.index("answered")
    assert power in done.stdout
    simulation = next(path.name for path in (tmp_path / "runs").iterdir())
    assert simulation in rehearsal("ls", "--url", platform.url, cwd=tmp_path).stdout
    assert "Drawn from usa_demographics (Adults of the United States) with seed" in done.stdout
    printed = rehearsal("results", simulation, "--url", platform.url, cwd=tmp_path).stdout
    assert GRADE in printed
    assert "Drawn from usa_demographics (Adults of the United States) with seed 5." in printed
    exported = rehearsal("results", simulation, "--url", platform.url, "--json", cwd=tmp_path).stdout
    assert json.loads(exported)["run"]["simulation_id"] == simulation
    cancelled = rehearsal("cancel", simulation, "--url", platform.url, cwd=tmp_path)
    assert (cancelled.returncode, cancelled.stdout) == (0, "completed\n")
    assert "nothing was cancelled" in cancelled.stderr
    watched = rehearsal("watch", simulation, "--url", platform.url, cwd=tmp_path)
    assert watched.returncode == 0
    assert GRADE in watched.stdout
    replayed = rehearsal("replay", simulation, "--url", platform.url, "--json", cwd=tmp_path)
    assert replayed.returncode == 0, replayed.stderr
    comparison = json.loads(replayed.stdout)
    assert comparison["is_equal"]
    assert (comparison["new_model_calls"], comparison["cached_model_calls"]) == (0, 125)
    examined = rehearsal("doctor", "--url", platform.url, "--port", "8999", "--json", cwd=tmp_path)
    assert examined.returncode == 0
    outcomes = {check["name"].strip(): check["outcome"] for check in json.loads(examined.stdout)["checks"]}
    assert outcomes["engine native"] == "ok"
    assert outcomes["engine tinytroupe"] in ("ok", "note")


def test_an_engine_that_is_missing_ends_a_run_before_anything_is_made(
    platform: EmbeddedPlatform, tmp_path: Path
) -> None:
    done = rehearsal("run", EXAMPLE, "--url", platform.url, "--engine", "tinytroupe", cwd=tmp_path)
    if done.returncode == 0:
        pytest.skip("TinyTroupe is installed here")
    assert done.returncode == 4
    assert "https://github.com/microsoft/TinyTroupe#installation" in done.stderr


def test_what_only_the_platform_knows_to_be_wrong_ends_with_4_and_its_line(
    platform: EmbeddedPlatform, tmp_path: Path
) -> None:
    study = tmp_path / "unknown.yaml"
    study.write_text(EXAMPLE.read_text().replace("budget_conscious", "budget_concious"))
    done = rehearsal("run", study, "--url", platform.url, cwd=tmp_path)
    assert done.returncode == 4
    assert "budget_conscious" in done.stderr
    assert f"{study}:20" in done.stderr
    assert done.stdout == ""
    unknown = rehearsal("results", "sim_unknown", "--url", platform.url, cwd=tmp_path)
    assert unknown.returncode == 4
    assert "sim_unknown" in unknown.stderr


def test_ctrl_c_stops_the_own_platform_too_and_ends_with_130(tmp_path: Path) -> None:
    process = start_until_running(slow_study(tmp_path), tmp_path)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Interrupted" in said
    assert f"rehearsal up --data {tmp_path / 'data'}" in said
    assert gone(tmp_path / "data", within_s=2)


def test_a_platform_does_not_outlive_a_command_that_is_killed(tmp_path: Path) -> None:
    process = start_until_running(slow_study(tmp_path), tmp_path)
    process.kill()
    process.communicate()
    assert gone(tmp_path / "data")
