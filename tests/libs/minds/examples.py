"""A person, a stimulus and instruments of every type."""

from libs.contracts.instruments import Instrument, MetricType, Role
from libs.contracts.people import Agent
from libs.contracts.protocol import Stimulus
from libs.minds.turn import Turn, read_turn

EMAIL = Stimulus(content="Don't miss out on transforming your health...", channel="email", timing="morning")


def instrument(
    name: str,
    metric_type: MetricType = MetricType.BINARY,
    *,
    scale: tuple[float, float] | None = None,
    options: tuple[str, ...] = (),
    requires: str | None = None,
    role: Role = "secondary",
) -> Instrument:
    minimum, maximum = scale or (None, None)
    return Instrument(
        name=name,
        type=metric_type,
        question=f"What about {name.replace('_', ' ')}, honestly, on that day?",
        minimum=minimum,
        maximum=maximum,
        options=options,
        requires=requires,
        role=role,
    )


OPEN = instrument("open_rate", role="primary")
CLICK = instrument("click_through", requires="open_rate")
INTENT = instrument("purchase_intent", MetricType.ORDINAL, scale=(1, 10))
FUNNEL = (OPEN, CLICK, INTENT)
PRICE = instrument("price", MetricType.NUMERIC, scale=(0, 99.5))
BRAND = instrument("brand", MetricType.CHOICE, options=("Acme", "Zenith"))
ORDER = instrument("order", MetricType.RANKING, options=("price", "taste", "look"))
WHY = instrument("why", MetricType.TEXT)
EVERY = (*FUNNEL, PRICE, BRAND, ORDER, WHY)


TRAITS = [
    "agreeableness",
    "brand_loyalty",
    "career_ambition",
    "community_orientation",
    "conscientiousness",
    "environmental_concern",
    "extraversion",
    "family_orientation",
    "health_interest",
    "impulsiveness",
    "information_seeking",
    "morning_person",
    "neuroticism",
    "novelty_seeking",
    "openness",
    "price_sensitivity",
    "privacy_concern",
    "tech_affinity",
    "time_pressure",
    "tradition",
    "trust",
]


def agent(index: int = 1, segment: str | None = "families", **persona: object) -> Agent:
    return Agent(
        agent_id=f"agent_{index:04d}",
        index=index,
        name="Ana Silva",
        age=41,
        segment=segment,
        demographic_profile={"gender": "female", "region": "South", "income": 52_000},
        traits=dict.fromkeys(TRAITS, 0.125),
        persona={
            "name": "Ana Silva",
            "age": 41,
            "gender": "female",
            "nationality": "American",
            "residence": "Tulsa, Oklahoma, United States (in a suburb)",
            "education": "Associate degree in nursing",
            "long_term_goals": ["To get fit and stay fit.", "To give the children a good start in life."],
            "occupation": {"title": "Nurse", "organization": "a hospital", "description": "You work night shifts."},
            "style": "Plain and matter-of-fact.",
            "personality": {
                "traits": ["You are patient, and short with people who waste your time.", "You plan your spending."],
                "big_five": {"agreeableness": "High.", "conscientiousness": "Very high.", "openness": "Average."},
            },
            "preferences": {
                "interests": ["gardening", "true-crime podcasts", "cooking"],
                "likes": ["a tidy desk", "fresh food", "clear monthly costs"],
                "dislikes": ["crowds", "phone calls", "subscriptions that renew by themselves"],
            },
            "skills": ["first aid", "deciding fast"],
            "beliefs": ["Most advertising for health products promises too much.", "Money saved is freedom later."],
            "behaviors": {
                "general": ["Keeps lists and ticks them off.", "Looks at labels and ingredients."],
                "routines": {"morning": ["Sleeps until ten after a night shift."]},
            },
            "health": "You are fit and exercise several times a week.",
            "relationships": [{"name": "Nina", "description": "your spouse"}],
            "other_facts": ["Your household of 3 people owns its home.", "Household income: $100,000 to $149,999."],
            **persona,
        },
    )


def turn_of(content: str, instruments: tuple[Instrument, ...]) -> Turn:
    """The turn in a reply, at a place that makes no difference where nothing is drawn."""
    return read_turn(content, instruments, "here")
