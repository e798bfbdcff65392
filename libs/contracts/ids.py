"""Identifiers. Made things are `<prefix>_<uuid7 hex>`; an agent id is its place in its population.

Agent ids are scoped by their population (and so by every simulation of it): `agent_0001`. That makes a population drawn
twice from one seed the same population, which replay without model calls rests on.
"""

import os
import time
from typing import NewType
from uuid import UUID, uuid5

SimulationId = NewType("SimulationId", str)
PopulationId = NewType("PopulationId", str)
InterventionId = NewType("InterventionId", str)
AgentId = NewType("AgentId", str)

NAMESPACE = UUID("6f0b8b0e-5d3c-5a55-9d2e-0f6a4c1e7d21")
MAIN_TIMELINE = "main"
ONLY_ARM = "all"


def uuid7() -> UUID:
    """A time-ordered UUID (RFC 9562 §5.7): 48 bits of Unix milliseconds, then randomness."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds << 80) | random
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


def new_id(prefix: str) -> str:
    """A new id of a made thing: `sim_…`, `pop_…`, `int_…`, `msg_…`."""
    return f"{prefix}_{uuid7().hex}"


def is_recent(identity: str, within_s: float) -> bool:
    """Whether a made thing of this id may be so young; clocks may differ by as much. False for what is no such id."""
    try:
        made = UUID(hex=identity.rpartition("_")[2])
    except ValueError:
        return False
    return made.version == 7 and abs(time.time() - (made.int >> 80) / 1_000) <= within_s


def agent_id(index: int) -> AgentId:
    """The id of the agent at this place (from 1) of its population."""
    return AgentId(f"agent_{index:04d}")


def derived_id(*parts: object) -> UUID:
    """A UUID that the same parts always give: turn ids, ids of derived messages."""
    return uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts))


def turn_id(simulation_id: str, timeline_id: str, step_id: str, round_number: int, agent: str) -> UUID:
    """The id of one agent's turn: doing it twice gives the same id, so it is recorded once."""
    return derived_id("turn", simulation_id, timeline_id, step_id, round_number, agent)
