"""People: block by block as they are drawn, page by page as they are asked for, and what they add up to."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, exists, or_, select, tuple_

from libs.contracts.base import JsonObject
from libs.contracts.people import Agent
from libs.db import Transaction, insert_new
from services.population.domain.imports import Person
from services.population.domain.names import name_key
from services.population.domain.selection import Key, Received, Selection
from services.population.domain.summary import Summary, summarise
from services.population.tables import agents, changes, summaries


class Attributes(NamedTuple):
    """What is known of one person besides the persona."""

    age: int
    segment: str | None
    profile: dict[str, Any]
    traits: dict[str, float]

    def flat(self) -> dict[str, Any]:
        """All of it by name."""
        return {"age": self.age, "segment": self.segment, **self.profile, **self.traits}


class People:
    """Rows of people and of summaries."""

    async def add(
        self,
        tx: Transaction,
        population_id: str,
        people: Sequence[Agent],
        envelopes: Sequence[JsonObject | None] | None = None,
    ) -> None:
        """One block of people, with its summaries; from files with their envelopes."""
        rows = [agent_row(tx, population_id, agent) for agent in people]
        for row, envelope in zip(rows, envelopes or [], strict=envelopes is not None):
            row["envelope"] = envelope
        await insert_new(tx, agents, rows)
        await self.add_summaries(tx, population_id, 0, people[0].index, summarise(people))

    async def names(self, tx: Transaction, population_id: str) -> list[str]:
        """The keys of everybody's name."""
        query = select(agents.c.name_key).where(agents.c.tenant == tx.tenant, agents.c.population_id == population_id)
        return list((await tx.execute(query)).scalars())

    async def page(
        self, tx: Transaction, population_id: str, selection: Selection, limit: int, after: Key | None = None
    ) -> list[Person]:
        """The people selected, in the order asked for, after this key."""
        query = _people(tx, population_id)
        for segment in selection.segments:
            query = query.where(agents.c.segment.is_(None) if segment is None else agents.c.segment == segment)
        for attribute, values in selection.attributes.items():
            query = query.where(agents.c.document["demographic_profile", attribute].as_string().in_(values))
        if selection.youngest is not None:
            query = query.where(agents.c.age >= selection.youngest)
        if selection.oldest is not None:
            query = query.where(agents.c.age <= selection.oldest)
        if selection.name:
            query = query.where(agents.c.name_key.contains(name_key(selection.name), autoescape=True))
        for received in selection.fragments:
            query = query.where(_has(received))
        columns = [agents.c[name] for name in selection.sort.columns]
        if after is not None:
            place = tuple_(*columns)
            query = query.where(place < after if selection.descending else place > after)
        ordered = [column.desc() if selection.descending else column for column in columns]
        return [_person(row) for row in await tx.execute(query.order_by(*ordered).limit(limit))]

    async def get(self, tx: Transaction, population_id: str, index: int) -> Person | None:
        """The person at this place of the population."""
        row = (await tx.execute(_people(tx, population_id).where(agents.c.agent_index == index))).one_or_none()
        return _person(row) if row else None

    async def attributes(
        self, tx: Transaction, population_id: str, limit: int, after: int, segments: Sequence[str | None] = ()
    ) -> tuple[list[Attributes], int]:
        """The attributes of people by index, and the last index (0: there is nobody). Personas stay where they are."""
        parts = [agents.c.document[name].label(name) for name in ("demographic_profile", "traits")]
        query = select(agents.c.agent_index, agents.c.age, agents.c.segment, *parts).where(
            agents.c.tenant == tx.tenant, agents.c.population_id == population_id, agents.c.agent_index > after
        )
        for segment in segments:
            query = query.where(agents.c.segment.is_(None) if segment is None else agents.c.segment == segment)
        rows = (await tx.execute(query.order_by(agents.c.agent_index).limit(limit))).all()
        found = [Attributes(row.age, row.segment, row.demographic_profile, row.traits) for row in rows]
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

    async def add_summaries(
        self, tx: Transaction, population_id: str, version: int, start: int, found: dict[str | None, Summary]
    ) -> None:
        """What a block adds to the summaries, by segment."""
        key = {"tenant": tx.tenant, "population_id": population_id, "version": version, "start": start}
        rows = [
            {**key, "part": part, "segment": segment, "document": _document(summary)}
            for part, (segment, summary) in enumerate(found.items())
        ]
        await insert_new(tx, summaries, rows)


def agent_row(tx: Transaction, population_id: str, agent: Agent) -> dict[str, Any]:
    """A person as a row, without the envelope of a file."""
    return {
        "tenant": tx.tenant,
        "population_id": population_id,
        "agent_index": agent.index,
        "segment": agent.segment,
        "age": agent.age,
        "name_key": name_key(agent.name),
        "document": agent.document(),
    }


def _has(received: Received) -> ColumnElement[bool]:
    """Whether somebody was drawn with a fragment, or changed by a version that applied it."""
    changed = exists().where(
        changes.c.tenant == agents.c.tenant,
        changes.c.population_id == agents.c.population_id,
        changes.c.agent_index == agents.c.agent_index,
        changes.c.version.in_(received.versions),
        changes.c.after.is_not(None),
    )
    return or_(agents.c.segment.in_(received.segments), changed)


def _people(tx: Transaction, population_id: str) -> Select[tuple[Any, Any]]:
    return select(agents.c.document, agents.c.envelope).where(
        agents.c.tenant == tx.tenant, agents.c.population_id == population_id
    )


def _person(row: Row[tuple[Any, Any]]) -> Person:
    return Person(Agent.model_validate(row.document), row.envelope)


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
