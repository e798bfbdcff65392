"""The tools as a user types them, on a whole platform, with and without a language model."""

import csv
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.services.models.stub import completion
from tests.support import command
from tests.support.command import Done
from tests.support.platforms import EmbeddedPlatform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
EXAMPLE = Path("examples/email_ab.yaml").absolute()
RULES = Path("examples/tools/reduce.yaml").absolute()
NOWHERE = "http://127.0.0.1:9"


class Writer(BaseHTTPRequestHandler):
    """A language model that writes the same text to everybody."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = completion(json.dumps({"content": "Dear board,\n\nwe rest."})).body.encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    provider = ThreadingHTTPServer(("127.0.0.1", 0), Writer)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    models = {
        "REHEARSAL_MODELS_UPSTREAM_URL": f"http://127.0.0.1:{provider.server_port}/v1",
        "REHEARSAL_MODELS_UPSTREAM_MODELS": "some-model",
        "REHEARSAL_MODELS_PROBE": "false",
    }
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform"), **models) as running:
        yield running
    provider.shutdown()
    provider.server_close()


@pytest.fixture(scope="module")
def run(platform: EmbeddedPlatform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The example study, run."""
    folder = tmp_path_factory.mktemp("runs")
    done = rehearsal(platform, "run", EXAMPLE, "--json", "--no-report", "--out", folder)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def rehearsal(platform: EmbeddedPlatform | None, *arguments: object, text: str = "") -> Done:
    return command.rehearsal(*arguments, "--url", platform.url if platform else NOWHERE, said=text)


def test_extract_prints_every_field_with_what_it_is_worth_and_writes_every_agent(
    platform: EmbeddedPlatform, run: dict[str, Any], tmp_path: Path
) -> None:
    asked = ("extract", run["simulation_id"], "-f", "open_rate", "-f", "rating", "-f", "concerns")
    done = rehearsal(platform, *asked, "--out", tmp_path / "fields.csv")
    assert done.returncode == 0, done.stderr
    for part in ("open_rate", "recorded 125 (the metric purchase_intent)", "rules 125", "grade C", "effective n 0"):
        assert part in done.stdout
    rows = list(csv.DictReader(io.StringIO((tmp_path / "fields.csv").read_text())))
    assert len({row["agent_id"] for row in rows}) == len(rows) == 125
    assert {row["rating (how)"] for row in rows} == {"recorded"}
    found = json.loads(rehearsal(platform, *asked, "--json", "--arm", "emotional_appeal").stdout)
    assert found["extraction"]["planned"] == sum(row["arm"] == "emotional_appeal" for row in rows)
    assert [field["field"] for field in found["summary"]["fields"]] == ["open_rate", "rating", "concerns"]


def test_reduce_writes_the_rows_of_the_example_rules(
    platform: EmbeddedPlatform, run: dict[str, Any], tmp_path: Path
) -> None:
    done = rehearsal(platform, "reduce", run["simulation_id"], RULES)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert list(rows[0]) == ["agent", "arm", "said", "words", "metric", "answer", "age"]
    assert sum(bool(row["said"]) for row in rows) == 125
    assert {row["answer"] for row in rows if row["metric"] == "open_rate"} <= {"yes", "no"}
    out = tmp_path / "frame.json"
    done = rehearsal(platform, "reduce", run["simulation_id"], RULES, "--format", "split", "--out", out)
    assert done.stdout == ""
    assert len(json.loads(out.read_text())["data"]) == len(rows)


def test_normalize_labels_the_lines_of_a_file_or_a_field(
    platform: EmbeddedPlatform, run: dict[str, Any], tmp_path: Path
) -> None:
    done = rehearsal(
        platform, "normalize", "-", "-n", 2, "--out", tmp_path / "labels.csv", text="too slow\nToo slow!\n\n"
    )
    assert done.returncode == 0, done.stderr
    assert "too slow" in done.stdout
    rows = list(csv.reader(io.StringIO((tmp_path / "labels.csv").read_text())))
    assert rows == [["text", "label"], ["too slow", "too slow"], ["Too slow!", "too slow"], ["", "Other"]]
    field = ("--simulation", run["simulation_id"], "--field", "region", "-n", 4, "--json")
    found = json.loads(rehearsal(platform, "normalize", *field).stdout)
    assert len(found["normalized"]) == 125
    assert found["evidence"]["grade"] == "C"


