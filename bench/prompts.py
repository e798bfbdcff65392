"""Batches of turns as a delivery sends them, of people who are made up here and are as long as real ones."""

from functools import cache

from libs.contracts.catalogue import resolve
from libs.contracts.instruments import Instrument
from libs.contracts.people import Agent
from libs.contracts.protocol import Stimulus
from libs.contracts.turns import ChatMessage, TurnBatch, TurnRequest
from libs.minds.options import option_orders
from libs.minds.prompt import own_messages, shared_messages
from libs.minds.schema import turn_schema

STIMULUS = Stimulus(content="Don't miss out on transforming your health...", channel="email", timing="morning")
SIZE, SEED = 64, 1


@cache
def _instruments() -> tuple[Instrument, ...]:
    return resolve(["open_rate", "click_through", "purchase_intent"], "metrics")


@cache
def _turns() -> tuple[TurnRequest, ...]:
    return tuple(
        TurnRequest(turn_id=f"turn_{index}", agent_id=agent.agent_id, messages=_own(agent))
        for index, agent in enumerate(map(_person, range(SIZE)))
    )


def batch(model: str, step_id: str) -> TurnBatch:
    """The turns of one delivery; each step is asked anew."""
    return TurnBatch(
        simulation_id="bench",
        model=model,
        timeline_id="main",
        step_id=step_id,
        round=1,
        seed=SEED,
        response_schema=turn_schema(_instruments()),
        shared=shared_messages(STIMULUS, _instruments()),
        turns=_turns(),
    )


def _own(agent: Agent) -> tuple[ChatMessage, ...]:
    return own_messages(agent, orders=option_orders(_instruments(), SEED, agent.agent_id))


def _person(index: int) -> Agent:
    beliefs = [f"Belief {index}.{part}, in words." * 3 for part in range(8)]
    return Agent(
        agent_id=f"agent_{index:04d}",
        index=index,
        name=f"Person {index}",
        age=20 + index,
        segment=None,
        demographic_profile={},
        traits={"openness": index / SIZE},
        persona={"name": f"Person {index}", "age": 20 + index, "beliefs": beliefs},
    )
