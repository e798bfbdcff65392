"""Every query of the population service; domain objects in, domain objects out."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, or_, select, update

from libs.contracts.base import JsonObject
from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from libs.db import Transaction, insert_new, upsert
from services.population.domain.imports import Person
from services.population.domain.population import Particularities, Population, State
from services.population.domain.summary import Summary, difference, summarise
from services.population.domain.versions import Applied, Change, Recorded, Version
from services.population.tables import agents, changes, populations, summaries, versions

Attributes = dict[str, Any]
"""Age, segment, demographic attributes and traits of one person, by name."""


class Store:
    """Populations, their people, and what the people add up to."""

    async def add(self, tx: Transaction, population: Population) -> None:
        """A new population."""
        row = {
            "tenant": tx.tenant,
            "id": population.id,
            "name": population.spec.name,
            "seed": population.seed,
            "document": population.document(),
            "state": population.state.value,
            "generated": population.generated,
            "version": population.version,
            "created_at": population.created_at,
        }
        await insert_new(tx, populations, [row])

    async def save(self, tx: Transaction, population: Population) -> None:
        """How far it has come."""
        await tx.execute(
            update(populations)
            .where(populations.c.tenant == tx.tenant, populations.c.id == population.id)
            .values(
                state=population.state.value,
                generated=population.generated,
                version=population.version,
                reason=population.reason,
                ready_at=population.ready_at,
            )
        )

    async def get(self, tx: Transaction, population_id: str, *, lock: bool = False) -> Population | None:
        """With `lock`, nobody else draws its people until the transaction ends."""
        query = select(populations).where(populations.c.tenant == tx.tenant, populations.c.id == population_id)
        row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
        return _population(row) if row else None

    async def newest(self, tx: Transaction, limit: int, before: str | None) -> list[Population]:
        """Newest first; ids are time-ordered."""
        query = select(populations).where(populations.c.tenant == tx.tenant)
        if before is not None:
            query = query.where(populations.c.id < before)
        rows = await tx.execute(query.order_by(populations.c.id.desc()).limit(limit))
        return [_population(row) for row in rows]

    async def add_people(
        self,
        tx: Transaction,
        population_id: str,
        people: Sequence[Agent],
        envelopes: Sequence[JsonObject | None] | None = None,
    ) -> None:
        """One block of people, with its summaries; from files with their envelopes."""
        mine = {"tenant": tx.tenant, "population_id": population_id}
        rows = [
            {**mine, "agent_index": agent.index, "segment": agent.segment, "document": agent.model_dump()}
            for agent in people
        ]
        for row, envelope in zip(rows, envelopes or [], strict=envelopes is not None):
            row["envelope"] = envelope
        await insert_new(tx, agents, rows)
        await self._add_summaries(tx, population_id, 0, people[0].index, summarise(people))

    async def people(
        self, tx: Transaction, population_id: str, limit: int, after: int, segments: Sequence[str | None] = ()
    ) -> list[Person]:
        """People by index, after this index; of one segment (None is the rest) when one is given."""
        query = _people(tx, population_id).where(agents.c.agent_index > after)
        for segment in segments:
            query = query.where(agents.c.segment.is_(None) if segment is None else agents.c.segment == segment)
        rows = await tx.execute(query.order_by(agents.c.agent_index).limit(limit))
        return [_person(row) for row in rows]

    async def person(self, tx: Transaction, population_id: str, index: int) -> Person | None:
        """The person at this place of the population."""
        row = (await tx.execute(_people(tx, population_id).where(agents.c.agent_index == index))).one_or_none()
        return _person(row) if row else None

    async def targets(self, tx: Transaction, version: Version, limit: int) -> list[Agent]:
        """The next people a version is meant for, by index."""
        query = _people(tx, version.population_id).where(agents.c.agent_index > version.reached)
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
        return [_person(row).agent for row in rows]

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
        changed = [
            {**mine, "agent_index": agent.index, "segment": agent.segment, "document": agent.model_dump()}
            for _, agent in pairs
        ]
        await upsert(tx, agents, changed)
        added = difference(*map(summarise, zip(*pairs, strict=True)))
        await self._add_summaries(tx, version.population_id, version.number, pairs[0][0].index, added)

    async def save_version(self, tx: Transaction, version: Version) -> None:
        """A version, new or further on."""
        row = {
            "tenant": tx.tenant,
            "population_id": version.population_id,
            "version": version.number,
            "document": {
                "fragments": [{"name": one.name, "document": one.document} for one in version.fragments],
                "target_segments": version.target_segments,
                "target_indices": version.target_indices,
            },
            "reached": version.reached,
            "targeted": version.targeted,
            "changed": version.changed,
            "conflicts": version.conflicts,
            "created_at": version.created_at,
            "applied_at": version.applied_at,
        }
        await upsert(tx, versions, [row])

    async def versions(self, tx: Transaction, population_id: str, limit: int, before: int) -> list[Version]:
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
        return [Recorded(row.agent_index, row.before, row.after, row.conflict) for row in rows]

    async def _add_summaries(
        self, tx: Transaction, population_id: str, version: int, start: int, found: dict[str | None, Summary]
    ) -> None:
        key = {"tenant": tx.tenant, "population_id": population_id, "version": version, "start": start}
        rows = [
            {**key, "part": part, "segment": segment, "document": _document(summary)}
            for part, (segment, summary) in enumerate(found.items())
        ]
        await insert_new(tx, summaries, rows)

    async def attributes(
        self, tx: Transaction, population_id: str, limit: int, after: int, segments: Sequence[str | None] = ()
    ) -> tuple[list[Attributes], int]:
        """The attributes of people by index, and the last index (0: there is nobody). Personas stay where they are."""
        parts = [agents.c.document[name].label(name) for name in ("age", "demographic_profile", "traits")]
        query = select(agents.c.agent_index, agents.c.segment, *parts).where(
            agents.c.tenant == tx.tenant, agents.c.population_id == population_id, agents.c.agent_index > after
        )
        for segment in segments:
            query = query.where(agents.c.segment.is_(None) if segment is None else agents.c.segment == segment)
        rows = (await tx.execute(query.order_by(agents.c.agent_index).limit(limit))).all()
        found = [{"age": row.age, "segment": row.segment, **row.demographic_profile, **row.traits} for row in rows]
        return found, rows[-1].agent_index if rows else 0

    async def summaries(self, tx: Transaction, population_id: str) -> dict[str | None, Summary]:
        """What the people drawn so far add up to, by segment; None is the rest."""
        query = select(summaries.c.segment, summaries.c.document).where(
            summaries.c.tenant == tx.tenant, summaries.c.population_id == population_id
        )
        found: dict[str | None, Summary] = {}
        for row in await tx.execute(query):
            found.setdefault(row.segment, Summary()).include(_summary(row.document))
        return found


def _population(row: Row[Any]) -> Population:
    return Population(
        id=row.id,
        spec=PopulationSpec.model_validate(row.document["spec"]),
        seed=row.seed,
        readings=tuple(Particularities.model_validate(reading) for reading in row.document["readings"]),
        state=State(row.state),
        generated=row.generated,
        version=row.version,
        reason=row.reason,
        created_at=row.created_at,
        ready_at=row.ready_at,
    )


def _people(tx: Transaction, population_id: str) -> Select[tuple[Any, Any]]:
    return select(agents.c.document, agents.c.envelope).where(
        agents.c.tenant == tx.tenant, agents.c.population_id == population_id
    )


def _person(row: Row[tuple[Any, Any]]) -> Person:
    return Person(Agent.model_validate(row.document), row.envelope)


def _says(agent: Agent) -> JsonObject:
    """What a version may change of somebody."""
    return {"persona": agent.persona, "traits": agent.traits}


def _version(row: Row[Any]) -> Version:
    document = row.document
    return Version(
        population_id=row.population_id,
        number=row.version,
        fragments=tuple(Applied(one["name"], one["document"]) for one in document["fragments"]),
        target_segments=tuple(document["target_segments"]),
        target_indices=tuple(document["target_indices"]),
        reached=row.reached,
        targeted=row.targeted,
        changed=row.changed,
        conflicts=row.conflicts,
        created_at=row.created_at,
        applied_at=row.applied_at,
    )


def _document(summary: Summary) -> dict[str, object]:
    return {
        "size": summary.size,
        "ages": summary.ages,
        "counts": summary.counts,
        "traits": summary.traits,
        "stated": summary.stated,
    }


def _summary(document: dict[str, Any]) -> Summary:
    counts = {dimension: Counter(found) for dimension, found in document["counts"].items()}
    traits = Counter(document["traits"])
    stated = document.get("stated") or dict.fromkeys(traits, document["size"])  # once, everybody had all of them
    return Summary(document["size"], document["ages"], counts, traits, Counter(stated))
