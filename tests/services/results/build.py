"""Studies and responses for the tests of results: small ones by hand, and a seeded e-mail campaign of 125 people."""

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from libs.contracts.catalogue import resolve
from libs.contracts.communication import Response, ResponsesRecorded
from libs.contracts.ids import agent_id, turn_id
from libs.contracts.instruments import Answer, Instrument, MetricType
from libs.contracts.population import Makeup, PopulationReady
from libs.contracts.protocol import Arm, Plan, Stimulus, Usage
from services.results.domain.records import Study, Turn

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOLM = "Holm over every metric and every arm against the baseline"
STOPPING_RULE = "Analysed once, when every assigned agent has finished."
EMAILS = {
    "emotional_appeal": "Don't miss out on transforming your health...",
    "rational_appeal": "Our clinical studies show 89% improvement...",
}
CAMPAIGN_METRICS = ("open_rate", "click_through", "purchase_intent")
NAMES = ("Ana Reyes", "Bo Lindqvist", "Carla Moretti", "Deshawn Brooks", "Emi Tanaka", "Femi Adeyemi", "Grace O’Hara")
JOBS = ("software developer", "nurse", "teacher", "warehouse lead", "accountant", "sales manager")
REGIONS = ("Northeast", "Midwest", "South", "West")
OPENED = (
    "The number made me curious; I would want to see who ran the study before I believe it.",
    "It came while I was making coffee and it promised something concrete, so I had a look.",
    "I have been meaning to do something about my back. If it takes ten minutes a day, maybe.",
)
IGNORED = (
    "Another wellness mail. I have three kids and an inbox of 400, this goes straight to the archive.",
    "It sounds like every other offer. Nobody told me what it costs, so I did not bother.",
    "I was on my way to work and never came back to it.",
)


def instrument(name: str, kind: str = "binary", *, role: str = "secondary", **fields: object) -> Instrument:
    """An instrument of any type, with only what matters to the test."""
    given: dict[str, object] = {"minimum": None, "maximum": None, "options": (), "requires": None, **fields}
    return Instrument.model_validate(
        {"name": name, "type": MetricType(kind), "question": f"{name}?", "role": role, **given}
    )


def plan(arms: Sequence[str], instruments: Iterable[Instrument], planned: Mapping[str, int], **fields: object) -> Plan:
    """A plan of these arms; the first is the baseline."""
    given: dict[str, object] = {
        "intervention_id": "int_1",
        "name": "Email Campaign A/B Test",
        "type": "marketing_intervention",
        "arms": tuple(
            Arm(
                name=arm,
                is_baseline=index == 0,
                stimulus=Stimulus(content=EMAILS.get(arm, f"Content of {arm}"), channel="email", timing="morning"),
            )
            for index, arm in enumerate(arms)
        ),
        "instruments": tuple(instruments),
        "target_segments": (),
        "planned_n": dict(planned),
        "alpha": 0.05,
        "correction": HOLM,
        "stopping_rule": STOPPING_RULE,
        "design": "between",
        "seed": 7,
        "frozen_at": START,
        **fields,
    }
    return Plan.model_validate(given)


def study(frozen: Plan | None, **fields: object) -> Study:
    """The simulation of a plan (or of none)."""
    given: dict[str, object] = {
        "simulation_id": "sim_1",
        "name": "Email Campaign A/B Test",
        "population_id": "pop_1",
        "intervention_id": frozen.intervention_id if frozen else None,
        "seed": 7,
        "model": "offline",
        "created_at": START,
        "plan": frozen,
        "plan_hash": "5f" * 32 if frozen else None,
        "instruments": frozen.instruments if frozen else (),
        "planned": {},
        **fields,
    }
    return Study(**given)  # type: ignore[arg-type]


def turn(number: int, arm: str, answers: Mapping[str, Answer] | None, **fields: object) -> Turn:
    """The turn of the agent of this number; it failed when there are no answers."""
    agent = agent_id(number)
    step, round_number = str(fields.get("step_id", "deliver")), int(str(fields.get("round", 1)))
    given: dict[str, object] = {
        "turn_id": str(turn_id("sim_1", "main", step, round_number, agent)),
        "agent_id": agent,
        "name": NAMES[number % len(NAMES)],
        "segment": None,
        "arm": arm,
        "timeline_id": "main",
        "step_id": step,
        "round": round_number,
        "status": "failed" if answers is None else "answered",
        "failure": "the model gave no valid answer" if answers is None else None,
        "response": None if answers is None else "Maybe.",
        "reasoning": None if answers is None else "I thought about it.",
        "confidence": None if answers is None else 0.7,
        "sentiment": None if answers is None else -0.25,
        "answers": dict(answers or {}),
        "demographic_profile": {"age": 34, "gender": "female", "region": "West"},
        "usage": Usage(calls=1, cached_calls=0, prompt_tokens=400, completion_tokens=120, cost_usd=0.0),
        "model": "offline",
        "responded_at": START + timedelta(seconds=number),
        **fields,
    }
    return Turn(**given)  # type: ignore[arg-type]


