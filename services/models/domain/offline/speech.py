"""What a person thinks, says and feels, in words. The reasons given are the largest terms of the utilities."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from libs.contracts.instruments import Answer, Instrument, MetricType
from services.models.domain.offline.stages import Stage, stage_of
from services.models.domain.offline.stimulus import NO_STIMULUS, TOPICS, Stimulus
from services.models.domain.offline.utilities import Reason, active_effects, reasons

Loadings = tuple[float, float, float]
Answered = Sequence[tuple[Instrument, Answer]]

GENERAL_LOADINGS: Loadings = (0.2, 0.4, 0.4)
LEVELS = (
    "Not in the least; I want nothing to do with it.",
    "Hardly; there is little in it for me.",
    "So-so; I can see it either way.",
    "Rather, yes; there is something in it for me.",
    "Absolutely; I am all for it.",
)
"""Answers in words to a question with a scale, lowest first."""
WAYS = {
    "email": "by email",
    "social": "on social media",
    "in app": "in the app",
    "app": "in the app",
    "push": "as a push message",
    "sms": "by text message",
    "chat": "in a chat",
    "web": "on the web",
    "website": "on the web",
    "print": "in print",
    "tv": "on TV",
    "radio": "on the radio",
    "phone": "by phone",
    "in person": "in person",
    "direct message": "in a direct message",
    "post": "by post",
    "letter": "by letter",
    "survey": "in a survey",
}
"""How a channel is said; any other is gone through."""
_REASONS_NAMED = 3
_LONGEST_QUOTE = 120
_END_OF_GOAL = re.compile(r"(?<=[.!?])\s|;\s")


def think(
    dispositions: Mapping[str, float], stimulus: Stimulus, instruments: Sequence[Instrument]
) -> tuple[str, list[Reason]]:
    """The reasoning in the first person, and the terms it names: the largest three for the metrics asked."""
    stages = [stage_of(instrument) for instrument in instruments]
    count = len(stages) or 1
    loadings: Loadings = (
        sum(stage.loadings[0] for stage in stages) / count,
        sum(stage.loadings[1] for stage in stages) / count,
        sum(stage.loadings[2] for stage in stages) / count,
    )
    found = reasons(dispositions, active_effects(stimulus), loadings if stages else GENERAL_LOADINGS)
    named = found[:_REASONS_NAMED]
    parts = [_place(stimulus)] if stimulus.factors else []
    for heading, sign in (("What speaks for it", 1), ("What speaks against it", -1)):
        texts = [reason.text for reason in named if reason.amount * sign > 0]
        if texts:
            parts.append(f"{heading}: {'; '.join(texts)}.")
    return " ".join(parts) or "Nothing about this matters much to me.", named


def talk(dispositions: Mapping[str, float], stimulus: Stimulus, answered: Answered, sentiment: float) -> str:
    """What the person says: every answer that was reached, acts with their reason."""
    acts = Counter(stage_of(instrument) for instrument, _ in answered if instrument.type is MetricType.BINARY)
    said = [
        _sentence(dispositions, stimulus, instrument, answer, is_only_act=acts[stage_of(instrument)] == 1)
        for instrument, answer in answered
        if answer is not None
    ]
    return " ".join(said) or _reaction(dispositions, stimulus, sentiment)


def sentences(dispositions: Mapping[str, float], stimulus: Stimulus, stage: Stage, sentiment: float) -> tuple[str, ...]:
    """Ways to answer an open question, all with the same meaning."""
    shown = active_effects(stimulus if stage.sees_stimulus else NO_STIMULUS)
    found = reasons(dispositions, shown, stage.loadings)
    if stage.polarity < 0:  # an open question about concerns: only what speaks against it
        found = [reason for reason in found if reason.amount < 0]
    because = " and ".join(reason.text for reason in found[:2])
    if stage.polarity < 0 and not because:
        return ("Nothing in particular.", "Nothing that I can think of.", "No, nothing.")
    mood = _mood(sentiment) if stage.sees_stimulus else "I have no strong view on that"
    if not because:
        return (f"{mood}.", f"To be honest: {_lower(mood)}.", f"All in all, {_lower(mood)}.")
    return (f"{mood}: {because}.", f"{_upper(because)}. {mood}.", f"All in all, {_lower(mood)}, since {because}.")


def in_words(dispositions: Mapping[str, float], stimulus: Stimulus, stage: Stage, share: float) -> str:
    """A place on a scale, as a share of the way up, in words and with its reason."""
    level = LEVELS[round(share * (len(LEVELS) - 1))]
    sign = 1 if share >= 0.5 else -1
    shown = active_effects(stimulus if stage.sees_stimulus else NO_STIMULUS)
    found = reasons(dispositions, shown, stage.loadings)
    because = next((reason.text for reason in found if reason.amount * sign * stage.polarity > 0), None)
    return f"{level} {_upper(because)}." if because else level


def emotions(dispositions: Mapping[str, float], sentiment: float) -> str:
    """The feeling in words."""
    if sentiment > 0.3:
        return "Pleased and interested."
    if sentiment < -0.3:
        return "Uneasy and put off." if dispositions["neuroticism"] > 0.2 else "Unmoved, a little annoyed."
    return "A little tense." if dispositions["neuroticism"] > 0.4 else "Calm."


def goals(persona: object) -> str:
    """The first long-term goal of the persona, else an everyday one."""
    stated = persona.get("goals", persona.get("long_term_goals")) if isinstance(persona, Mapping) else None
    first = stated[0] if isinstance(stated, list | tuple) and stated else stated
    goal = _END_OF_GOAL.split(first)[0] if isinstance(first, str) else ""
    return goal[:_LONGEST_QUOTE] if goal.strip() else "To get on with my day."


def attention(stimulus: Stimulus) -> str:
    """What the person is attending to."""
    if not stimulus.factors:
        return "The questions I am asked."
    topic = _topic(stimulus)
    return f"A message about {topic}." if topic else "A message."


def _place(stimulus: Stimulus) -> str:
    """Where it comes from, when, and what about."""
    name = _label(stimulus.channel)[:40]
    way = f" {WAYS.get(name, f'through {name}')}" if name else ""
    time = f" ({_label(stimulus.timing)[:40]})" if stimulus.timing else ""
    topic = _topic(stimulus)
    return f"This reaches me{way}{time}{f' and is about {topic}' if topic else ''}."


def _topic(stimulus: Stimulus) -> str | None:
    """What it is about most; null when nothing is known."""
    topics = [topic for topic in TOPICS if topic in stimulus.factors]
    return max(topics, key=lambda topic: stimulus.factors[topic], default=None)


def _sentence(
    dispositions: Mapping[str, float], stimulus: Stimulus, instrument: Instrument, answer: Answer, *, is_only_act: bool
) -> str:
    """One answer as it is said; an act in the words of its stage when no other metric asked has that stage."""
    stage = stage_of(instrument)
    label = _upper(_label(instrument.name))
    if instrument.type is MetricType.TEXT or instrument.elicitation == "ssr":
        return str(answer)
    if instrument.type is MetricType.BINARY:
        yes_no = stage.yes if answer else stage.no
        said = yes_no if is_only_act and stage.yes != "yes" else f"{label}: {'yes' if answer else 'no'}"
        sign = stage.polarity if answer else -stage.polarity
        shown = active_effects(stimulus if stage.sees_stimulus else NO_STIMULUS)
        found = reasons(dispositions, shown, stage.loadings)
        because = next((reason.text for reason in found if reason.amount * sign > 0), None)
        return f"{said}, because {because}." if because else f"{said}."
    if isinstance(answer, tuple):
        return f"{label}: {', then '.join(map(_label, answer))}."
    if instrument.type in {MetricType.ORDINAL, MetricType.NUMERIC} and instrument.maximum is not None:
        return f"{label}: {_figure(answer)} out of {_figure(instrument.maximum)}."
    return f"{label}: {_figure(answer)}."


def _reaction(dispositions: Mapping[str, float], stimulus: Stimulus, sentiment: float) -> str:
    """What is said where nothing was asked."""
    found = reasons(dispositions, active_effects(stimulus), (0.0, 0.0, 1.0))
    because = next((reason.text for reason in found if reason.amount * sentiment > 0), None)
    return f"{_mood(sentiment)}: {because}." if because else f"{_mood(sentiment)}."


def _mood(sentiment: float) -> str:
    if sentiment > 0.15:
        return "This appeals to me"
    return "This is not for me" if sentiment < -0.25 else "I can take it or leave it"


def _label(name: str) -> str:
    return name.replace("_", " ").strip()


def _figure(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else _label(str(value))


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text if text.startswith("I ") else text[:1].lower() + text[1:]
