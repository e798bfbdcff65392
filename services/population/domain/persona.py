"""Composes a persona in TinyTroupe's shape from attributes and traits; nothing in it contradicts them.

Sentences address the person ("You …"), as TinyTroupe's files do. Kept small: a persona is part of every prompt.
"""

from collections.abc import Collection, Mapping
from random import Random

from libs.contracts.base import JsonObject
from libs.contracts.demographics import Place, Template
from services.population.domain.names import Gender, NamePool
from services.population.domain.occupations import Occupations
from services.population.domain.phrases import Phrases
from services.population.domain.traits import BIG_FIVE

CHILD_COUNT = {"none": 0, "1": 1, "2": 2, "3 or more": 3}
YOUNGEST_PARENT = 18
OLDEST_CHILD = 17
OLDEST_AT_BIRTH = 45
DEGREES = (
    (0.5, "Very high"),
    (0.2, "High"),
    (-0.2, "Average"),
    (-0.5, "Low"),
    (-2.0, "Very low"),
)
SETTINGS = {"city": "city", "suburb": "suburb", "rural": "countryside"}
Profile = Mapping[str, str]


class Composer:
    """Writes personas for the people of one template."""

    def __init__(self, template: Template, occupations: Occupations, phrases: Phrases) -> None:
        self._template, self._occupations, self._phrases = template, occupations, phrases

    def compose(
        self,
        name: str,
        age: int,
        profile: Profile,
        traits: Mapping[str, float],
        pool: NamePool,
        random: Random,
        told: Collection[str] = (),
    ) -> JsonObject:
        """The persona of one person. Of the parts that fragments will tell of, it says one thing less."""
        place = self._template.places[profile["region"]]
        work = self._occupations.draw(profile, random)

        def pick(part: str, count: int) -> list[str]:
            fewer = 1 if part in told and count > 1 else 0
            return self._phrases.choose(part, count - fewer, traits, profile, random)

        return {
            "name": name,
            "age": age,
            "gender": profile["gender"],
            "nationality": place.nationality,
            "residence": _residence(place, profile, random),
            "education": _education(profile["education"], work.field),
            "long_term_goals": pick("long_term_goals", 1),
            "occupation": {"title": work.title, "organization": work.organization, "description": work.description},
            "style": pick("style", 1)[0],
            "personality": {
                "traits": pick("traits", 2),
                "big_five": {trait: f"{_degree(traits[trait])}." for trait in BIG_FIVE},
            },
            "preferences": {
                "interests": pick("interests", 3),
                "likes": pick("likes", 2),
                "dislikes": pick("dislikes", 2),
            },
            "skills": list(work.skills),
            "beliefs": pick("beliefs", 1),
            "behaviors": {
                "general": pick("general", 1),
                "routines": {"morning": pick("morning", 1), "evening": pick("evening", 1)},
            },
            "health": pick("health", 1)[0],
            "relationships": _relationships(age, profile, pool, random),
            "other_facts": _facts(profile, self._template),
        }


def _degree(value: float) -> str:
    return next(words for least, words in DEGREES if value >= least)


def _residence(place: Place, profile: Profile, random: Random) -> str:
    return f"{random.choice(place.towns)}, {place.country} ({SETTINGS[profile['area_type']]})"


def _education(value: str, field: str) -> str:
    has_field = any(word in value for word in ("degree", "tertiary", "professional")) and "no degree" not in value
    return f"{value[0].upper()}{value[1:]}{f', in {field}' if has_field else ''}"


def _relationships(age: int, profile: Profile, pool: NamePool, random: Random) -> list[JsonObject]:
    """A spouse, children young enough to live at home, or else a close friend."""
    taken: set[str] = set()

    def named() -> str:
        gender: Gender = random.choice(("female", "male"))
        names = pool.given(gender)
        name = random.choice([given for given in names if given not in taken] if taken else names)
        taken.add(name)
        return name

    people: list[JsonObject] = []
    if profile["marital_status"] == "married":
        people.append({"name": named(), "description": "your spouse"})
    for _ in range(CHILD_COUNT.get(profile["children"], 0)):
        oldest = max(0, min(OLDEST_CHILD, age - YOUNGEST_PARENT))
        years = random.randint(min(oldest, max(0, age - OLDEST_AT_BIRTH)), oldest)
        people.append(
            {"name": named(), "description": f"your child, {years} years old" if years else "your child, a baby"}
        )
    if not people:
        people.append(
            {"name": named(), "description": random.choice(("a close friend", "your sibling", "a neighbour"))}
        )
    return people


def _facts(profile: Profile, template: Template) -> list[str]:
    marital, size = profile["marital_status"], profile["household_size"]
    status = {"married": "", "never married": "You have never been married. "}.get(marital, f"You are {marital}. ")
    tenure = "owning" if profile["home_tenure"] == "owner" else "renting"
    home = f"You live alone, {tenure}." if size == "1 person" else f"Household of {size}, {tenure}."
    told = [dimension.says(profile[name]) for name, dimension in template.dimensions.items() if dimension.told]
    income = template.income_phrase.replace("{band}", profile["income_band"])
    others = "; ".join(filter(None, told))
    return [f"{status}{home}", income, *([f"{others[0].upper()}{others[1:]}."] if others else [])]
