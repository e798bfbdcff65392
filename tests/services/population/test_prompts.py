"""People as a prompt shows them: most of a survey prompt is shared, all of it is short, and their numbers are kept."""

from functools import cache
from pathlib import Path
from statistics import mean

import pytest
import yaml

from libs.contracts.catalogue import resolve
from libs.contracts.experiments import StudySpec
from libs.contracts.people import Agent
from libs.contracts.protocol import Stimulus
from libs.minds.persona import persona_of
from libs.minds.prompt import Messages, turn_prompt
from services.models.domain.offline.persona import read_persona
from services.population.domain.library import load_library
from services.population.domain.people import Design

EXAMPLE = Path(__file__).parents[3] / "examples" / "email_ab.yaml"
CHARACTERS_PER_TOKEN, BLOCK = 4, 16


@cache
def study() -> StudySpec:
    return StudySpec.model_validate(yaml.safe_load(EXAMPLE.read_text()))


@cache
def people() -> list[Agent]:
    return Design(study().population, study().seed or 0, load_library()).people(1, 200)


def tokens(messages: Messages) -> float:
    return sum(len(message.content) for message in messages) / CHARACTERS_PER_TOKEN


def sizes(asked: list[Agent]) -> list[tuple[float, float]]:
    """(tokens in shareable blocks, tokens in all) of each person's prompt in the example study."""
    arm = study().intervention.variants[0]
    stimulus = Stimulus(content=arm.content, channel=arm.channel, timing=arm.timing)
    instruments = resolve(study().intervention.success_metrics)
    prompts = [turn_prompt(stimulus, instruments, person) for person in asked]
    return [(tokens(shared) // BLOCK * BLOCK, tokens(shared) + tokens(own)) for shared, own in prompts]


def shared_by(found: list[tuple[float, float]]) -> float:
    return sum(shared for shared, _ in found) / sum(whole for _, whole in found)


def test_four_fifths_of_a_survey_prompt_are_shared() -> None:
    assert shared_by(sizes(people())) >= 0.81
    assert min(shared / whole for shared, whole in sizes(people())) >= 0.785


def test_so_are_those_of_people_whom_fragments_say_more_about() -> None:
    targeted = [person for person in people() if person.segment in study().intervention.target_segments]
    assert len(targeted) == 125
    assert shared_by(sizes(targeted)) >= 0.80


def test_no_survey_prompt_has_more_than_2200_tokens() -> None:
    wholes = [whole for _, whole in sizes(people())]
    assert max(wholes) <= 2_200
    assert mean(wholes) <= 2_135


def test_the_offline_model_sees_the_same_person_in_the_short_form() -> None:
    for person in people():
        rounded = {name: round(100 * value) / 100 for name, value in person.traits.items()}
        assert read_persona(persona_of(person)) == pytest.approx(read_persona({**person.persona, "traits": rounded}))
