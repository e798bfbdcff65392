"""Comparisons with people as a user types them, on a whole platform."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.services.cli.test_tools import EXAMPLE, rehearsal
from tests.support.platforms import EmbeddedPlatform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
EXAMPLES = Path("examples/validation").absolute()


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform")) as running:
        yield running


@pytest.fixture(scope="module")
def run(platform: EmbeddedPlatform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The example study, run."""
    done = rehearsal(platform, "run", EXAMPLE, "--json", "--no-report", "--out", tmp_path_factory.mktemp("runs"))
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_the_example_comparison_fails_with_its_reasons(platform: EmbeddedPlatform) -> None:
    done = rehearsal(platform, "empirical-compare", EXAMPLES / "compare.yaml")
    assert done.returncode == 1
    assert done.stdout.startswith("fail")
    assert "differ less among themselves" in done.stdout


def test_a_baseline_is_kept_compared_with_and_removed(
    platform: EmbeddedPlatform, run: dict[str, Any], tmp_path: Path
) -> None:
    made = rehearsal(platform, "baselines", "add", EXAMPLES / "baseline.yaml")
    assert made.returncode == 0, made.stderr
    baseline = made.stdout.strip()
    assert baseline in rehearsal(platform, "baselines", "list").stdout
    assert json.loads(rehearsal(platform, "baselines", "show", baseline).stdout)["segments"] == {"north": 2, "south": 3}
    body = tmp_path / "intent.yaml"
    body.write_text("metric: {name: purchase_intent, type: ordinal, scale: [1, 10]}\n")
    people = tmp_path / "people.csv"
    people.write_text("purchase_intent\n" + "\n".join(str(1 + n % 10) for n in range(100)))
    against = rehearsal(
        platform, "empirical-compare", body, "--csv", people, "--simulation", run["simulation_id"], "--json"
    )
    found = json.loads(against.stdout)
    assert (found["human"]["n"], found["simulator"], found["simulation_id"]) == (100, "offline", run["simulation_id"])
    assert rehearsal(platform, "baselines", "remove", baseline).returncode == 0
    assert rehearsal(platform, "baselines", "show", baseline).returncode == 4


def test_a_run_is_validated_against_a_baseline_as_one_report(
    platform: EmbeddedPlatform, run: dict[str, Any], tmp_path: Path
) -> None:
    body, people, out = tmp_path / "panel.yaml", tmp_path / "people.csv", tmp_path / "report.md"
    body.write_text(
        "name: Our panel\nsource: our panel, May 2026\nmetrics:\n"
        "  - {name: purchase_intent, type: ordinal, scale: [1, 10]}\n  - {name: flavour, type: choice, scale: [a, b]}\n"
    )
    people.write_text("purchase_intent,flavour\n" + "\n".join(f"{9 + n % 2},a" for n in range(100)))
    done = rehearsal(platform, "validate", body, run["simulation_id"], "--csv", people, "--out", out)
    assert done.returncode == 1, done.stderr
    assert f"Validation of {run['simulation_id']}: fail" in done.stdout
    assert "## purchase_intent: fail" in out.read_text()
    kept = done.stderr.split("Kept the baseline as ")[1].split()[0]
    arm = ("--arm", "rational_appeal")
    again = rehearsal(platform, "validate", kept, run["simulation_id"], *arm, "--json")
    report = json.loads(again.stdout)
    assert (report["verdict"], report["baseline"]["people"], report["arm"]) == ("fail", 100, "rational_appeal")
    assert "did not ask" in report["not_compared"]["flavour"]
    assert [one["metric"] for one in report["comparisons"]] == ["purchase_intent"]
    assert report["quality"]["checks"]
    assert rehearsal(platform, "validate", "bas_none", run["simulation_id"]).returncode == 4
    assert rehearsal(platform, "validate", kept, run["simulation_id"], "--csv", people).returncode == 2


