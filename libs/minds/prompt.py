"""The text a model receives for one turn: what an arm shares first, what is one agent's last.

The shared part is the same bytes for every agent of an arm, so a serving engine computes it once. Nothing untrusted
stands outside a data block: not the stimulus, not a question, not a persona, not a memory.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from libs.contracts.instruments import Instrument
from libs.contracts.people import Agent
from libs.contracts.protocol import Stimulus
from libs.contracts.turns import ChatMessage
from libs.minds.blocks import BlockKind, write_block
from libs.minds.memory import NO_MEMORY, Memory
from libs.minds.options import option_orders
from libs.minds.persona import persona_of
from libs.minds.rules import PLATFORM_TEXT

CALL = "Now be this person. JSON only."
ASKED = {"name", "type", "question", "minimum", "maximum", "requires", "elicitation"}
"""What an agent is told of an instrument: its role in the study is none of their business."""
MAX_PRESENT = 50
Messages = tuple[ChatMessage, ...]


def turn_prompt(
    stimulus: Stimulus | None,
    instruments: tuple[Instrument, ...],
    agent: Agent,
    memory: Memory = NO_MEMORY,
    *,
    seed: int = 0,
) -> tuple[Messages, Messages]:
    """(messages shared by everybody in the arm, messages of this agent), to be sent in this order."""
    orders = option_orders(instruments, seed, agent.agent_id)
    return shared_messages(stimulus, instruments), own_messages(agent, memory, orders=orders)


@lru_cache(maxsize=256)
def shared_messages(stimulus: Stimulus | None, instruments: tuple[Instrument, ...], tools: str = "") -> Messages:
    """Platform text → stimulus → questions, without their options: everybody reads these in an order of their own.

    `tools` is the instruction of the tools that may be used.
    """
    shown = None if stimulus is None else stimulus.model_dump(mode="json", exclude_none=True)
    questions = [instrument.model_dump(mode="json", include=ASKED, exclude_none=True) for instrument in instruments]
    data = "\n".join([write_block("stimulus", shown), write_block("questions", questions)])
    return ChatMessage(role="system", content=PLATFORM_TEXT + tools), ChatMessage(role="user", content=data)


def own_messages(
    agent: Agent, memory: Memory = NO_MEMORY, present: Sequence[str] = (), *, orders: Mapping[str, Sequence[str]]
) -> Messages:
    """Persona → options → who is here → memory → what was said → the call to answer. What is empty has no block.

    `orders` are the agent's `option_orders`.
    """
    parts: tuple[tuple[BlockKind, object], ...] = (
        ("options", {name: list(options) for name, options in orders.items()}),
        ("present", list(present[:MAX_PRESENT])),
        ("memory", memory.block()),
        ("heard", list(memory.heard)),
    )
    blocks = [write_block("persona", persona_of(agent)), *(write_block(kind, value) for kind, value in parts if value)]
    return (ChatMessage(role="user", content="\n".join([*blocks, CALL])),)
