"""A person, a stimulus and instruments of every type."""

from libs.contracts.instruments import Instrument, MetricType, Role
from libs.contracts.people import Agent
from libs.contracts.protocol import Stimulus

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


def agent(index: int = 1, segment: str | None = "families", **persona: object) -> Agent:
    return Agent(
        agent_id=f"agent_{index:04d}",
        index=index,
        name="Ana Silva",
        age=41,
        segment=segment,
        demographic_profile={"gender": "female", "region": "South", "income": 52_000},
        traits={"health_conscious": 0.6, "price_sensitive": -0.2, "openness": 0.1},
        persona={
            "name": "Ana Silva",
            "age": 41,
            "gender": "female",
            "nationality": "American",
            "residence": "Tulsa, Oklahoma",
            "education": "Associate degree in nursing",
            "occupation": {"title": "Nurse", "organization": "a county hospital", "description": "Night shifts."},
            "personality": {"traits": ["You are patient, and short with people who waste your time."]},
            "preferences": {"interests": ["gardening", "true-crime podcasts"], "dislikes": ["phone calls"]},
            "beliefs": ["Most advertising for health products promises too much."],
            **persona,
        },
    )
