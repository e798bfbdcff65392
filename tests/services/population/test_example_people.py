"""The people and fragments of examples/people: files as anybody would write them."""

from pathlib import Path

import pytest

from libs.minds.json_documents import parse, pretty
from libs.minds.merging import merge
from libs.minds.persona_files import AGENT_SUFFIX, FRAGMENT_SUFFIX, MAX_FILE, read_agent, read_fragment
from services.population.domain.traits import load_trait_model

FOLDER = Path("examples/people")
PEOPLE, FRAGMENTS = (sorted(FOLDER.glob(f"*{suffix}")) for suffix in (AGENT_SUFFIX, FRAGMENT_SUFFIX))


@pytest.mark.parametrize("path", PEOPLE, ids=lambda path: path.name)
def test_a_person_of_the_examples_is_written_as_it_is_read(path: Path) -> None:
    document = parse(path.read_bytes(), MAX_FILE)
    assert pretty(read_agent(document).document()) == path.read_text("utf-8")


@pytest.mark.parametrize("path", FRAGMENTS, ids=lambda path: path.name)
def test_a_fragment_of_the_examples_tells_something_new_of_everybody_there(path: Path) -> None:
    fragment = read_fragment(parse(path.read_bytes(), MAX_FILE), known_traits=load_trait_model().traits)
    for person in PEOPLE:
        persona = read_agent(parse(person.read_bytes(), MAX_FILE)).persona
        assert merge(persona, fragment.persona) != persona
