"""What the offline model sees in a person: dispositions in [-1, 1], read from a persona of any completeness.

0 means average or unknown; an empty persona is an average person. Read in this order, the first that speaks wins:
stated traits, Big Five, words of the profile, demographic defaults. Name, nationality and the like are not read.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import chain
from types import MappingProxyType

from libs.minds.big_five import BIG_FIVE, big_five
from libs.minds.persona import read_traits
from services.models.domain.offline.lexicon import dispositions_of_word, features_of_word, words

ATTITUDES = (
    "health_interest",
    "tech_affinity",
    "price_sensitivity",
    "environmental_concern",
    "family_orientation",
    "community_orientation",
    "career_ambition",
    "time_pressure",
    "morning_person",
    "information_seeking",
    "trust",
    "privacy_concern",
    "novelty_seeking",
    "tradition",
    "brand_loyalty",
    "impulsiveness",
    "socially_influenced",
)
INTERESTS: Mapping[str, str] = MappingProxyType(
    {
        "health": "health_interest",
        "technology": "tech_affinity",
        "environment": "environmental_concern",
        "family": "family_orientation",
        "career": "career_ambition",
        "community": "community_orientation",
        "money": "interest_money",
        "food": "interest_food",
        "sport": "interest_sport",
        "travel": "interest_travel",
        "learning": "interest_learning",
        "entertainment": "interest_entertainment",
    }
)
"""The disposition that makes a topic matter to a person."""
DISPOSITIONS = (*BIG_FIVE, *ATTITUDES, *(name for name in INTERESTS.values() if name not in ATTITUDES))

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "health_conscious": "health_interest",
        "health": "health_interest",
        "tech_savvy": "tech_affinity",
        "tech": "tech_affinity",
        "technology": "tech_affinity",
        "digital_affinity": "tech_affinity",
        "price_sensitive": "price_sensitivity",
        "budget_conscious": "price_sensitivity",
        "frugal": "price_sensitivity",
        "environmental_aware": "environmental_concern",
        "environmentally_aware": "environmental_concern",
        "eco_conscious": "environmental_concern",
        "sustainability": "environmental_concern",
        "family_oriented": "family_orientation",
        "loving_parent": "family_orientation",
        "community_oriented": "community_orientation",
        "ambitious": "career_ambition",
        "ambition": "career_ambition",
        "career_focused": "career_ambition",
        "time_constrained": "time_pressure",
        "busy": "time_pressure",
        "early_bird": "morning_person",
        "analytical": "information_seeking",
        "analytic": "information_seeking",
        "rational": "information_seeking",
        "trusting": "trust",
        "privacy_minded": "privacy_concern",
        "privacy": "privacy_concern",
        "early_adopter": "novelty_seeking",
        "novelty": "novelty_seeking",
        "traditional": "tradition",
        "brand_loyal": "brand_loyalty",
        "impulsive": "impulsiveness",
        "social": "socially_influenced",
        "social_influence": "socially_influenced",
        "conformity": "socially_influenced",
    }
)
"""Other names of a disposition."""

OPPOSITES: Mapping[str, str] = MappingProxyType(
    {
        "sceptical": "trust",
        "skeptical": "trust",
        "scepticism": "trust",
        "skepticism": "trust",
        "emotional": "information_seeking",
        "independent": "socially_influenced",
        "introversion": "extraversion",
        "emotional_stability": "neuroticism",
        "relaxed": "time_pressure",
        "night_owl": "morning_person",
        "patience": "impulsiveness",
    }
)
"""Traits that are the opposite of a disposition: their value counts with the other sign."""

WORD_WEIGHT = 0.3
"""What one word of the profile that speaks for a disposition adds."""
WORD_LIMIT = 0.8
"""The most that words of the profile can say."""

_KNOWN: Mapping[str, tuple[str, float]] = MappingProxyType(
    {name: (name, 1.0) for name in DISPOSITIONS}
    | {alias: (name, 1.0) for alias, name in ALIASES.items()}
    | {opposite: (name, -1.0) for opposite, name in OPPOSITES.items()}
)

_LIKED = ("interests", "likes", "skills", "beliefs", "long_term_goals", "goals", "character")
_LONGEST_READ = 600
_SLUG = re.compile(r"[^a-z0-9]+")


def read_persona(block: object) -> dict[str, float]:
    """Every disposition of a persona; anything missing, unknown or of a wrong type is left at 0."""
    persona = block if isinstance(block, dict) else {}
    found = _demographics(persona)
    found |= {name: _clip(value, WORD_LIMIT) for name, value in _profile_words(persona).items()}
    found |= big_five(persona)
    found |= _traits(persona.get("traits"))
    return {name: _clip(found.get(name, 0.0)) for name in DISPOSITIONS}


def _clip(value: float, limit: float = 1.0) -> float:
    return max(-limit, min(limit, value))


def _number(value: object) -> float | None:
    """A finite number, or the first number in a text (a quoted age, "45,000 USD")."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if -1e15 < value < 1e15 else None
    if isinstance(value, str) and (match := re.search(r"-?\d+(?:\.\d+)?", value[:100].replace(",", ""))):
        return float(match.group())
    return None


