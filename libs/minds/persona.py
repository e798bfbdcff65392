"""The persona as a prompt shows it: the object of an `.agent.json`, with the agent's numeric traits beside it."""

from libs.contracts.base import JsonObject
from libs.contracts.people import Agent

TRAITS = "traits"


def persona_of(agent: Agent) -> JsonObject:
    """The value of the `persona` block. `traits` is ours, in [-1, 1]; a persona's own key of that name gives way."""
    return {**agent.persona, TRAITS: agent.traits}
