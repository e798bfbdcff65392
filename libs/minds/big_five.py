"""The Big Five as a persona states them, as numbers in [-1, 1].

TinyTroupe's files state them in words ("High. You are …"), others as numbers on some usual scale; both are read here,
for whoever needs a number. A trait that is not stated, or not understood, is left out.
"""

import re
from collections.abc import Mapping

BIG_FIVE = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
OPPOSITES = {"introversion": "extraversion", "emotional_stability": "neuroticism"}
LEVELS = (
    ("very high", 0.9),
    ("very low", -0.9),
    ("high", 0.6),
    ("low", -0.6),
    ("medium", 0.0),
    ("moderate", 0.0),
    ("average", 0.0),
)
"""Levels in words; the first that the text starts with counts."""
SCALES = ((5.0, 3.0, 2.0), (10.0, 5.5, 4.5), (100.0, 50.0, 50.0))
"""(greatest value, middle, distance from the middle to an end) of the scales 1–5, 1–10 and 0–100."""
_SEPARATORS = re.compile(r"[\s-]+")


def big_five(persona: Mapping[str, object]) -> dict[str, float]:
    """What `personality.big_five` (TinyTroupe's place) or `big_five` (a prompt's) states."""
    personality = persona.get("personality")
    given = personality.get("big_five") if isinstance(personality, dict) else None
    given = persona.get("big_five") if given is None else given
    found: dict[str, float] = {}
    for name, value in given.items() if isinstance(given, dict) else ():
        key = _SEPARATORS.sub("_", str(name).strip().lower())
        stated = level(value)
        if stated is not None and key in OPPOSITES:
            found[OPPOSITES[key]] = 0.0 - stated
        elif stated is not None and key in BIG_FIVE:
            found[key] = stated
    return found


def level(value: object) -> float | None:
    """A number in [-1, 1] as it is; else on the first of `SCALES` it fits; words by `LEVELS`."""
    if isinstance(value, str):
        text = value.strip().lower()
        return next((number for word, number in LEVELS if text.startswith(word)), None)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -100 <= value <= 100:
        return None
    if -1 <= value <= 1:
        return float(value)
    return next(max(-1.0, (value - middle) / half) for top, middle, half in SCALES if value <= top)
