"""What has to be asked of a model before people can be drawn. No transaction is open meanwhile.

Whoever asks for the population is told of what is wrong with the request; what comes of asking is told by the job.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from libs.contracts.demographics import Template
from libs.contracts.envelope import Message
from libs.contracts.errors import InvalidError
from libs.contracts.estimates import Questions
from libs.contracts.population import PreparePeople
from libs.contracts.specs import FactorySpec, PopulationSpec
from libs.db import Database
from libs.minds.blocks import canonical
from libs.models import ModelFailedError
from services.population.adapters import Author
from services.population.domain.learning import Learned, learned
from services.population.domain.library import Library
from services.population.domain.particularities import read
from services.population.domain.planning import Plan, planned
from services.population.domain.traits import load_trait_model
from services.population.service.drawing import Answers, Drawing
from services.population.service.previews import Preview
from services.population.store import Store

MAX_DEMOGRAPHY = 30_000


class Preparing:
    """Asks the author."""

    def __init__(self, database: Database, store: Store, library: Library, drawing: Drawing, author: Author) -> None:
        self._database, self._store, self._library = database, store, library
        self._drawing, self._author = drawing, author
        self._traits = sorted(load_trait_model().traits)

    async def check(self, spec: PopulationSpec) -> None:
        """Raises `InvalidError` for a model that is not there or writes no prose, and for more than it can be shown."""
        if spec.factory is not None and len(canonical(spec.factory.demography)) > MAX_DEMOGRAPHY:
            raise InvalidError("factory.demography", f"is longer than {MAX_DEMOGRAPHY:,} characters of JSON")
        if spec.model is not None:
            await self._author.check(spec.model)

    async def prepare(self, message: Message[PreparePeople]) -> None:
        """Ask, and have people drawn by the answers, unless that was done. Raises `ModelsError`: then it is tried
        again."""
        population_id = message.data.population_id
        async with self._database.read(tenant=message.envelope.tenant) as tx:
            population = await self._store.populations.get(tx, population_id)
        if population is None or population.stage != "asking":
            return
        try:
            answers: Answers | str = await self._answers(population.spec)
        except ModelFailedError as error:  # it would say the same again
            answers = f"the model {population.spec.model!r}: {error.detail}"
        async with self._database.write(message.envelope) as tx:
            await self._drawing.begin(tx, population_id, answers)

    def questions(self, shown: Preview) -> list[Questions]:
        """What making such a population would ask of its model."""
        phrases = [reading.not_understood for reading in shown.readings]
        template = self._library.template(shown.spec)
        return self._author.questions(shown.spec, shown.seed, template, self._traits, phrases, shown.people)

    async def _answers(self, spec: PopulationSpec) -> Answers:
        model, plan = spec.model or "", None
        if spec.factory is not None:
            spec, plan = await self._planned(model, spec, spec.factory)
        template = self._library.template(spec)
        found = await asyncio.gather(
            *(self._learned(model, spec, template, segment.particularities) for segment in spec.segments)
        )
        return Answers(spec, plan, {place: one for place, one in enumerate(found) if one.constraints})

    async def _planned(self, model: str, spec: PopulationSpec, factory: FactorySpec) -> tuple[PopulationSpec, Plan]:
        """The specification with the margins of a plan. Raises `ModelFailedError` for one nobody can be drawn from."""
        template = self._library.template(spec)
        asked = await self._author.plan(model, spec.seed or 0, factory, template, spec.size)
        given = spec.margins or {}
        margins, used, refused = planned(
            asked.value or (), template, given, self._traits, model=model, year=datetime.now(UTC).year
        )
        plan = Plan(model=model, context=factory.context, dimensions=used, refused=refused, usage=asked.usage)
        spec = spec.model_copy(update={"margins": {**margins, **given} or None})
        try:
            await asyncio.to_thread(self._library.check, self._library.template(spec))
        except InvalidError as error:
            raise ModelFailedError(f"nobody can be drawn from the model's plan: {error.detail}") from error
        return spec, plan

    async def _learned(self, model: str, spec: PopulationSpec, template: Template, text: str) -> Learned:
        phrases: Sequence[str] = read(text, template).not_understood
        if not phrases:
            return Learned()
        said = await self._author.phrases(model, spec.seed or 0, template, self._traits, phrases)
        return learned(phrases, said, template, self._traits)
