"""Agents as other services need to know them."""

from pydantic import Field

from libs.contracts.base import Data, JsonObject


class Agent(Data):
    """One person of a population: who they are, without memory."""

    agent_id: str
    index: int = Field(description="Place in the population, from 1.")
    name: str
    age: int
    segment: str | None = Field(description="Segment the person was drawn for; null for the rest of the population.")
    demographic_profile: dict[str, str | int | float] = Field(description="Flat attributes: gender, region, income, …")
    traits: dict[str, float] = Field(description="Numeric traits in [-1, 1], from attributes and fragments.")
    persona: JsonObject = Field(description="Persona in TinyTroupe's shape (the `persona` object of an .agent.json).")
    version: int | None = Field(
        default=None, description="Version of the population that last changed this person; null when none did."
    )
    weight: float | None = Field(
        default=None,
        description="How many this person stands for, 1 on average; null: unknown.",
    )

    def document(self) -> JsonObject:
        """The agent as JSON, sharing what is inside with it: for whoever writes many of them."""
        return {name: getattr(self, name) for name in Agent.model_fields}
