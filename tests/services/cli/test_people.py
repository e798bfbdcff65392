"""`rehearsal people` as a user types it, on a whole platform: drawn, found, edited, as tables, put away."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.models.stub import serving_beside
from tests.services.population.author import MODEL, Provider
from tests.support.command import Done, rehearsal
from tests.support.platforms import EmbeddedPlatform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SPEC = """
name: Adults
demographic_base: uk_demographics
size: 700
seed: 4
segments: [{name: retired, size: 60, particularities: retired, fragments: [skeptical]}]
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider()
    with serving_beside(provider):
        yield provider


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[str]:
    """A platform that has a language model, which only who names it is served by."""
    models = {
        "REHEARSAL_MODELS_UPSTREAM_URL": provider.url,
        "REHEARSAL_MODELS_UPSTREAM_MODELS": MODEL,
        "REHEARSAL_MODELS_PROBE": "false",
    }
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform"), **models) as platform:
        yield platform.url


def people(url: str, *arguments: str | Path, stdin: str = "") -> Done:
    return rehearsal("people", *arguments, "--url", url, said=stdin)


def answer(url: str, *arguments: str | Path, stdin: str = "") -> Any:
    done = people(url, *arguments, "--json", stdin=stdin)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def population(url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("spec") / "adults.yaml"
    file.write_text(SPEC)
    job = answer(url, "generate", file)
    assert (job["state"], job["generated"]) == ("completed", 700)
    return str(job["population_id"])


def test_a_population_is_drawn_from_a_file_and_listed(url: str, population: str, tmp_path: Path) -> None:
    file = tmp_path / "adults.yaml"
    file.write_text(SPEC)
    done = people(url, "generate", file, "--size", "70", "--seed", "9")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(": ")[1].startswith("70 people completed")
    assert population in people(url, "ls").stdout
    assert population in [one["id"] for one in answer(url, "ls")]


def test_a_file_that_describes_no_population_ends_with_2(tmp_path: Path) -> None:
    file = tmp_path / "adults.yaml"
    file.write_text(SPEC.replace("size: 700", "size: many"))
    done = people("http://127.0.0.1:9", "generate", file)
    assert (done.returncode, "size" in done.stderr) == (2, True)


def test_people_are_found_and_shown(url: str, population: str) -> None:
    done = people(url, "find", population, "--segment", "retired", "--sort", "age", "--order", "desc", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == 50
    assert [one["age"] for one in found] == sorted((one["age"] for one in found), reverse=True)
    done = people(url, "find", population, "-w", "gender=female", "-w", "region=Scotland", "--limit", "1000", "--json")
    assert done.returncode == 0, done.stderr
    profiles = [json.loads(line)["demographic_profile"] for line in done.stdout.splitlines()]
    assert profiles
    assert {(one["gender"], one["region"]) for one in profiles} == {("female", "Scotland")}
    assert found[0]["name"] in people(url, "show", population, found[0]["agent_id"]).stdout
    refused = people(url, "find", population, "-w", "shoe=43")
    assert (refused.returncode, "shoe" in refused.stderr) == (4, True)
    assert people(url, "find", population, "-w", "shoe").returncode == 2


def test_one_person_is_edited_and_the_reason_is_shown(url: str, population: str, tmp_path: Path) -> None:
    patch = '{"persona": {"style": "Dry."}}'
    person = answer(url, "edit", population, "agent_0700", "-", "--author", "Ines", "--note", "pretest", stdin=patch)
    assert (person["persona"]["style"], person["version"]) == ("Dry.", 1)
    shown = people(url, "show", population, "agent_0700").stdout
    assert "Ines" in shown
    assert "pretest" in shown
    assert people(url, "edit", population, "agent_0700", "-", stdin='{"age": 9}').returncode == 4
    assert people(url, "edit", population, "agent_0700", "-", stdin='{"age": NaN}').returncode == 2


def test_people_go_into_tables_and_come_back(url: str, population: str, tmp_path: Path) -> None:
    printed = people(url, "export", population, "--format", "csv").stdout
    assert len(list(csv.DictReader(io.StringIO(printed)))) == 700
    for kind in ("csv", "parquet"):
        file = tmp_path / f"again.{kind}"
        done = people(url, "export", population, "--format", kind, "--out", file)
        assert done.returncode == 0, done.stderr
        again = answer(url, "import", file)
        assert (again["name"], again["size"], again["segments"][0]["size"]) == ("again", 700, 60)
    assert people(url, "export", population, "--format", "csv", "--agent", "agent_0001").returncode == 2
    compared = answer(url, "compare", population, again["id"])
    assert compared["mean_total_variation"] == 0
    assert "age_band" in people(url, "compare", population, again["id"]).stdout


def test_margin_errors_are_printed_with_their_sources(url: str, population: str) -> None:
    assert answer(url, "margins", population)["weights"]["design_effect"] > 1
    printed = people(url, "margins", population).stdout
    assert "home_tenure" in printed
    assert "Office for National" in " ".join(printed.split())
    assert people(url, "margins", "pop_nobody").returncode == 4


def test_people_whom_nobody_planned_have_no_plan(url: str, population: str) -> None:
    done = people(url, "plan", population)
    assert (done.returncode, done.stdout) == (4, "")
    assert "plan of the population" in done.stderr


def test_what_a_model_planned_is_printed_with_what_could_not_be_drawn_by(
    url: str, provider: Provider, tmp_path: Path
) -> None:
    diet = [{"value": "vegan", "share": 0.3}, {"value": "everything", "share": 0.7}]
    planned = [{"name": name, "reason": "A guess.", "values": diet} for name in ("diet", "age")]
    provider.plan = lambda task: {"dimensions": planned}
    file = tmp_path / "planned.yaml"
    file.write_text(f"{SPEC}model: {MODEL}\nfactory: {{context: Vegan meals}}\n")
    job = answer(url, "generate", file, "--size", "100")
    printed = people(url, "plan", job["population_id"]).stdout
    assert "vegan 30 %, everything 70 %" in printed
    assert "Not drawn by: age: " in printed


def test_a_fragment_of_ones_own_is_added_used_and_deleted(url: str, population: str, tmp_path: Path) -> None:
    document = {
        "type": "Fragment",
        "category": "professional",
        "description": "Works nights.",
        "traits": {"time_pressure": 0.3},
        "persona": {"beliefs": ["Sleep is a luxury."]},
    }
    file = tmp_path / "night_nurse.fragment.json"
    file.write_text(json.dumps(document))
    assert people(url, "fragments", "add", file).returncode == 0
    assert "night_nurse" in people(url, "fragments", "ls").stdout
    shown = people(url, "fragments", "show", "night_nurse")
    assert json.loads(shown.stdout)["traits"] == {"time_pressure": 0.3}
    done = people(url, "apply-fragments", population, "night_nurse", "--agent", "agent_0005")
    assert done.stdout.startswith("Version ")
    assert people(url, "fragments", "delete", "night_nurse").returncode == 0
    assert people(url, "fragments", "show", "night_nurse").returncode == 4


def test_a_population_is_put_away_and_deleted(url: str, tmp_path: Path) -> None:
    table = tmp_path / "panel.csv"
    table.write_text("name,age\nAnn,30\nBo,41\n")
    panel = answer(url, "import", table)["id"]
    assert people(url, "archive", panel).returncode == 0
    assert panel not in people(url, "ls").stdout
    assert panel in people(url, "ls", "--archived").stdout
    assert people(url, "restore", panel).returncode == 0
    assert panel in people(url, "ls").stdout
    assert people(url, "cancel", panel).returncode == 4
    assert people(url, "delete", panel).returncode == 0
    assert people(url, "show", panel, "agent_0001").returncode == 4
