"""Templates: those that come with the service, and those of a tenant's own."""

from collections.abc import Mapping
from datetime import UTC, datetime

from libs.contracts.demographics import GivenMargin, Template
from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.specs import PopulationSpec
from libs.db import Transaction
from services.population.domain.imports import IMPORTED
from services.population.domain.library import Library
from services.population.domain.templates import Known, renamed, with_margins
from services.population.store import Store

MOST = 100
"""Templates of a tenant's own."""


class Templates:
    """A library that a tenant can add to; a population keeps the template that it was drawn from."""

    def __init__(self, store: Store, library: Library) -> None:
        self._store, self._library, self._shipped = store, library, library.templates

    async def all(self, tx: Transaction) -> list[Known]:
        """Every template, those that come with the service first."""
        shipped = [Known(template, None) for template in self._shipped.values()]
        return [*shipped, *await self._store.templates.all(tx)]

    async def get(self, tx: Transaction, name: str) -> Known:
        """One template. Raises `NotFoundError`."""
        if name in self._shipped:
            return Known(self._shipped[name], None)
        found = await self._store.templates.get(tx, name)
        if found is None:
            raise NotFoundError("template", name)
        return found

    async def complete(self, tx: Transaction, spec: PopulationSpec) -> PopulationSpec:
        """The specification with the tenant's own template in it, when it names one."""
        if spec.template is not None or spec.demographic_base in self._shipped:
            return spec
        own = await self._store.templates.get(tx, spec.demographic_base)
        if own is None:
            names = [known.template.name for known in await self.all(tx)]
            message = f"there is no template {spec.demographic_base!r}"
            raise InvalidError("demographic_base", message, names)
        return spec.model_copy(update={"template": own.template})

    async def add(self, tx: Transaction, template: Template) -> Known:
        """A new template. Raises `InvalidError` for one that cannot be drawn from, `ConflictError` for a taken name."""
        self._library.check(template)
        now = datetime.now(UTC)
        if len(await self._store.templates.all(tx)) >= MOST:
            raise ConflictError(f"There are {MOST} templates of your own already; delete one first.")
        taken = template.name in {*self._shipped, IMPORTED}
        if taken or not await self._store.templates.add(tx, template, now):
            raise ConflictError(f"There is a template {template.name!r} already; choose another name or delete it.")
        return Known(template, now)

    async def derive(self, tx: Transaction, base: str, name: str, margins: Mapping[str, GivenMargin]) -> Known:
        """A new template: another one with some margins replaced or added."""
        known = [each.template.name for each in await self.all(tx)]
        if base not in known:
            raise InvalidError("base", f"there is no template {base!r}", known)
        return await self.add(tx, renamed(with_margins((await self.get(tx, base)).template, margins), name))

    async def delete(self, tx: Transaction, name: str) -> None:
        """Take a template of one's own away. Raises `NotFoundError`, `ConflictError`."""
        if name in self._shipped:
            raise ConflictError(f"The template {name!r} comes with the service and cannot be deleted.")
        if not await self._store.templates.delete(tx, name):
            raise NotFoundError("template", name)
