"""Fragments: those that come with the service, and those of a tenant's own."""

from collections.abc import Mapping
from datetime import UTC, datetime

from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.specs import FragmentSpec, PopulationSpec
from libs.db import Transaction
from services.population.domain.fragments import Fragment, Named, read_own
from services.population.domain.traits import load_trait_model
from services.population.store import Store

MOST = 500
"""Fragments of a tenant's own: each list of allowed names has all of them."""


class Fragments:
    """A library that a tenant can add to; what was drawn or applied keeps what a fragment said at that time."""

    def __init__(self, store: Store, shipped: Mapping[str, Fragment]) -> None:
        self._store, self._shipped = store, shipped

    async def all(self, tx: Transaction) -> list[Named]:
        """Every fragment, those that come with the service first."""
        shipped = [Named(name, fragment, None) for name, fragment in self._shipped.items()]
        return [*shipped, *await self._store.fragments.all(tx)]

    async def by_name(self, tx: Transaction) -> dict[str, Fragment]:
        """Every fragment by name."""
        return {named.name: named.fragment for named in await self.all(tx)}

    async def named_by(self, tx: Transaction, spec: PopulationSpec) -> dict[str, Fragment]:
        """The tenant's own fragments among those that the segments name. Raises `InvalidError` for an unknown one."""
        known = await self.by_name(tx)
        own: dict[str, Fragment] = {}
        for place, segment in enumerate(spec.segments):
            for position, name in enumerate(segment.fragments):
                if name not in known:
                    field = f"segments.{place}.fragments.{position}"
                    raise InvalidError(field, f"there is no fragment {name!r}", sorted(known))
                if name not in self._shipped:
                    own[name] = known[name]
        return own

    async def get(self, tx: Transaction, name: str) -> Named:
        """One fragment. Raises `NotFoundError`."""
        if name in self._shipped:
            return Named(name, self._shipped[name], None)
        found = await self._store.fragments.get(tx, name)
        if found is None:
            raise NotFoundError("fragment", name)
        return found

    async def add(self, tx: Transaction, spec: FragmentSpec) -> Named:
        """A new fragment. Raises `InvalidError` for one that cannot be, `ConflictError` for a name that is taken."""
        fragment, now = read_own(spec, load_trait_model().traits), datetime.now(UTC)
        if len(await self._store.fragments.all(tx)) >= MOST:
            raise ConflictError(f"There are {MOST} fragments of your own already; delete one first.")
        if spec.name in self._shipped or not await self._store.fragments.add(tx, spec.name, fragment, now):
            raise ConflictError(f"There is a fragment {spec.name!r} already; delete it first, or choose another name.")
        return Named(spec.name, fragment, now)

    async def delete(self, tx: Transaction, name: str) -> None:
        """Take a fragment of one's own away; people keep what it said. Raises `NotFoundError`, `ConflictError`."""
        if name in self._shipped:
            raise ConflictError(f"The fragment {name!r} comes with the service and cannot be deleted.")
        if not await self._store.fragments.delete(tx, name):
            raise NotFoundError("fragment", name)
