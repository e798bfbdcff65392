"""Who writes and reads for this service where rules do not reach: a language model, behind the models service.

Everything asked has its place in the ledger, so that a block that is done again, or the same population drawn again, is
paid for once.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Protocol

from libs.contracts.base import JsonObject
from libs.contracts.demographics import ADULT, OLDEST, Template
from libs.contracts.estimates import Questions
from libs.contracts.ids import derived_id
from libs.contracts.people import Agent
from libs.contracts.protocol import NO_USAGE, total_usage
from libs.contracts.specs import FactorySpec, PopulationSpec
from libs.contracts.turns import ChatMessage, TurnBatch, TurnRequest
from libs.minds.persona_writing import (
    again,
    contradictions,
    own_messages,
    persona_schema,
    read_persona,
    shared_messages,
)
from libs.minds.phrase_reading import Translated, phrase_messages, phrase_schema, read_phrases
from libs.minds.sampling_plan import Spread, plan_messages, plan_schema, read_plan
from libs.models import Asked, Models, answer_to, ask, check_model
from services.population.domain.learning import about
from services.population.domain.population import Population
from services.population.domain.writing import Written, attributes_of, is_married, is_parent

NO_PROSE = "the offline model writes no personas, reads no phrases and plans nothing; name a language model"
PERSONA_TOKENS, MOST_TOKENS = 2_500, 6_000
PERSONAS, PHRASES, PLAN = "personas", "phrases", "plan"
AT_ONCE = 250
"""Questions in one batch; the models service decides how many are in flight."""


class Author(Protocol):
    """Writes personas and reads phrases."""

    async def start(self) -> None:
        """Get ready."""

    async def stop(self) -> None:
        """Let go."""

    async def check(self, model: str) -> None:
        """Raises `InvalidError` for a model that is not there or is no language model."""

    async def personas(self, population: Population, people: Sequence[Agent]) -> list[Written]:
        """Everybody's persona in the author's words. Raises `ModelsError`."""

    async def phrases(
        self, model: str, seed: int, template: Template, traits: Sequence[str], phrases: Sequence[str]
    ) -> list[Translated]:
        """What these phrases say. Raises `ModelsError`, `ModelFailedError`."""

    async def plan(
        self, model: str, seed: int, factory: FactorySpec, template: Template, size: int
    ) -> Asked[list[Spread]]:
        """How attributes are spread. Raises `ModelsError`, `ModelFailedError`."""

    def questions(
        self,
        spec: PopulationSpec,
        seed: int,
        template: Template,
        traits: Sequence[str],
        phrases: Sequence[Sequence[str]],
        people: Sequence[Agent],
    ) -> list[Questions]:
        """What would be asked to make a population with a model, composed for these people."""


class ModelAuthor:
    """A language model."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def start(self) -> None:
        """Get ready to reach the models service."""
        await self._models.start()

    async def stop(self) -> None:
        """Let go of it."""
        await self._models.stop()

    async def check(self, model: str) -> None:
        """Raises `InvalidError` for a model that is not there or is no language model."""
        await check_model(self._models, model, offline=NO_PROSE)

    async def personas(self, population: Population, people: Sequence[Agent]) -> list[Written]:
        """A reply that contradicts what was drawn is asked for once more, then given up."""
        first = {agent.agent_id: _question(agent) for agent in people}
        replies = await self._replies(population, people, first, draw=0)
        faults = {agent.agent_id: _faults(agent, replies[agent.agent_id]) for agent in people}
        wrong = [agent for agent in people if faults[agent.agent_id]]
        second = {
            agent.agent_id: again(first[agent.agent_id], reply, faults[agent.agent_id])
            if (reply := replies[agent.agent_id].value) is not None
            else first[agent.agent_id]
            for agent in wrong
        }
        repairs = await self._replies(population, wrong, second, draw=1)
        return [_written(agent, replies[agent.agent_id], repairs.get(agent.agent_id)) for agent in people]

    async def phrases(
        self, model: str, seed: int, template: Template, traits: Sequence[str], phrases: Sequence[str]
    ) -> list[Translated]:
        """One call for all of them."""
        batch = _phrases(model, seed, template, traits, phrases)
        asked = await answer_to(self._models, batch, lambda reply: read_phrases(reply, len(phrases)))
        return asked.value or []

    async def plan(
        self, model: str, seed: int, factory: FactorySpec, template: Template, size: int
    ) -> Asked[list[Spread]]:
        """One call."""
        return await answer_to(self._models, _plan(model, seed, factory, template, size), read_plan)

    def questions(
        self,
        spec: PopulationSpec,
        seed: int,
        template: Template,
        traits: Sequence[str],
        phrases: Sequence[Sequence[str]],
        people: Sequence[Agent],
    ) -> list[Questions]:
        """A plan, a question for the phrases of each segment, and one for everybody's persona."""
        if spec.model is None:
            return []
        found = [_phrases(spec.model, seed, template, traits, some) for some in phrases if some]
        if spec.factory is not None:
            found.append(_plan(spec.model, seed, spec.factory, template, spec.size))
        asked = [Questions(count=1, batch=batch) for batch in found]
        if spec.personas == "model" and people:
            turns = {agent.agent_id: (agent, _question(agent)) for agent in people}
            asked.append(Questions(count=spec.size, batch=_personas("", spec, seed, turns, draw=0)))
        return asked

    async def _replies(
        self,
        population: Population,
        people: Sequence[Agent],
        messages: Mapping[str, tuple[ChatMessage, ...]],
        *,
        draw: int,
    ) -> dict[str, Asked[JsonObject]]:
        found: dict[str, Asked[JsonObject]] = {}
        for start in range(0, len(people), AT_ONCE):
            some = people[start : start + AT_ONCE]
            turns = {
                str(derived_id(PERSONAS, population.id, agent.agent_id, str(draw))): (agent, messages[agent.agent_id])
                for agent in some
            }
            batch = _personas(population.id, population.spec, population.seed, turns, draw=draw)
            async with aclosing(ask(self._models, batch, read_persona)) as answers:
                async for answer in answers:
                    found[turns[answer.turn_id][0].agent_id] = answer
        return found


