"""What is said of a segment holds for everybody drawn, or is refused by name, or is shown back as not understood."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.contracts.errors import InvalidError
from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from services.population.domain.library import load_library
from services.population.domain.particularities import Constraint, read
from services.population.domain.people import Design
from services.population.domain.restrictions import restrict

LIBRARY = load_library()
JOINT = LIBRARY.base(PopulationSpec(name="x", demographic_base="usa_demographics", size=1)).joint
WORDS = (
    "25-35 years old",
    "over 60",
    "in their forties",
    "young adults",
    "high income",
    "low income",
    "middle class",
    "married with children",
    "single",
    "widowed or divorced",
    "women",
    "men and women",
    "not married",
    "parents of two children",
    "childless",
    "retired",
    "students",
    "freelancers",
    "unemployed",
    "college-educated",
    "no degree",
    "city dwellers",
    "rural",
    "living alone",
    "home owners",
    "renters",
    "tech-savvy",
    "not tech-savvy",
    "price-sensitive",
    "skeptical",
    "outgoing",
    "Republicans",
    "not Republican",
    "Catholics",
    "Hispanic",
    "immigrants",
    "veterans",
    "who buy groceries",
    "southern",
    "who collect stamps",
    "mostly women",
)
JOINED = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(", ".join)


def holds(constraint: Constraint, agent: Agent) -> bool:
    if constraint.is_trait:
        value: float = agent.traits[constraint.dimension]
    elif constraint.dimension == "age":
        value = agent.age
    else:
        return agent.demographic_profile[constraint.dimension] in constraint.allowed
    low = constraint.minimum if constraint.minimum is not None else -100
    high = constraint.maximum if constraint.maximum is not None else 100
    return low <= value <= high


@given(JOINED, st.sampled_from(sorted(LIBRARY.templates)), st.integers(0, 2**31 - 1))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
def test_every_phrase_that_is_understood_holds_for_everybody(words: str, base: str, seed: int) -> None:
    reading = read(words, LIBRARY.templates[base])
    spec = PopulationSpec.model_validate(
        {
            "name": "x",
            "demographic_base": base,
            "size": 12,
            "segments": [{"name": "a", "size": 12, "particularities": words}],
        }
    )
    try:
        people = Design(spec, seed, LIBRARY).people(1, 12)
    except InvalidError as error:
        [problem] = error.errors
        assert problem.field == "segments.0.particularities"
        assert any(repr(constraint.text) in problem.message for constraint in reading.understood)
        return
    for constraint in reading.understood:
        assert all(holds(constraint, agent) for agent in people), constraint
    shown = " ".join([*(constraint.text for constraint in reading.understood), *reading.not_understood])
    assert all(
        word in shown.replace("-", " ") for word in words.replace("-", " ").replace(",", "").split() if len(word) > 5
    )


@given(st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=200))
@settings(deadline=None, max_examples=30)
def test_no_text_breaks_the_reading_and_what_it_binds_can_be_drawn_or_is_refused(text: str) -> None:
    reading = read(text, LIBRARY.templates["usa_demographics"])
    try:
        restrict(reading.understood, JOINT, "words")
    except InvalidError as error:
        refused = error.errors[0].field
    else:
        refused = None
    assert refused in (None, "words")
