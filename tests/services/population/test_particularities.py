"""What words bind, what is shown back, and what nobody can be."""

import time
from pathlib import Path

import pytest
import yaml

from libs.contracts.errors import InvalidError
from libs.contracts.specs import PopulationSpec
from services.population.domain.library import load_library
from services.population.domain.particularities import Reading, read
from services.population.domain.restrictions import restrict
from services.population.domain.templates import load_templates

TEMPLATES = load_templates()
EXAMPLES = Path(__file__).parents[3] / "examples"
USA = TEMPLATES["usa_demographics"]
WORKING = {"employed full-time", "employed part-time", "self-employed"}


def bound(text: str, template: str = "usa_demographics") -> dict[str, object]:
    """What a text that is wholly understood binds, by dimension."""
    reading = read(text, TEMPLATES[template])
    assert reading.not_understood == (), text
    return {each.dimension: set(each.allowed) or (each.minimum, each.maximum) for each in reading.understood}


def refused(text: str) -> InvalidError:
    spec = PopulationSpec(name="x", demographic_base="usa_demographics", size=1)
    reading = read(text, USA)
    with pytest.raises(InvalidError) as error:
        restrict(reading.understood, load_library().base(spec).joint, "segments.0.particularities")
    assert error.value.errors[0].field == "segments.0.particularities"
    return error.value


def test_the_words_of_the_example_are_understood() -> None:
    assert bound("25-35 years old, high income, tech-savvy") == {
        "age": (25, 35),
        "income_band": {"$150,000 to $199,999", "$200,000 or more"},
        "tech_affinity": (0.4, None),
    }
    assert bound("married with children, middle income") == {
        "marital_status": {"married"},
        "children": {"1", "2", "3 or more"},
        "income_band": {"$50,000 to $74,999", "$75,000 to $99,999", "$100,000 to $149,999"},
    }


@pytest.mark.parametrize(
    ("text", "ages"),
    [
        ("25-35", (25, 35)),
        ("25–35 years old", (25, 35)),
        ("aged 25 to 35", (25, 35)),
        ("between 25 and 35", (25, 35)),
        ("60+", (60, 95)),
        ("66+ years old", (66, 95)),
        ("60 and over", (60, 95)),
        ("65 and older", (65, 95)),
        ("over 60", (61, 95)),
        ("at least 60 years old", (60, 95)),
        ("under 30", (0, 29)),
        ("30 or younger", (0, 30)),
        ("in their late 30s", (37, 39)),
        ("in their forties", (40, 49)),
        ("40 years old", (40, 40)),
        ("seniors", (65, 95)),
        ("young adults", (18, 35)),
    ],
)
def test_ages_may_be_said_in_many_ways(text: str, ages: tuple[int, int]) -> None:
    assert bound(text) == {"age": ages}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("not married", {"marital_status": {"never married", "separated", "divorced", "widowed"}}),
        ("no children", {"children": {"none"}}),
        ("without children", {"children": {"none"}}),
        ("not tech-savvy", {"tech_affinity": (None, -0.4)}),
        ("skeptical", {"trust": (None, -0.4)}),
        ("students or unemployed", {"employment": {"student", "unemployed"}}),
        ("men and women", {"gender": {"male", "female"}}),
        ("young professionals", {"age": (18, 35), "employment": WORKING}),
        ("retired homeowners", {"employment": {"retired"}, "home_tenure": {"owner"}}),
        ("mothers in the South", {"gender": {"female"}, "children": {"1", "2", "3 or more"}, "region": {"South"}}),
        ("parents of young children", {"children": {"1", "2", "3 or more"}}),
        ("parents of small children", {"children": {"1", "2", "3 or more"}}),
        ("working parents", {"employment": WORKING, "children": {"1", "2", "3 or more"}}),
        ("retired, living in villages", {"employment": {"retired"}, "area_type": {"rural"}}),
        ("living in the countryside", {"area_type": {"rural"}}),
        ("living in a city", {"area_type": {"city"}}),
        ("family-oriented", {"family_orientation": (0.4, None)}),
        ("HIGH INCOME", {"income_band": {"$150,000 to $199,999", "$200,000 or more"}}),
        ("", {}),
        (" , ; . ", {}),
    ],
)
def test_words_bind_attributes_and_traits(text: str, expected: dict[str, object]) -> None:
    assert bound(text) == expected


