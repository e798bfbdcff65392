"""What people brought and what was found: baselines, comparisons, the ledger, answers of people to a simulation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Table, delete, func, select

from libs.contracts.comparisons import HumanAnswer, Value
from libs.contracts.validation import SimulationRectified
from libs.db import Transaction, insert_new
from services.validation.domain.baselines import Baseline
from services.validation.domain.comparison.kept import Comparison
from services.validation.domain.ledger.entries import Entry
from services.validation.tables import baselines, comparisons, human_answers, ledger, rectifications

Answers = dict[str, list[Value]]


class Baselines:
    """Past results of people."""

    async def add(self, tx: Transaction, baseline: Baseline, answers: Answers) -> None:
        """A new baseline with its answers, person by person."""
        row = {
            "tenant": tx.tenant,
            "baseline_id": baseline.id,
            "document": baseline.model_dump(mode="json"),
            "answers": answers,
            "created_at": baseline.created_at,
        }
        await insert_new(tx, baselines, [row])

    async def get(self, tx: Transaction, baseline_id: str) -> tuple[Baseline, Answers] | None:
        """A baseline and its answers."""
        query = select(baselines.c.document, baselines.c.answers).where(
            baselines.c.tenant == tx.tenant, baselines.c.baseline_id == baseline_id
        )
        row = (await tx.execute(query)).one_or_none()
        return (Baseline.model_validate(row.document), row.answers) if row else None

    async def newest(self, tx: Transaction, limit: int, before: str | None) -> list[Baseline]:
        """Newest first; ids are time-ordered."""
        return [Baseline.model_validate(row) for row in await _newest(tx, baselines, "baseline_id", limit, before)]

    async def remove(self, tx: Transaction, baseline_id: str) -> bool:
        """Forget a baseline; what was compared with it stays. False where there is none."""
        statement = delete(baselines).where(baselines.c.tenant == tx.tenant, baselines.c.baseline_id == baseline_id)
        return (await tx.execute(statement)).rowcount > 0


class Comparisons:
    """Comparisons, which are kept for ever."""

    async def add(self, tx: Transaction, comparison: Comparison) -> None:
        """A new comparison."""
        row = {
            "tenant": tx.tenant,
            "comparison_id": comparison.id,
            "document": comparison.model_dump(mode="json"),
            "created_at": comparison.created_at,
        }
        await insert_new(tx, comparisons, [row])

    async def get(self, tx: Transaction, comparison_id: str) -> Comparison | None:
        """A comparison."""
        query = select(comparisons.c.document).where(
            comparisons.c.tenant == tx.tenant, comparisons.c.comparison_id == comparison_id
        )
        document = (await tx.execute(query)).scalar_one_or_none()
        return Comparison.model_validate(document) if document else None

    async def newest(self, tx: Transaction, limit: int, before: str | None) -> list[Comparison]:
        """Newest first; ids are time-ordered."""
        return [
            Comparison.model_validate(row) for row in await _newest(tx, comparisons, "comparison_id", limit, before)
        ]


class Ledger:
    """Outcomes of past comparisons; what is there already is not added again."""

    async def add(self, tx: Transaction, entries: Sequence[Entry]) -> int:
        """Add entries; how many were new."""
        rows = [
            {
                "tenant": tx.tenant,
                "entry_id": entry.id,
                "simulator": entry.simulator,
                "document": entry.model_dump(mode="json"),
                "recorded_at": entry.recorded_at,
            }
            for entry in {entry.id: entry for entry in entries}.values()
        ]
        return len(await insert_new(tx, ledger, rows))

    async def of(self, tx: Transaction, simulator: str) -> list[Entry]:
        """Every entry of a simulator."""
        query = select(ledger.c.document).where(ledger.c.tenant == tx.tenant, ledger.c.simulator == simulator)
        return [Entry.model_validate(row.document) for row in await tx.execute(query.order_by(ledger.c.entry_id))]

    async def simulators(self, tx: Transaction) -> list[str]:
        """Every simulator that has entries, by name."""
        query = select(ledger.c.simulator).where(ledger.c.tenant == tx.tenant, ledger.c.simulator.is_not(None))
        return [row.simulator for row in await tx.execute(query.distinct().order_by(ledger.c.simulator))]

    async def page(self, tx: Transaction, simulator: str | None, limit: int, after: str | None) -> list[Entry]:
        """Entries by id."""
        query = select(ledger.c.document).where(ledger.c.tenant == tx.tenant)
        if simulator is not None:
            query = query.where(ledger.c.simulator == simulator)
        if after is not None:
            query = query.where(ledger.c.entry_id > after)
        rows = await tx.execute(query.order_by(ledger.c.entry_id).limit(limit))
        return [Entry.model_validate(row.document) for row in rows]


class Hybrids:
    """Answers of people to the questions of simulations, and what they made of its estimates."""

    async def add_people(
        self, tx: Transaction, simulation_id: str, people: Sequence[HumanAnswer], now: datetime
    ) -> int:
        """Add people; how many were new. Who is there already stays as they answered first."""
        rows = [
            {
                "tenant": tx.tenant,
                "simulation_id": simulation_id,
                "person_id": person.person_id,
                "document": person.model_dump(mode="json"),
                "received_at": now,
            }
            for person in people
        ]
        return len(await insert_new(tx, human_answers, rows))

    async def people(self, tx: Transaction, simulation_id: str) -> list[HumanAnswer]:
        """Everybody who answered, by id."""
        query = select(human_answers.c.document).where(
            human_answers.c.tenant == tx.tenant, human_answers.c.simulation_id == simulation_id
        )
        rows = await tx.execute(query.order_by(human_answers.c.person_id))
        return [HumanAnswer.model_validate(row.document) for row in rows]

    async def add(self, tx: Transaction, rectified: SimulationRectified) -> None:
        """What an upload made of the estimates."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": rectified.simulation_id,
            "revision": rectified.revision,
            "document": rectified.model_dump(mode="json"),
            "rectified_at": rectified.rectified_at,
        }
        await insert_new(tx, rectifications, [row])

    async def last(self, tx: Transaction, simulation_id: str) -> SimulationRectified | None:
        """The estimates after the last upload."""
        of = rectifications.c.tenant == tx.tenant, rectifications.c.simulation_id == simulation_id
        newest = select(func.max(rectifications.c.revision)).where(*of).scalar_subquery()
        query = select(rectifications.c.document).where(*of, rectifications.c.revision == newest)
        document = (await tx.execute(query)).scalar_one_or_none()
        return SimulationRectified.model_validate(document) if document else None


async def _newest(tx: Transaction, table: Table, key: str, limit: int, before: str | None) -> list[Any]:
    query = select(table.c.document).where(table.c.tenant == tx.tenant)
    if before is not None:
        query = query.where(table.c[key] < before)
    rows = await tx.execute(query.order_by(table.c[key].desc()).limit(limit))
    return [row.document for row in rows]
