"""What has to be asked of a model before a population can be drawn. No transaction is open meanwhile."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from libs.contracts.demographics import Template
from libs.contracts.specs import PopulationSpec
from libs.db import Database
from services.population.adapters import Author
from services.population.domain.learning import Learned, learned
from services.population.domain.library import Library
from services.population.domain.particularities import read
from services.population.domain.traits import load_trait_model
from services.population.service.templates import Templates


@dataclass(frozen=True, slots=True)
class Prepared:
    """A specification, and by place of the segment what a model made of words that the rules do not know."""

    spec: PopulationSpec
    learned: Mapping[int, Learned] = field(default_factory=dict)


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
        template = self._library.template(spec)
        await self._author.check(model)
        found = await asyncio.gather(
            *(self._learned(model, spec, template, segment.particularities) for segment in spec.segments)
        )
        return Prepared(spec, {place: one for place, one in enumerate(found) if one.constraints})

    async def _learned(self, model: str, spec: PopulationSpec, template: Template, text: str) -> Learned:
        phrases: Sequence[str] = read(text, template).not_understood
        if not phrases:
            return Learned()
        said = await self._author.phrases(model, spec.seed or 0, template, self._traits, phrases)
        return learned(phrases, said, template, self._traits)