def test_calibrate_shows_every_simulator_and_writes_page_and_plots(platform: EmbeddedPlatform, tmp_path: Path) -> None:
    past = tmp_path / "past.csv"
    lines = [f"s{n},q,mine,{3 + n % 2},1,{3.2 + n % 3 / 10},0.6" for n in range(12)]
    header = "study,question,simulator,human_mean,human_sd,simulated_mean,simulated_sd"
    past.write_text("\n".join([header, *lines]))
    page, plots = tmp_path / "calibration.html", tmp_path / "plots"
    addition = ("--import", past, "--source", "our panel", "--column", "outcome=question")
    done = rehearsal(platform, "calibrate", *addition, "--html", page, "--plots", plots)
    assert done.returncode == 0, done.stderr
    assert "Added 12 outcomes of mine" in done.stderr
    assert "mine" in done.stdout
    assert "persona_summary" in done.stdout
    assert b"An interval that wide is the message" in page.read_bytes()
    assert {file.name for file in plots.iterdir()} == {"bias.svg", "effects.svg", "coverage.svg"}
    for file in plots.iterdir():
        ElementTree.parse(file)


def test_people_are_added_to_a_run(platform: EmbeddedPlatform, run: dict[str, Any], tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    lines = [f"p{n},{('emotional_appeal', 'rational_appeal')[n % 2]},{1 + n % 10}" for n in range(60)]
    people.write_text("\n".join(["person_id,arm,purchase_intent", *lines]))
    done = rehearsal(platform, "human-answers", run["simulation_id"], people, "--source", "our panel")
    assert done.returncode == 0, done.stderr
    assert "Added 60 people; 0 were there already" in done.stderr
    assert "more agents will not make this truer" in done.stdout
    assert "rational_appeal – emotional_appeal" in done.stdout
    assert rehearsal(platform, "human-answers", run["simulation_id"]).stdout == done.stdout


def test_behaviour_and_quality_of_a_run_are_shown_check_by_check(
    platform: EmbeddedPlatform, run: dict[str, Any]
) -> None:
    behaviour = rehearsal(platform, "behaviour", run["simulation_id"])
    assert behaviour.returncode == 0, behaviour.stderr
    assert "125 agents, judged by rules" in behaviour.stdout
    assert "persona_adherence" in behaviour.stdout
    quality = rehearsal(platform, "quality", run["simulation_id"])
    assert quality.returncode in {0, 1}
    assert "125 of 125 agents answered" in quality.stdout
    card = json.loads(rehearsal(platform, "quality", run["simulation_id"], "--json").stdout)
    assert (quality.returncode == 1) == any(check["status"] == "fail" for check in card["checks"])


def test_what_cannot_be_asked_ends_with_2_before_any_platform_is_looked_for(tmp_path: Path) -> None:
    body = tmp_path / "body.yaml"
    body.write_text("metric: {name: x, type: ordinal}\n")
    for command in (("empirical-compare", body), ("baselines", "add", body), ("calibrate", "--import", body)):
        assert rehearsal(None, *command).returncode == 2


def test_results_are_written_as_files_and_set_side_by_side(
    platform: EmbeddedPlatform, run: dict[str, Any], tmp_path: Path
) -> None:
    simulation = run["simulation_id"]
    for name, start in (("results.xlsx", b"PK"), ("report.pdf", b"%PDF-")):
        done = rehearsal(platform, "export", simulation, "--format", name.rpartition(".")[2], "-o", tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / name).read_bytes().startswith(start)
    assert rehearsal(platform, "report", simulation, "-o", tmp_path / "again.pdf").returncode == 0
    assert (tmp_path / "again.pdf").read_bytes() == (tmp_path / "report.pdf").read_bytes()
    assert "none of json" in rehearsal(platform, "export", simulation, "--format", "docx").stderr
    compared = rehearsal(platform, "compare", simulation, "--metric", "purchase_intent")
    assert compared.returncode == 0, compared.stderr
    assert "Evidence grade C" in compared.stdout
    assert compared.stdout.startswith("#1 ")
    assert "Differences from #1" in compared.stdout
    seen = json.loads(rehearsal(platform, "compare", simulation, "--json").stdout)
    assert {one["baseline"] for one in seen["comparisons"]} == {seen["baseline"]}
