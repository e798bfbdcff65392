"""People from files, from the command line to the answers they give: what their personas say decides these."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import command
from tests.support.command import Done
from tests.support.people_files import MIRA, THRIFTY
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import export, individual_responses, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
KEEN = ["fitness", "nutrition", "healthy food", "wellness"]
SURVEY: dict[str, Any] = {
    "name": "A health app",
    "type": "product_feature",
    "variants": [
        {
            "name": "app",
            "content": "A new app for your health: training, nutrition and sleep, with a doctor to ask.",
            "channel": "in_app",
        }
    ],
    "success_metrics": ["purchase_intent"],
}


def keen_or_not(number: int) -> dict[str, Any]:
    """The same person but for what they like and dislike."""
    words = {"interests": KEEN, "likes": KEEN} if number % 2 else {"dislikes": KEEN}
    persona = MIRA["persona"] | {"name": f"Person {number}", "preferences": words, "x-number": number}
    return {**MIRA, "persona": persona}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform.url


def rehearsal(url: str, *arguments: str | Path) -> Done:
    return command.rehearsal(*arguments, "--url", url)


def people(url: str, *arguments: str | Path) -> Done:
    return rehearsal(url, "people", *arguments)


def imported(url: str, folder: Path, size: int = 60) -> str:
    """People in two segments, from a folder of files each; the id of the population."""
    for number in range(size):
        place = folder / ("keen" if number % 2 else "averse")
        place.mkdir(exist_ok=True)
        (place / f"{number:03d}.agent.json").write_text(json.dumps(keen_or_not(number)))
    segments = [f"--segment={name}={folder / name}" for name in ("keen", "averse")]
    done = people(url, "import", *segments, "--name", "Two minds", "--json")
    assert done.returncode == 0, done.stderr
    population = json.loads(done.stdout)
    assert (population["size"], population["name"], population["state"]) == (size, "Two minds", "ready")
    return str(population["id"])


def test_imported_people_answer_a_survey_as_their_personas_say(url: str, tmp_path: Path) -> None:
    population = imported(url, tmp_path, size=400)  # so many that chance cannot hide the difference
    intervention = HTTP.post(f"{url}/interventions/create", json=SURVEY).json()["id"]
    execution = {"population_id": population, "seed": 4}
    simulation = HTTP.post(f"{url}/interventions/{intervention}/execute", json=execution).json()["simulation_id"]
    assert wait_for(url, simulation)["state"] == "completed"
    responses = individual_responses(url, intervention, simulation)
    assert len(responses) == 400
    assert {response["demographic_profile"]["occupation"] for response in responses} == {"Quality manager"}
    intents = {
        segment: [one["answers"]["purchase_intent"] for one in responses if one["segment"] == segment]
        for segment in ("keen", "averse")
    }
    means = {segment: sum(values) / len(values) for segment, values in intents.items()}
    assert means["keen"] > means["averse"] + 0.2, means
    assert b"Person 17" in export(url, simulation, "json")


def test_people_come_out_of_the_platform_as_they_went_in(url: str, tmp_path: Path) -> None:
    population = imported(url, tmp_path)
    done = people(url, "export", population, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    files = sorted((tmp_path / "out").iterdir())
    assert files[0].name == "0001_Person_1.agent.json"
    numbers = [*range(1, 60, 2), *range(0, 60, 2)]
    assert [json.loads(file.read_text()) for file in files] == [keen_or_not(number) for number in numbers]
    one = people(url, "export", population, "--agent", "agent_0002")
    assert one.stdout == files[1].read_text()


def test_a_fragment_changes_them_for_every_service(url: str, tmp_path: Path) -> None:
    population = imported(url, tmp_path)
    fragment = tmp_path / "thrifty.fragment.json"
    fragment.write_text(json.dumps(THRIFTY))
    done = people(url, "apply-fragments", population, "health_conscious", fragment, "--segment", "averse")
    assert done.stdout.startswith("Version 1: 30 people changed, 0 had all of it already, 0 stayed as they were")
    contradiction = tmp_path / "loud.fragment.json"
    contradiction.write_text(json.dumps({"type": "Fragment", "persona": {"style": "Loud."}}))
    done = people(url, "apply-fragments", population, contradiction, "--agent", "agent_0001")
    assert "agent_0001: persona.style cannot be both 'Precise" in done.stdout


def test_what_people_write_is_listed_and_written_as_files(url: str, tmp_path: Path) -> None:
    population = imported(url, tmp_path)
    simulation = HTTP.post(f"{url}/simulations/create", json={"name": "Desk", "population_id": population}).json()["id"]
    body = {
        "simulation_id": simulation,
        "content": "Please write a short report about what you eat in a week.",
        "target_segments": ["averse"],
        "tools": ["word_processor"],
    }
    assert HTTP.post(f"{url}/communications/broadcast", json=body).status_code == 202
    deadline = time.monotonic() + 30
    while len(items := json.loads(rehearsal(url, "artefacts", "list", simulation, "--json").stdout)) < 30:
        assert time.monotonic() < deadline, f"{len(items)} of 30 documents in time"
    assert {item["name"] for item in items} == {"My report"}
    for wanted, start in (("md", b"# My report"), ("docx", b"PK"), ("html", b"<!doctype html>")):
        file = tmp_path / f"report.{wanted}"
        done = rehearsal(url, "artefacts", "get", simulation, items[0]["id"], "--format", wanted, "--out", file)
        assert done.returncode == 0, done.stderr
        assert file.read_bytes().startswith(start)


def test_files_that_are_no_people_are_listed_with_their_faults_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "a.agent.json").write_text('{"persona": {"name": "A", "name": "B", "age": 3}}')
    (tmp_path / "b.agent.json").write_text(json.dumps(THRIFTY))
    (tmp_path / "c.agent.json").write_text(json.dumps(MIRA))
    done = people("http://127.0.0.1:9", "import", tmp_path, tmp_path / "missing.agent.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a.agent.json: persona: has the key 'name' more than once" in done.stderr
    assert "b.agent.json: type: is 'Fragment', not 'TinyPerson'" in done.stderr
    assert "missing.agent.json: No such file" in done.stderr
    assert "c.agent.json" not in done.stderr
