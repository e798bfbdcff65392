"""What the offline model sees in a stimulus: numbers in [0, 1] from its text, channel and timing.

Every factor is ≥ 0 and 0 means "not there", so an unknown channel, timing or language is neutral, not an error.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from services.models.domain.offline.lexicon import STEMS, count_features, words

TOPICS = (
    "health",
    "technology",
    "environment",
    "family",
    "money",
    "food",
    "sport",
    "travel",
    "learning",
    "career",
    "community",
    "entertainment",
)

CHANNELS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "email": {"channel_digital": 0.5, "channel_intrusive": 0.2},
        "social": {"channel_digital": 0.8, "channel_shared": 1.0},
        "in_app": {"channel_digital": 1.0, "channel_intrusive": 0.3},
        "app": {"channel_digital": 1.0, "channel_intrusive": 0.3},
        "push": {"channel_digital": 1.0, "channel_intrusive": 0.8},
        "sms": {"channel_digital": 0.4, "channel_intrusive": 0.7},
        "chat": {"channel_digital": 0.8, "channel_personal": 0.4},
        "web": {"channel_digital": 0.7},
        "website": {"channel_digital": 0.7},
        "phone": {"channel_intrusive": 1.0, "channel_personal": 0.7},
        "in_person": {"channel_personal": 1.0},
        "post": {"channel_personal": 0.2},
        "letter": {"channel_personal": 0.3},
        "tv": {"channel_shared": 0.4},
        "radio": {"channel_shared": 0.3},
        "survey": {"channel_personal": 0.3},
    }
)
"""Factors of a channel; a channel that is not listed has none."""

TIMINGS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "early_morning": {"timing_morning": 1.0},
        "morning": {"timing_morning": 1.0},
        "noon": {"timing_working_hours": 0.5},
        "lunch": {"timing_working_hours": 0.3},
        "afternoon": {"timing_working_hours": 1.0},
        "evening": {"timing_evening": 1.0},
        "night": {"timing_night": 1.0},
        "weekend": {"timing_evening": 0.7},
    }
)
"""Factors of a time of day; "immediate" and unknown timings have none."""

TEXT_FACTORS = (
    "evidence",
    "emotion",
    "urgency",
    "social_proof",
    "saving",
    "price",
    "call_to_action",
    "novelty",
    "restriction",
    "privacy_risk",
    "concreteness",
    "clarity",
    "length",
    "shouting",
)
PLACE_FACTORS = (
    "channel_digital",
    "channel_intrusive",
    "channel_personal",
    "channel_shared",
    "timing_morning",
    "timing_working_hours",
    "timing_evening",
    "timing_night",
)
FACTORS = (*TEXT_FACTORS, *TOPICS, *PLACE_FACTORS)

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SENTENCE_END = re.compile(r"[.!?。！？؟।]+(?:\s|$)|\n+")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CLOCK = re.compile(r"(?:^|[T\s])([01]?\d|2[0-3]):[0-5]\d")
_CURRENCY = re.compile(r"[$€£¥₹]")
_LONGEST_READ = 20_000

SATURATION = 0.9
"""Strength of a feature with h hits in w words: 1 − exp(−SATURATION · h / √max(1, w/40))."""


@dataclass(frozen=True, slots=True, eq=False)
class Stimulus:
    """A stimulus as the offline model sees it, compared by identity. `factors` holds only what is not 0."""

    content: str = ""
    channel: str = ""
    timing: str = ""
    factors: Mapping[str, float] = field(default_factory=dict)
    vocabulary: frozenset[str] = frozenset()


NO_STIMULUS = Stimulus()


def read_stimulus(block: object) -> Stimulus:
    """Read a stimulus block, a plain text, or nothing; whatever is missing or of a wrong type is left out."""
    if isinstance(block, str):
        return _read(block, "", "")
    if not isinstance(block, Mapping):
        return NO_STIMULUS
    texts = [value if isinstance(value := block.get(name), str) else "" for name in ("content", "channel", "timing")]
    return _read(*texts)


@lru_cache(maxsize=1_024)
def _read(content: str, channel: str, timing: str) -> Stimulus:
    """Features are made once per distinct stimulus, not once per agent."""
    content = content[:_LONGEST_READ]
    found = words(content)
    factors = _text_factors(content, found)
    factors |= CHANNELS.get(_slug(channel), {})
    factors |= TIMINGS.get(_part_of_day(timing), {})
    return Stimulus(
        content=content,
        channel=channel,
        timing=timing,
        factors={name: value for name, value in factors.items() if value > 0.0},
        vocabulary=frozenset(found),
    )


def _text_factors(content: str, found: list[str]) -> dict[str, float]:
    """Strength in [0, 1] of each text factor and topic."""
    if not content.strip():
        return {}
    count = max(len(found), len(_WIDE.findall(content)) // 2, 1)
    hits = count_features(found, content.lower())
    numbers = len(_NUMBER.findall(content))
    signs = len(_CURRENCY.findall(content))
    if numbers and "%" in content:
        hits["evidence"] = hits.get("evidence", 0) + 1
    if signs:
        hits["price"] = hits.get("price", 0) + signs
    factors = {name: _strength(hits.get(name, 0), count) for name in STEMS}
    factors["concreteness"] = _strength(numbers, count)
    factors["clarity"] = _clarity(content, found, count)
    factors["length"] = min(1.0, max(0.0, (count - 60) / 240))
    factors["shouting"] = _shouting(content)
    return factors


def _strength(hits: int, count: int) -> float:
    """How strongly `hits` in a text of `count` words show: 1 − exp(−0.9 h / √max(1, w/40))."""
    return 1.0 - math.exp(-SATURATION * hits / math.sqrt(max(1.0, count / 40))) if hits else 0.0


def _clarity(content: str, found: list[str], count: int) -> float:
    """1 for short sentences of short words, 0 from 40 words a sentence on or 9 letters a word on."""
    sentences = max(1, len(_SENTENCE_END.findall(content.strip() + " ")))
    letters = sum(map(len, found)) / len(found) if found else 5.0
    return max(0.0, min(1.0, 1.25 - count / sentences / 32)) * max(0.0, min(1.0, (9.0 - letters) / 4))


def _shouting(content: str) -> float:
    """Share of shouting: runs of capitals and of exclamation marks."""
    capitals = sum(len(run) for run in re.findall(r"\b[A-Z]{4,}\b", content))
    marks = content.count("!")
    return min(1.0, capitals / max(1, len(content)) * 3 + max(0, marks - 1) * 0.25)


def _slug(text: str) -> str:
    """`In-App ` → `in_app`."""
    return re.sub(r"[\s\-]+", "_", text.strip().lower()).replace("e_mail", "email")


def _part_of_day(timing: str) -> str:
    """A named part of the day as it is; a clock time as the part of the day it falls in."""
    clock = _CLOCK.search(timing)
    if clock is None:
        return _slug(timing)
    hour = int(clock.group(1))
    parts = ((5, "night"), (11, "morning"), (13, "noon"), (17, "afternoon"), (22, "evening"))
    return next((part for end, part in parts if hour < end), "night")