def disposition_named(name: str) -> tuple[str, float] | None:
    """The disposition that a trait (or a metric) of this name is about, and the sign it counts with."""
    slug = name if name in _KNOWN else _SLUG.sub("_", name.lower()).strip("_")
    return _KNOWN.get(slug)


def _traits(traits: object) -> dict[str, float]:
    """Dispositions stated as numbers. A trait of an unknown name speaks through the words of its name."""
    if isinstance(traits, str):
        traits = read_traits(traits)
    if not isinstance(traits, dict):
        return {}
    found: dict[str, float] = {}
    hinted: dict[str, float] = {}
    for name, raw in traits.items():
        value = None if isinstance(raw, str) else _number(raw)
        if value is None:
            continue
        known = disposition_named(str(name))
        if known is not None:
            found[known[0]] = known[1] * value
        else:
            for disposition, direction in _said_in(str(name).replace("_", " ")):
                hinted[disposition] = hinted.get(disposition, 0.0) + 0.5 * direction * _clip(value)
    return hinted | found


def _texts(value: object, depth: int = 2) -> Iterable[str]:
    """Every text in a value, down to `depth` levels of lists and objects."""
    if isinstance(value, str):
        yield value[:_LONGEST_READ]
    elif depth and isinstance(value, dict):
        for part in value.values():
            yield from _texts(part, depth - 1)
    elif depth and isinstance(value, list | tuple):
        for part in value[:40]:
            yield from _texts(part, depth - 1)


@lru_cache(maxsize=20_000)
def _said_by(word: str) -> tuple[tuple[str, float], ...]:
    """Dispositions a word speaks for or against: its own, and those its topics matter to."""
    topics = (INTERESTS[topic] for topic in features_of_word(word) if topic in INTERESTS)
    return (*dispositions_of_word(word), *((disposition, 1.0) for disposition in topics))


def _said_in(text: str) -> Iterable[tuple[str, float]]:
    """Dispositions the words of a text speak for or against."""
    return chain.from_iterable(map(_said_by, words(text)))


def _profile_words(persona: Mapping[str, object]) -> dict[str, float]:
    """What the words of interests, likes, traits, skills, beliefs, goals and style say; dislikes say the opposite."""
    nested = [part for name in ("preferences", "personality") if isinstance(part := persona.get(name), dict)]
    occupation = persona.get("occupation")
    title = occupation.get("title") if isinstance(occupation, dict) else occupation
    liked = [title, persona.get("job"), *(persona.get(name) for name in (*_LIKED, "style"))]
    liked += [part.get(name) for part in nested for name in (*_LIKED, "traits")]
    disliked = [part.get("dislikes") for part in (persona, *nested)]
    found: dict[str, float] = {}
    for values, sign in ((liked, WORD_WEIGHT), (disliked, -WORD_WEIGHT)):
        for disposition, direction in _said_in(" ".join(_texts(values, depth=3))):
            found[disposition] = found.get(disposition, 0.0) + sign * direction
    return found


EDUCATION = (("phd", 0.6), ("doctor", 0.6), ("master", 0.5), ("graduate", 0.4), ("bachelor", 0.3), ("college", 0.2))
"""Default of `information_seeking` by a word of the education."""


def _demographics(persona: Mapping[str, object]) -> dict[str, float]:
    """Weak defaults: age → tech_affinity, novelty_seeking, health_interest; income → price_sensitivity; and so on."""
    found: dict[str, float] = {}
    age = _number(persona.get("age"))
    if age is not None and 0 < age < 130:
        found["tech_affinity"] = _clip((45 - age) / 60, 0.6)
        found["novelty_seeking"] = _clip((40 - age) / 100, 0.3)
        found["health_interest"] = _clip((age - 45) / 100, 0.3)
        found["time_pressure"] = 0.2 if 28 <= age <= 50 else -0.3 if age >= 67 else 0.0
    income = persona.get("income", persona.get("income_usd", persona.get("income_band")))
    found["price_sensitivity"] = _income_effect(income)
    education = next(iter(_texts(persona.get("education"))), "").lower()
    found["information_seeking"] = next((value for word, value in EDUCATION if word in education), 0.0)
    children = persona.get("children")
    if (isinstance(children, list) and children) or (_number(children) or 0) > 0:
        found["family_orientation"] = 0.5
        found["time_pressure"] = found.get("time_pressure", 0.0) + 0.2
    return found


def _income_effect(income: object) -> float:
    """+0.5 at 0 a year, 0 at 70,000, −0.5 from 140,000 on; "low", "middle", "high" by word."""
    if isinstance(income, str):
        text = income.strip().lower()
        if text.startswith(("low", "under", "poor")):
            return 0.4
        if text.startswith(("high", "upper", "wealth")):
            return -0.4
    amount = _number(income)
    return 0.0 if amount is None or amount < 1_000 else _clip((70_000 - amount) / 140_000, 0.5)