def test_words_mean_what_the_template_has() -> None:
    assert bound("high income, university graduates, Spanish", "eu_demographics") == {
        "income_band": {"highest fifth"},
        "education": {"tertiary"},
        "region": {"Spain"},
    }
    assert bound("Londoners", "uk_demographics") == {"region": {"London"}}
    assert read("PhDs", TEMPLATES["uk_demographics"]).not_understood == ("PhDs",)


@pytest.mark.parametrize(
    "text",
    [
        "mostly women",
        "about 40 years old",
        "likes jazz",
        "women without pets",
        "retired women except widows",
        "everyone but women",
        "mostly men and women",
        "retired or nearly retired",
        "no young children",
        "parents of adult children",
        "both working",
        "people who love cats and children",
        "planning to have children",
        "rich food lovers",
        "women's clothing buyers",
        "women not from cities",
        "women or students",
        "old women",
        "parents of teenagers",
        "born in the 80s",
        "25-35k income",
        "income over 100,000",
        "not 25-35 years old",
        "50% women",
    ],
)
def test_words_that_leave_a_doubt_bind_nothing_and_are_shown_back_whole(text: str) -> None:
    assert read(text, USA) == Reading((), (text,))


@pytest.mark.parametrize(
    ("text", "understood", "left"),
    [
        ("retired people over 66 living in villages in the North", ["retired", "over 66", "villages"], "North"),
        ("women who work from home", ["women"], "work from home"),
        ("men and women who love cats", ["men and women"], "love cats"),
        ("women who love rich men", ["women"], "love rich men"),
        ("women with over 20 years of experience", ["women"], "over 20 years of experience"),
        ("married people from South Dakota", ["married people"], "South Dakota"),
        ("women with PhDs", ["women"], "PhDs"),
    ],
)
def test_a_clause_is_read_up_to_the_first_unknown_word(text: str, understood: list[str], left: str) -> None:
    reading = read(text, TEMPLATES["uk_demographics"])
    assert [each.text for each in reading.understood] == understood
    assert reading.not_understood == (left,)


@pytest.mark.parametrize("study", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_example_studies_are_understood(study: Path) -> None:
    population = yaml.safe_load(study.read_text("utf-8"))["population"]
    for segment in population.get("segments", []):
        bound(segment["particularities"], population["demographic_base"])


def test_only_the_doubtful_clause_is_left_out() -> None:
    reading = read("women, likes jazz; self-employed and loves cats", USA)
    assert [each.text for each in reading.understood] == ["women", "self-employed"]
    assert reading.not_understood == ("likes jazz", "loves cats")


@pytest.mark.parametrize("text", ["16-17 years old", "under 18", "teenagers", "35-25 years old", "over 95"])
def test_ages_without_adults_are_refused(text: str) -> None:
    error = refused(text)
    assert text in error.detail
    assert error.errors[0].allowed == ("18-95",)


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("retired, under 30", ("'retired'", "'under 30'")),
        ("women, high income, low income", ("'high income'", "'low income'")),
        ("25-35 years old, tech-savvy, over 60", ("'25-35 years old'", "'over 60'")),
        ("tech-savvy, not tech-savvy", ("'tech-savvy'", "'not tech-savvy'")),
        ("living alone, with children", ("'living alone'", "'children'")),
        ("18-19 years old, postgraduates", ("'18-19 years old'", "'postgraduates'")),
        ("married, living alone, women", ("'married'", "'living alone'")),
    ],
)
def test_a_contradiction_names_the_phrases_that_exclude_each_other(text: str, phrases: tuple[str, str]) -> None:
    detail = refused(text).detail
    assert detail.endswith(f"nobody can be all of this at once: {phrases[0]}, {phrases[1]}")


@pytest.mark.parametrize("unit", ["a,", "x and ", "men or women or ", "not ", "1", "in their ", "(", "busy "])
def test_no_text_takes_long_to_read(unit: str) -> None:
    started = time.process_time()
    read((unit * 2_000)[:2_000], USA)
    assert time.process_time() - started < 1