def test_a_story_is_begun_gone_on_with_and_read_again(platform: EmbeddedPlatform, run: dict[str, Any]) -> None:
    simulation = run["simulation_id"]
    begun = rehearsal(platform, "story", simulation, "--words", 60, "--requirements", "a comedy")
    assert begun.returncode == 0, begun.stderr
    assert "need a language model" in begun.stderr
    story = begun.stderr.split("--continue ")[1].strip()
    more = json.loads(rehearsal(platform, "story", simulation, "--continue", story, "--json").stdout)
    assert more["part"] == 2
    told = rehearsal(platform, "story", simulation, "--show", story)
    assert told.stdout == f"{begun.stdout.rstrip()}\n\n{more['text']}\n"
    written = rehearsal(platform, "story", simulation, "--continue", story, "--plot-twist", "--model", "some-model")
    assert written.stdout == "Dear board,\n\nwe rest.\n"


def test_profile_prints_the_attributes_and_writes_page_and_plots(
    platform: EmbeddedPlatform, run: dict[str, Any], tmp_path: Path
) -> None:
    population = json.loads(rehearsal(platform, "ls", "--json").stdout)["items"][0]["population_id"]
    done = rehearsal(platform, "profile", population, "--html", tmp_path / "p.html", "--plots", tmp_path / "plots")
    assert done.returncode == 0, done.stderr
    for part in ("200 people", "openness", "age and age_band", "by chance"):
        assert part in done.stdout
    assert "<h1>" in (tmp_path / "p.html").read_text()
    assert ElementTree.parse(tmp_path / "plots" / "associations.svg").getroot().tag.endswith("svg")
    beside = json.loads(rehearsal(platform, "profile", population, "--compare-with", population, "--json").stdout)
    assert beside["comparison"]["differences"][0].get("total_variation", 0) == 0


@pytest.mark.parametrize(("command", "wish"), [("enrich", "--requirements"), ("style", "--style")])
def test_a_text_is_written_anew_to_a_file_and_never_by_the_offline_model(
    platform: EmbeddedPlatform, tmp_path: Path, command: str, wish: str
) -> None:
    (tmp_path / "in.txt").write_text("Rest more.")
    asked = (command, tmp_path / "in.txt", wish, "for a board", "--out", tmp_path / "out.txt")
    done = rehearsal(platform, *asked, "--model", "some-model")
    assert done.returncode == 0, done.stderr
    assert (done.stdout, (tmp_path / "out.txt").read_text()) == ("", "Dear board,\n\nwe rest.\n")
    refused = rehearsal(platform, *asked, "--model", "offline")
    assert refused.returncode == 4
    assert "model: the offline model writes no prose (allowed: some-model)" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("extract", "sim_1", "-f", "a", "-f", "a"), "named more than once"),
        (("extract", "sim_1", "-f", "a", "--hint", "a"), "is not FIELD=TEXT"),
        (("extract", "sim_1", "-f", "a", "--out", "a.pdf"), "neither in .csv nor in .jsonl"),
        (("reduce", "sim_1", "missing.yaml"), "missing.yaml"),
        (("reduce", "sim_1", EXAMPLE), "rules: Field required"),
        (("normalize",), "name a file"),
        (("normalize", "missing.txt"), "missing.txt"),
        (("style", "missing.txt", "--style", "a", "--model", "b"), "missing.txt"),
    ],
)
def test_what_is_wrong_with_a_request_ends_with_2_before_any_platform_is_looked_for(
    arguments: tuple[str, ...], reason: str
) -> None:
    done = rehearsal(None, *arguments)
    assert done.returncode == 2, done.stderr
    assert reason in done.stderr
    assert done.stdout == ""


def test_what_only_the_platform_knows_ends_with_4_and_an_absent_one_with_3(platform: EmbeddedPlatform) -> None:
    for arguments in (("extract", "sim_none", "-f", "a"), ("story", "sim_none"), ("profile", "pop_none")):
        done = rehearsal(platform, *arguments)
        assert (done.returncode, done.stdout) == (4, "")
        assert "_none" in done.stderr
        assert rehearsal(None, *arguments).returncode == 3
