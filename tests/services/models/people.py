"""People, stimuli and instruments for tests of the offline model."""

import random

from libs.contracts.instruments import Instrument, MetricType

EMOTIONAL = {
    "content": "Don't miss out on transforming your health...",
    "timing": "morning",
    "channel": "email",
}
RATIONAL = {
    "content": "Our clinical studies show 89% improvement...",
    "timing": "afternoon",
    "channel": "email",
}
INTERESTS = ("cooking", "running", "travel", "music", "reading books", "football", "politics", "gadgets")
BIG_FIVE = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
SEGMENTS = (
    {"health_interest": 0.6, "time_pressure": 0.6, "tech_affinity": 0.5},
    {"family_orientation": 0.7, "price_sensitivity": 0.6},
    {},
)


def person(index: int) -> dict[str, object]:
    """One of an endless row of different people."""
    rng = random.Random(index)
    traits = {name: max(-1.0, min(1.0, rng.gauss(0, 0.35))) for name in (*BIG_FIVE, "information_seeking", "trust")}
    return {
        "name": f"Person {index}",
        "age": rng.randint(20, 75),
        "income": rng.choice([28_000, 60_000, 125_000]),
        "education": rng.choice(["high school", "bachelor's degree", "PhD"]),
        "occupation": {"title": rng.choice(["nurse", "software engineer", "teacher"])},
        "preferences": {"interests": rng.sample(INTERESTS, 2), "dislikes": ["being hurried"]},
        "long_term_goals": ["To see the world."],
        "traits": traits | SEGMENTS[index % 3],
    }


def instrument(name: str, kind: str = "binary", **fields: object) -> Instrument:
    """A metric; ordinal and numeric ones are on 1–10 unless said otherwise."""
    is_scale = kind in {"ordinal", "numeric"}
    defaults: dict[str, object] = {
        "question": f"{name}?",
        "minimum": 1 if is_scale else None,
        "maximum": 10 if is_scale else None,
        "options": (),
        "requires": None,
        "role": "secondary",
    }
    return Instrument.model_validate({"name": name, "type": MetricType(kind), **defaults, **fields})


FUNNEL = (
    instrument("open_rate"),
    instrument("click_through", requires="open_rate"),
    instrument("purchase_intent", "ordinal"),
)
