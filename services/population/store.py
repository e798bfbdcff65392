"""Every query of the population service; domain objects in, domain objects out."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update

from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from libs.db import Transaction, insert_new
from services.population.domain.population import Particularities, Population, State
from services.population.domain.summary import Summary, summarise
from services.population.tables import agents, populations, summaries

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
            "created_at": population.created_at,
        }
        await insert_new(tx, populations, [row])

    async def save(self, tx: Transaction, population: Population) -> None:
        """How far drawing has come."""
        await tx.execute(
            update(populations)
            .where(populations.c.tenant == tx.tenant, populations.c.id == population.id)
            .values(
                state=population.state.value,
                generated=population.generated,
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

    async def add_people(self, tx: Transaction, population_id: str, people: Sequence[Agent]) -> None:
        """One block of people, with its summaries."""
        mine = {"tenant": tx.tenant, "population_id": population_id}
        await insert_new(
            tx,
            agents,
            [
                {**mine, "agent_index": agent.index, "segment": agent.segment, "document": agent.model_dump()}
                for agent in people
            ],
        )
        start = people[0].index
        rows = [
            {**mine, "start": start, "part": part, "segment": segment, "document": _document(summary)}
            for part, (segment, summary) in enumerate(summarise(people).items())
        ]
        await insert_new(tx, summaries, rows)

    async def people(
        self, tx: Transaction, population_id: str, limit: int, after: int, segments: Sequence[str | None] = ()
    ) -> list[Agent]:
        """People by index, after this index; of one segment (None is the rest) when one is given."""
        query = select(agents.c.document).where(
            agents.c.tenant == tx.tenant, agents.c.population_id == population_id, agents.c.agent_index > after
        )
        for segment in segments:
            query = query.where(agents.c.segment.is_(None) if segment is None else agents.c.segment == segment)
        rows = await tx.execute(query.order_by(agents.c.agent_index).limit(limit))
        return [Agent.model_validate(row.document) for row in rows]

    async def person(self, tx: Transaction, population_id: str, index: int) -> Agent | None:
        """The person at this place of the population."""
        query = select(agents.c.document).where(
            agents.c.tenant == tx.tenant, agents.c.population_id == population_id, agents.c.agent_index == index
        )
        document = (await tx.execute(query)).scalar_one_or_none()
        return Agent.model_validate(document) if document else None

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
        reason=row.reason,
        created_at=row.created_at,
        ready_at=row.ready_at,
    )


def _document(summary: Summary) -> dict[str, object]:
    return {"size": summary.size, "ages": summary.ages, "counts": summary.counts, "traits": summary.traits}


def _summary(document: dict[str, Any]) -> Summary:
    counts = {dimension: Counter(found) for dimension, found in document["counts"].items()}
    return Summary(document["size"], document["ages"], counts, Counter(document["traits"]))
