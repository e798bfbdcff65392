"""The persona as a prompt shows it: the persona of an `.agent.json` without what is empty or said twice, and flat.

Nothing else is left out, also not fields that TinyTroupe does not know, up to a size that no persona written by hand
reaches. `traits` is ours: numbers that people are drawn with, in a short form that `read_traits` reads.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

from libs.contracts.base import JsonObject
from libs.contracts.people import Agent
from libs.minds.big_five import BIG_FIVE, LEVELS
from libs.minds.blocks import canonical
from libs.minds.text import plain

TRAITS = "traits"
SEGMENT = "segment"
MAX_PERSONA = 12_000
"""Characters of a persona that are shown; of a longer one, first long texts and lists are cut, then fields left out."""
SHORT_NAMES: Mapping[str, str] = {
    **{name: name[0].upper() for name in BIG_FIVE},
    "price_sensitivity": "price",
    "health_interest": "health",
    "tech_affinity": "tech",
    "environmental_concern": "environment",
    "family_orientation": "family",
    "community_orientation": "community",
    "career_ambition": "career",
    "time_pressure": "hurry",
    "novelty_seeking": "novelty",
    "morning_person": "morning",
    "privacy_concern": "privacy",
    "brand_loyalty": "brands",
    "impulsiveness": "impulse",
    "information_seeking": "facts",
    "socially_influenced": "others",
}
"""Names of traits in a prompt, whose rules explain them; any other trait goes by its own name."""
_LONG_NAMES = {short: name for name, short in SHORT_NAMES.items()}
LAYOUT: Mapping[str, tuple[str, ...]] = {
    "character": ("personality", "traits"),
    "big_five": ("personality", "big_five"),
    "interests": ("preferences", "interests"),
    "likes": ("preferences", "likes"),
    "dislikes": ("preferences", "dislikes"),
    "habits": ("behaviors", "general"),
    "morning": ("behaviors", "routines", "morning"),
    "evening": ("behaviors", "routines", "evening"),
    "job": ("occupation", "title"),
    "employer": ("occupation", "organization"),
    "work": ("occupation", "description"),
    "goals": ("long_term_goals",),
    "facts": ("other_facts",),
    "home": ("residence",),
    "people": ("relationships",),
}
"""Where fields of TinyTroupe's shape stand in a prompt."""
_PATHS = tuple((name, path[:-1], path[-1]) for name, path in LAYOUT.items())
_LISTED = (*LAYOUT, "beliefs", "skills")
_LEVELS = frozenset(word for word, _ in LEVELS)
_LONGEST_JOINED = 500
_WORD = re.compile(r"\w+")
_STATED_TRAIT = re.compile(r"(\w+)([+-]\d+)")
_CUTS = (1_000, 500, 250, 120)
_CHARACTERS_PER_ITEM = 25


def persona_of(agent: Agent) -> JsonObject:
    """The value of the `persona` block. A persona's own fields come before ours of the same name, but for `traits`."""
    persona = _without_empty(agent.persona)
    if not isinstance(persona, dict):
        persona = {}
    if isinstance(people := persona.get("relationships"), list):
        persona["relationships"] = [_in_a_line(person) for person in people]
    for name, outer, last in _PATHS:
        if name not in persona:
            _move(persona, outer, last, name)
    for name in _LISTED:
        if isinstance(items := persona.get(name), list):
            persona[name] = _joined(items)
    if agent.segment:
        persona.setdefault(SEGMENT, agent.segment)
    if agent.traits:
        persona[TRAITS] = write_traits(agent.traits)
        _drop_levels(persona, agent.traits)
    return _fitting(persona)


def write_traits(traits: Mapping[str, float]) -> str:
    """Traits in hundredths by short name, the known ones first: "O-48 C+30 health+65"."""
    known = [(short, traits[name]) for name, short in SHORT_NAMES.items() if name in traits]
    others = sorted(name for name in traits if name not in SHORT_NAMES and _LONG_NAMES.get(name) not in traits)
    stated = [*known, *((_in_words(name), traits[name]) for name in others)]
    return " ".join([f"{short}{round(100 * _clip(value)):+d}" for short, value in stated if short])


def read_traits(text: str) -> dict[str, float]:
    """The traits in such a text, by their full names; whatever is none is left out."""
    found = (_STATED_TRAIT.fullmatch(part) for part in text.split())
    return {_LONG_NAMES.get(match[1], match[1]): int(match[2]) / 100 for match in found if match is not None}


@lru_cache(maxsize=1_024)
def _in_words(name: str) -> str:
    return "_".join(_WORD.findall(name))


def _clip(value: float) -> float:
    return value if -1.0 <= value <= 1.0 else max(-1.0, min(1.0, value))


def _without_empty(value: object) -> object:
    """Without nulls and empty texts, lists and objects, at any depth."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        return {name: part for name, inner in value.items() if (part := _without_empty(inner)) or part == 0}
    if isinstance(value, list):
        return [part for inner in value if (part := _without_empty(inner)) or part == 0]
    return value


def _move(persona: JsonObject, outer: tuple[str, ...], last: str, name: str) -> None:
    """Move a field in these objects to the top, by this name; objects that are empty then go with it."""
    holder = persona
    for step in outer:
        inner = holder.get(step)
        if not isinstance(inner, dict):
            return
        holder = inner
    if last in holder:
        persona[name] = holder.pop(last)
        _prune(persona, outer)


def _prune(holder: JsonObject, path: tuple[str, ...]) -> None:
    if path:
        _prune(holder[path[0]], path[1:])
        if not holder[path[0]]:
            del holder[path[0]]


def _in_a_line(person: object) -> object:
    """A relationship that is nothing but a name and a description becomes "Heather, your spouse"."""
    if isinstance(person, dict) and {str(name).lower() for name in person} == {"name", "description"}:
        named = {str(name).lower(): part for name, part in person.items()}
        return f"{named['name']}, {named['description']}"
    return person


def _drop_levels(persona: JsonObject, traits: Mapping[str, float]) -> None:
    """Leave out the Big Five of which nothing is said but a level ("High."): the traits say that more exactly."""
    stated = persona.get("big_five")
    if isinstance(stated, dict):
        kept = {
            name: said
            for name, said in stated.items()
            if name not in traits or str(said).lower().strip(" .") not in _LEVELS
        }
        persona["big_five"] = kept
        if not kept:
            del persona["big_five"]


def _joined(items: list[object]) -> object:
    """A short list of texts as one: sentences as they are, phrases with semicolons."""
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) < len(items):
        return items
    text = (" " if all(text.endswith((".", "!", "?")) for text in texts) else "; ").join(texts)
    return text if len(text) <= _LONGEST_JOINED else items


def _fitting(persona: JsonObject) -> JsonObject:
    for longest in _CUTS:
        if len(canonical(persona)) <= MAX_PERSONA:
            return persona
        persona = {name: _cut(part, longest) for name, part in persona.items()}
    while len(canonical(persona)) > MAX_PERSONA:
        persona.pop(max(persona, key=lambda name: (len(canonical(persona[name])), name)))
    return persona


def _cut(value: object, longest: int) -> object:
    if isinstance(value, str):
        return plain(value, longest)
    if isinstance(value, list):
        return [_cut(part, longest) for part in value[: longest // _CHARACTERS_PER_ITEM]]
    if isinstance(value, dict):
        return {name: _cut(part, longest) for name, part in value.items()}
    return value
