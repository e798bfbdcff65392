"""Versions of populations, and what each did to people."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select

from libs.contracts.base import JsonObject
from libs.contracts.people import Agent
from libs.db import Transaction, insert_new, upsert
from services.population.domain.summary import difference, summarise
from services.population.domain.versions import Applied, Change, Edit, Recorded, Version
from services.population.store.people import People, agent_row
from services.population.tables import agents, changes, versions


class Versions:
    """Rows of versions and of changes."""

    def __init__(self, people: People) -> None:
        self._people = people

    async def targets(self, tx: Transaction, version: Version, limit: int) -> list[Agent]:
        """The next people a version is meant for, by index."""
        query = select(agents.c.document).where(
            agents.c.tenant == tx.tenant,
            agents.c.population_id == version.population_id,
            agents.c.agent_index > version.reached,
        )
        wanted: list[ColumnElement[bool]] = []
        if names := [name for name in version.target_segments if name is not None]:
            wanted.append(agents.c.segment.in_(names))
        if None in version.target_segments:
            wanted.append(agents.c.segment.is_(None))
        if version.target_indices:
            wanted.append(agents.c.agent_index.in_(version.target_indices))
        if wanted:
            query = query.where(or_(*wanted))
        rows = await tx.execute(query.order_by(agents.c.agent_index).limit(limit))
        return [Agent.model_validate(document) for document in rows.scalars()]

    async def apply(self, tx: Transaction, version: Version, outcomes: Sequence[Change]) -> None:
        """What a version did to a block of people: its record, and the people as they are now."""
        mine = {"tenant": tx.tenant, "population_id": version.population_id}
        rows = [
            {
                **mine,
                "version": version.number,
                "agent_index": outcome.before.index,
                "before": _says(outcome.before),
                "after": outcome.after and _says(outcome.after),
                "conflict": outcome.conflict,
            }
            for outcome in outcomes
        ]
        await insert_new(tx, changes, rows)
        pairs = [(outcome.before, outcome.after) for outcome in outcomes if outcome.after is not None]
        if not pairs:
            return
        await upsert(tx, agents, [agent_row(tx, version.population_id, after) for _, after in pairs])
        added = difference(*map(summarise, zip(*pairs, strict=True)))
        await self._people.add_summaries(tx, version.population_id, version.number, pairs[0][0].index, added)

    async def save(self, tx: Transaction, version: Version) -> None:
        """A version, new or further on."""
        document: JsonObject = {
            "fragments": [{"name": one.name, "document": one.document} for one in version.fragments],
            "target_segments": version.target_segments,
            "target_indices": version.target_indices,
        }
        if version.edit is not None:
            edit = version.edit
            document["edit"] = {"patch": edit.patch, "author": edit.author, "note": edit.note}
        row = {
            "tenant": tx.tenant,
            "population_id": version.population_id,
            "version": version.number,
            "document": document,
            "reached": version.reached,
            "targeted": version.targeted,
            "changed": version.changed,
            "conflicts": version.conflicts,
            "created_at": version.created_at,
            "applied_at": version.applied_at,
        }
        await upsert(tx, versions, [row])

    async def below(self, tx: Transaction, population_id: str, limit: int, before: int) -> list[Version]:
        """Versions below a number, newest first."""
        query = select(versions).where(
            versions.c.tenant == tx.tenant, versions.c.population_id == population_id, versions.c.version < before
        )
        return [_version(row) for row in await tx.execute(query.order_by(versions.c.version.desc()).limit(limit))]

    async def changes(
        self, tx: Transaction, version: Version, limit: int, after: int, *, only_conflicts: bool
    ) -> list[Recorded]:
        """The people a version changed or could not change, by index."""
        query = select(changes).where(
            changes.c.tenant == tx.tenant,
            changes.c.population_id == version.population_id,
            changes.c.version == version.number,
            changes.c.agent_index > after,
        )
        if only_conflicts:
            query = query.where(changes.c.conflict.is_not(None))
        rows = await tx.execute(query.order_by(changes.c.agent_index).limit(limit))
        return [_recorded(row) for row in rows]

    async def of_person(
        self, tx: Transaction, population_id: str, index: int, limit: int
    ) -> list[tuple[Version, Recorded]]:
        """What versions did to one person, newest first."""
        query = select(changes).where(
            changes.c.tenant == tx.tenant, changes.c.population_id == population_id, changes.c.agent_index == index
        )
        rows = (await tx.execute(query.order_by(changes.c.version.desc()).limit(limit))).all()
        query = select(versions).where(
            versions.c.tenant == tx.tenant,
            versions.c.population_id == population_id,
            versions.c.version.in_([row.version for row in rows]),
        )
        made = {row.version: _version(row) for row in await tx.execute(query)}
        return [(made[row.version], _recorded(row)) for row in rows]


def _says(agent: Agent) -> JsonObject:
    """What a version may change of somebody."""
    return {"persona": agent.persona, "traits": agent.traits}


def _recorded(row: Row[Any]) -> Recorded:
    return Recorded(row.agent_index, row.before, row.after, row.conflict)


def _version(row: Row[Any]) -> Version:
    document = row.document
    edit = document.get("edit")
    return Version(
        population_id=row.population_id,
        number=row.version,
        fragments=tuple(Applied(one["name"], one["document"]) for one in document["fragments"]),
        target_segments=tuple(document["target_segments"]),
        target_indices=tuple(document["target_indices"]),
        edit=edit and Edit(edit["patch"], edit["author"], edit["note"]),
        reached=row.reached,
        targeted=row.targeted,
        changed=row.changed,
        conflicts=row.conflicts,
        created_at=row.created_at,
        applied_at=row.applied_at,
    )