def _personas(
    population_id: str,
    spec: PopulationSpec,
    seed: int,
    turns: Mapping[str, tuple[Agent, tuple[ChatMessage, ...]]],
    *,
    draw: int,
) -> TurnBatch:
    """The question for everybody, by turn id; there is at least one."""
    somebody = next(iter(turns.values()))[0]
    return TurnBatch(
        simulation_id=population_id,
        model=spec.model or "",
        timeline_id=PERSONAS,
        step_id=PERSONAS,
        round=0,
        seed=seed,
        max_completion_tokens=PERSONA_TOKENS,
        response_schema=persona_schema(list(attributes_of(somebody))),
        shared=shared_messages(_context(spec)),
        turns=tuple(
            TurnRequest(turn_id=turn_id, agent_id=agent.agent_id, draw=draw, messages=messages)
            for turn_id, (agent, messages) in turns.items()
        ),
    )


def _phrases(model: str, seed: int, template: Template, traits: Sequence[str], phrases: Sequence[str]) -> TurnBatch:
    dimensions = {name: dimension.values for name, dimension in template.dimensions.items()}
    messages = phrase_messages(dimensions, traits, (ADULT, OLDEST), phrases)
    return _one(PHRASES, model, seed, phrase_schema(about(template, traits)), messages)


def _plan(model: str, seed: int, factory: FactorySpec, template: Template, size: int) -> TurnBatch:
    dimensions = {name: dimension.shares for name, dimension in template.dimensions.items()}
    messages = plan_messages(factory.context, factory.demography, dimensions, size)
    return _one(PLAN, model, seed, plan_schema(), messages)


def _context(spec: PopulationSpec) -> str:
    return spec.context or (spec.factory.context if spec.factory else "")


def _one(step: str, model: str, seed: int, schema: JsonObject, messages: tuple[ChatMessage, ...]) -> TurnBatch:
    """A single question, about no population yet."""
    return TurnBatch(
        simulation_id="",
        model=model,
        timeline_id=step,
        step_id=step,
        round=0,
        seed=seed,
        temperature=0.0,
        max_completion_tokens=MOST_TOKENS,
        response_schema=schema,
        shared=(),
        turns=(TurnRequest(turn_id=str(derived_id(step)), agent_id="", messages=messages),),
    )


def _question(agent: Agent) -> tuple[ChatMessage, ...]:
    return own_messages(attributes_of(agent), agent.traits, agent.persona)


def _faults(agent: Agent, asked: Asked[JsonObject]) -> list[str]:
    if asked.value is None:
        return [asked.failure or "no reply"]
    return contradictions(asked.value, attributes_of(agent), married=is_married(agent), parent=is_parent(agent))


def _written(agent: Agent, first: Asked[JsonObject], second: Asked[JsonObject] | None) -> Written:
    used = second or first
    faults = _faults(agent, used)
    usage = total_usage([first.usage, second.usage if second else NO_USAGE])
    if faults:
        return Written(agent, None, is_repaired=False, usage=usage, failure=faults[0])
    return Written(agent, used.value, is_repaired=second is not None, usage=usage)
