"""Drawing the people of populations, block by block, each block in a transaction of its own.

The next block is ordered by a command that commits with the block before it: a process that is killed has drawn whole
blocks, and whoever gets the command goes on. People depend on specification, seed and index alone, so those of an
interrupted population are the same.
"""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from libs.contracts.errors import ConflictError, InvalidError
from libs.contracts.ids import new_id
from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from libs.db import Transaction
from services.population.domain.fragments import Fragment
from services.population.domain.imports import IMPORTED
from services.population.domain.learning import Learned
from services.population.domain.library import Library
from services.population.domain.makeup import of_drawn
from services.population.domain.margins import MarginReport, report
from services.population.domain.people import Design
from services.population.domain.planning import Plan
from services.population.domain.population import Particularities, Population, State
from services.population.domain.writing import Personas
from services.population.events import Events
from services.population.service.fragments import Fragments
from services.population.service.lookup import find
from services.population.service.previews import Preview, Whom, preview
from services.population.service.templates import Templates
from services.population.store import Store

BLOCK = 500
"""People drawn in one transaction: in the request that creates a population, then by each command."""
AT_A_TIME = 20
"""People drawn before other work of the process gets its turn; about 10 ms."""
DESIGNS_KEPT = 4
SEED_LIMIT = 2**31

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said before anybody was drawn: the specification with the margins of its plan, and by place of the
    segment what it made of words that the rules do not know."""

    spec: PopulationSpec
    plan: Plan | None = None
    learned: Mapping[int, Learned] = field(default_factory=dict)


class Drawing:
    """Draws people; a population is drawn once, so its job is part of it."""

    def __init__(
        self, store: Store, events: Events, library: Library, fragments: Fragments, templates: Templates
    ) -> None:
        self._store, self._events, self._library = store, events, library
        self._fragments, self._templates = fragments, templates
        self._designs: OrderedDict[str, Design] = OrderedDict()

    async def create(self, tx: Transaction, spec: PopulationSpec, *, in_background: bool = False) -> Population:
        """Draw a population: up to 500 people at once unless a model is needed or all of it may happen in the
        background, the others by commands.

        Raises `InvalidError` for an unknown template or fragment and for particularities that nobody satisfies.
        """
        seed = secrets.randbelow(SEED_LIMIT) if spec.seed is None else spec.seed
        spec = await self._templates.complete(tx, spec)
        own = await self._fragments.named_by(tx, spec)
        design = await asyncio.to_thread(Design, spec, seed, self._library.with_fragments(own))
        readings = _readings(design)
        is_unread = any(reading.not_understood for reading in readings)
        population = Population(
            id=new_id("pop"),
            spec=spec,
            seed=seed,
            readings=readings,
            fragments={name: own[name].model_dump() for name in sorted(own)},
            state=State.GENERATING,
            generated=0,
            people_per_second=None,
            progressed_at=None,
            version=0,
            reason=None,
            created_at=datetime.now(UTC),
            ready_at=None,
            archived_at=None,
            personas=Personas(model=spec.model) if spec.model and spec.personas == "model" else None,
            asking=spec.model is not None and (spec.factory is not None or is_unread),
        )
        await self._store.populations.add(tx, population)
        await self._events.created(tx, population)
        if population.asking:
            await self._events.prepare(tx, population)
            return population
        self._keep(population.id, design)
        if in_background or population.personas:
            await self._events.draw_next(tx, population)
            return population
        return await self.add_block(tx, population, await _draw(design, 1))

    async def begin(self, tx: Transaction, population_id: str, answers: Answers | str) -> None:
        """Have people drawn by what a model answered, or say why nobody can be; once."""
        population = await self._store.populations.get(tx, population_id, lock=True)
        if population is None or population.stage != "asking":
            return
        if isinstance(answers, str):
            await self._end(tx, population, State.FAILED, answers)
            return
        asked = replace(population, spec=answers.spec, plan=answers.plan, asking=False)
        try:
            design = await asyncio.to_thread(self._made, asked, answers.learned)
        except InvalidError as error:
            await self._end(tx, population, State.FAILED, f"with what the model answered, {error.detail}")
            return
        population = replace(asked, readings=_readings(design))
        self._keep(population.id, design)
        await self._store.populations.save(tx, population)
        await self._events.draw_next(tx, population)

    async def preview(
        self, tx: Transaction, spec: PopulationSpec, count: int, whom: Whom, *, with_attributes: bool
    ) -> Preview:
        """Some of the people this specification draws, kept nowhere. Raises `InvalidError` as creating it would."""
        seed = secrets.randbelow(SEED_LIMIT) if spec.seed is None else spec.seed
        spec = await self._templates.complete(tx, spec)
        own = await self._fragments.named_by(tx, spec)
        library = self._library.with_fragments(own)
        return await asyncio.to_thread(preview, spec, seed, library, count, whom, with_attributes=with_attributes)

    async def draw_block(self, tx: Transaction, population_id: str, start: int) -> None:
        """Draw the people from `start` on, unless they are there already; the last block makes the population ready."""
        population = await self._store.populations.get(tx, population_id, lock=True)
        if population is None or population.state is not State.GENERATING or start != population.generated + 1:
            return
        try:
            people = await _draw(self._design(population), start)
        except Exception as error:  # drawing is a pure computation: it would fail again, so the wait must end
            log.exception("people cannot be drawn", extra={"population_id": population_id, "start": start})
            await self._end(tx, population, State.FAILED, f"people {start} and up: {error}")
            return
        await self.add_block(tx, population, people)

    async def margins(self, population: Population) -> MarginReport:
        """How far the people drawn are from every margin. Raises `ConflictError` for people who were not drawn."""
        if population.spec.demographic_base == IMPORTED:
            raise ConflictError(f"The people of {population.id!r} come from files; no margins were drawn from.")
        design = self._designs.get(population.id)
        if design is None:
            design = await asyncio.to_thread(self._made, population, population.learned)
        return await asyncio.to_thread(report, design)

    async def drafted(
        self, population: Population, start: int, count: int
    ) -> tuple[list[Agent], Mapping[str, Sequence[Fragment]]]:
        """People as they are composed, and the fragments of each, for whoever writes their personas anew."""
        design = self._design(population)
        people = await _draw(design, start, count)
        return people, {agent.agent_id: design.fragments_of(agent.index) for agent in people}

    async def block_given_up(self, tx: Transaction, population_id: str, start: int, error: str) -> None:
        """Nobody will draw the people from `start` on: whoever waits for them must not wait for ever."""
        population = await self._store.populations.get(tx, population_id, lock=True)
        if population is not None and population.state is State.GENERATING and start == population.generated + 1:
            await self._end(tx, population, State.FAILED, f"people {start} and up: {error}")

    async def cancel(self, tx: Transaction, population_id: str) -> Population:
        """Draw nobody more. Raises `ConflictError` when nobody is being drawn."""
        population = await find(tx, self._store, population_id, lock=True)
        if population.state is not State.GENERATING:
            raise ConflictError(f"Population {population_id!r} is {population.state}; there is nothing to cancel.")
        reason = f"cancelled after {population.generated} of {population.spec.size} people"
        return await self._end(tx, population, State.CANCELLED, reason)

    async def _end(self, tx: Transaction, population: Population, state: State, reason: str) -> Population:
        population = replace(population, state=state, reason=reason)
        self._designs.pop(population.id, None)
        await self._store.populations.save(tx, population)
        await self._events.failed(tx, population)
        return population

    async def add_block(self, tx: Transaction, population: Population, people: list[Agent]) -> Population:
        """Store a block, and go on or be done."""
        await self._store.people.add(tx, population.id, people)
        await self._events.people_drawn(tx, population, people)
        population = population.drawn_up_to(people[-1].index, datetime.now(UTC))
        if population.generated < population.spec.size:
            await self._store.populations.save(tx, population)
            await self._events.progressed(tx, population)
            await self._events.draw_next(tx, population)
            return population
        population = replace(population, state=State.READY, ready_at=population.progressed_at)
        makeup = await asyncio.to_thread(of_drawn, population, self._design(population))
        self._designs.pop(population.id, None)
        await self._store.populations.save(tx, population)
        await self._events.ready(tx, population, makeup)
        return population

    def _design(self, population: Population) -> Design:
        """Made once for the blocks of a population, and again after a restart."""
        design = self._designs.get(population.id)
        if design is None:
            design = self._made(population, population.learned)
            self._keep(population.id, design)
        return design

    def _made(self, population: Population, learned: Mapping[int, Learned]) -> Design:
        own = {name: Fragment.model_validate(document) for name, document in population.fragments.items()}
        return Design(population.spec, population.seed, self._library.with_fragments(own), learned)

    def _keep(self, population_id: str, design: Design) -> None:
        self._designs[population_id] = design
        if len(self._designs) > DESIGNS_KEPT:
            self._designs.popitem(last=False)


def _readings(design: Design) -> tuple[Particularities, ...]:
    groups = [group for group in design.groups if group.name is not None]
    return tuple(Particularities.of(group.reading, design.template) for group in groups)


async def _draw(design: Design, start: int, count: int = BLOCK) -> list[Agent]:
    """One block, drawn a few at a time so that requests of the same process are not held up."""
    await asyncio.to_thread(design.prepare)
    people: list[Agent] = []
    end = min(start + count, design.size + 1)
    for first in range(start, end, AT_A_TIME):
        people += design.people(first, min(AT_A_TIME, end - first))
        await asyncio.sleep(0)
    return people
