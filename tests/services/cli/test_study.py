"""Study files: the examples are valid, and a fault is told with its line, its field and what is allowed."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from libs.contracts.experiments import StudySpec
from libs.studies import examine, resolved
from services.cli.study import InvalidStudyError, load

EXAMPLE = Path("examples/email_ab.yaml")
EXAMPLES = sorted(Path("examples").glob("*.yaml"))


def faults_of(text: str, tmp_path: Path) -> list[str]:
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(InvalidStudyError) as caught:
        load(path)
    return [" ".join(str(fault).split()) for fault in caught.value.faults]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_a_valid_study_for_us_and_for_editors(path: Path) -> None:
    study = load(path)
    assert study.spec.seed is not None
    assert path.read_text().startswith("# yaml-language-server: $schema=../schemas/study.schema.json\n")
    schema = json.loads(Path("schemas/study.schema.json").read_text())
    jsonschema.validate(yaml.safe_load(path.read_text()), schema)


def test_the_email_example_is_the_documented_request() -> None:
    documented = json.loads(Path("tests/support/requirements_example.json").read_text())
    study = yaml.safe_load(EXAMPLE.read_text())
    assert study["population"] == documented["population"]
    assert study["intervention"] == documented["intervention"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("size: 75", "size: 175", "line 12: population.segments: sizes add up to 225, more than the population's size"),
        ("timing: morning", "timming: morning", "line 27: intervention.variants[0].timming: is not a field here; did"),
        ("timing: morning", "timming: morning", "allowed: name, content, format, media, timing, channel"),
        (
            "type: marketing_intervention",
            "type: spam",
            "line 23: intervention.type: is not an allowed value allowed: m",
        ),
        (
            "open_rate,",
            "open_rat,",
            "line 34: intervention.success_metrics[0]: no metric 'open_rat' in the catalogue; di",
        ),
        (
            "families]\n  success",
            "famlies]\n  success",
            "line 33: intervention.target_segments[1]: the population has no",
        ),
        ("- name: emotional", "- nome: emotional", "line 25: intervention.variants[0].name: is required"),
        ("size: 200", "size: 200\n  size: 10", "line 12: population.size: stands here a second time"),
        ("seed: 20261122", "seed: [", "is not YAML"),
        (
            "purchase_intent]",
            "{name: x, type: ordinal, question: y}]",
            "success_metrics[2].scale: a metric of type ord",
        ),
        (
            "purchase_intent]",
            "{name: x, type: ordinal, question: y, scale: [1, 5], role: guardrail, margin: 30}]",
            "success_metrics[2].margin: 30 can never be reached; allowed: below 4, points of its scale from 1 to 5",
        ),
    ],
)
def test_a_fault_is_told_with_line_field_and_what_is_allowed(old: str, new: str, told: str, tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    assert old in text
    assert any(told in fault for fault in faults_of(text.replace(old, new, 1), tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "- a\n- list",
        "a: &x [*x]",
        "\x00",
        "!!python/object:os.system {}",
        '"³": 1',
        f'"{"9" * 5_000}": 1',
    ],
)
def test_a_file_that_is_no_study_is_refused(text: str, tmp_path: Path) -> None:
    assert faults_of(text, tmp_path)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace("size: 200", "size: 0").replace("timing: morning", "timming: morning")
    assert len(faults_of(text, tmp_path)) == 2


def test_seeds_are_resolved_before_the_run_and_explicit_ones_stay() -> None:
    document = yaml.safe_load(EXAMPLE.read_text())
    del document["seed"]
    document["population"]["seed"] = 5
    spec = StudySpec.model_validate(document)
    drawn = resolved(spec)
    assert drawn.seed is not None
    assert (drawn.population.seed, drawn.intervention.seed) == (5, drawn.seed)
    given = resolved(spec, 9, "gpt")
    assert (given.seed, given.population.seed, given.intervention.seed, given.model) == (9, 5, 9, "gpt")


def warned(protocol: list[object], **more: object) -> dict[str, str]:
    people = {"name": "P", "demographic_base": "uk_demographics", "size": 30, "segments": []}
    study = {"name": "S", "seed": 1, "model": "a model", "population": people, "protocol": protocol} | more
    return {one.field: one.message for one in examine(study).warnings}


def test_talk_of_some_is_told_to_be_no_survey_of_all() -> None:
    found = warned([{"topic": "Milk"}, {"content": "Milk?"}, {"topic": "Milk", "kind": "focus_group", "groups": 4}])
    assert list(found) == ["protocol.0.topic"]
    assert "8 of 30 people are drawn for this talk" in found["protocol.0.topic"]
    interviews = {"topic": "Milk", "kind": "interview", "interviewer_id": "agent_0001", "groups": 5}
    assert "5 of 30" in warned([interviews])["protocol.0.topic"]


def test_a_contact_that_nobody_can_meet_is_told() -> None:
    condition = {"metric": "open_rate", "value": True, "before": True}
    journey = {"touchpoints": [{"name": "late", "content": "Again", "condition": condition}]}
    assert list(warned([journey])) == ["protocol.0.touchpoints.0.condition.before"]