def ready(makeup: Makeup | None = None, **fields: object) -> PopulationReady:
    """What is told of the population of the campaign; without a makeup it is that of an earlier release."""
    sizes = {"young_professionals": 50, "families": 60}
    given: dict[str, object] = {"population_id": "pop_1", "name": "Customers", "size": 125, "segments": sizes}
    return PopulationReady.model_validate({**given, "ready_at": START, "makeup": makeup, **fields})


def makeup(words: str = "parents of diabetics", part: str = "of diabetics", **fields: object) -> Makeup:
    """How they came to be, with a part of the families' words that drew nobody."""
    young = {"name": "young_professionals", "size": 50, "particularities": "25-35 years old", "not_understood": ()}
    families = {"name": "families", "size": 60, "particularities": words, "not_understood": (part,)}
    given: dict[str, object] = {
        "way": "drawn",
        "base": "uk_demographics",
        "title": "Adults of the United Kingdom",
        "seed": 7,
        "eligible": ("adults who buy groceries",),
        "margins": ({"dimension": "gender", "source": "Our customers", "year": 2025},),
        "segments": (young | {"fragments": ("tech_savvy",)}, families | {"fragments": ()}),
        "worth": {"effective_n": 83.2, "design_effect": 1.5},
        "described_as": None,
        "planned_by": None,
        "read_by": None,
        "written_by": None,
    }
    return Makeup.model_validate({**given, **fields})


def campaign(seed: int = 7, *, effect: float = 0.22, failures: int = 0) -> tuple[Study, list[Turn]]:
    """Two e-mails on 125 people of two segments; `effect` is what the second adds to the chance of an open."""
    draw = random.Random(seed)
    instruments = resolve(list(CAMPAIGN_METRICS))
    arms = tuple(EMAILS)
    frozen = plan(arms, instruments, {arms[0]: 63, arms[1]: 62}, target_segments=("young_professionals", "families"))
    turns = [_campaign_turn(draw, number, arms[(number + 1) % 2], effect) for number in range(1, 126)]
    for lost in turns[:failures]:
        turns[turns.index(lost)] = turn(int(lost.agent_id[-4:]), lost.arm, None, segment=lost.segment)
    return study(frozen), turns


def _campaign_turn(draw: random.Random, number: int, arm: str, effect: float) -> Turn:
    is_young = number <= 50
    opened = draw.random() < (0.46 if is_young else 0.34) + (effect if arm == "rational_appeal" else 0.0)
    clicked = draw.random() < 0.42 if opened else None
    intent = min(10, max(1, round(draw.gauss(4.2 + 1.1 * opened + 1.2 * bool(clicked), 1.9))))
    return turn(
        number,
        arm,
        {"open_rate": opened, "click_through": clicked, "purchase_intent": float(intent)},
        segment="young_professionals" if is_young else "families",
        response=draw.choice(OPENED if opened else IGNORED),
        reasoning="I weighed the promise against my time, my budget and how often such mails disappoint.",
        confidence=round(draw.uniform(0.4, 0.95), 2),
        sentiment=round(draw.uniform(-0.6, 0.8), 2),
        demographic_profile={
            "age": draw.randint(25, 35) if is_young else draw.randint(28, 52),
            "gender": draw.choice(("female", "male")),
            "occupation": draw.choice(JOBS),
            "region": draw.choice(REGIONS),
            "household_income": draw.choice((42_000, 58_000, 91_000, 120_000)),
        },
    )


def recorded(turns: Sequence[Turn], simulation_id: str = "sim_1") -> list[ResponsesRecorded]:
    """The messages that carry these turns, one for each arm, step and round."""
    groups: dict[tuple[str, str, int], list[Turn]] = {}
    for one in turns:
        groups.setdefault((one.arm, one.step_id, one.round), []).append(one)
    return [
        ResponsesRecorded(
            simulation_id=simulation_id,
            delivery_id=f"delivery_{index}",
            timeline_id="main",
            step_id=step_id,
            round=round_number,
            arm=arm,
            responses=tuple(response(one, simulation_id) for one in group),
        )
        for index, ((arm, step_id, round_number), group) in enumerate(groups.items())
    ]


def response(one: Turn, simulation_id: str = "sim_1") -> Response:
    """A turn as it is published."""
    fields = {name: getattr(one, name, None) for name in Response.model_fields}
    fields["turn_id"] = str(turn_id(simulation_id, "main", one.step_id, one.round, one.agent_id))
    return Response.model_validate(fields)
