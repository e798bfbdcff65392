"""What has to be asked of a model before a population can be drawn. No transaction is open meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from libs.contracts.demographics import Template
from libs.contracts.errors import InvalidError
from libs.contracts.estimates import Questions
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
from services.population.service.previews import Preview
from services.population.service.templates import Templates

MAX_DEMOGRAPHY = 30_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """A specification, and by place of the segment what a model made of words that the rules do not know."""

    spec: PopulationSpec
    learned: Mapping[int, Learned] = field(default_factory=dict)
    plan: Plan | None = None


class Preparing:
    """Asks the author."""

    def __init__(self, database: Database, library: Library, templates: Templates, author: Author) -> None:
        self._database, self._library, self._templates, self._author = database, library, templates, author
        self._traits = sorted(load_trait_model().traits)

    async def prepare(self, spec: PopulationSpec, tenant: str) -> Prepared:
        """Without a model nothing is asked. Raises `InvalidError` for one that is not there or writes no prose."""
        model = spec.model
        if model is None:
            return Prepared(spec)
        async with self._database.read(tenant=tenant) as tx:
            spec = await self._templates.complete(tx, spec)
        await self._author.check(model)
        plan = None
        if spec.factory is not None:
            spec, plan = await self._planned(model, spec, spec.factory)
        template = self._library.template(spec)
        found = await asyncio.gather(
            *(self._learned(model, spec, template, segment.particularities) for segment in spec.segments)
        )
        learned_of = {place: one for place, one in enumerate(found) if one.constraints}
        return Prepared(spec, learned_of, plan)

    async def check(self, spec: PopulationSpec) -> None:
        """Raises `InvalidError` for a model that is not there or writes no prose."""
        if spec.model is not None:
            await self._author.check(spec.model)

    def questions(self, shown: Preview) -> list[Questions]:
        """What making such a population would ask of its model."""
        phrases = [reading.not_understood for reading in shown.readings]
        template = self._library.template(shown.spec)
        return self._author.questions(shown.spec, shown.seed, template, self._traits, phrases, shown.people)

    async def _planned(self, model: str, spec: PopulationSpec, factory: FactorySpec) -> tuple[PopulationSpec, Plan]:
        """The specification with the margins of a plan. Raises `ModelFailedError` for one nobody can be drawn from."""
        if len(canonical(factory.demography)) > MAX_DEMOGRAPHY:
            raise InvalidError("factory.demography", f"is longer than {MAX_DEMOGRAPHY:,} characters of JSON")
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
