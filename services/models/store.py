"""The only SQL of the models service. Every statement that names a call names its tenant too, but for `adopt`."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Function, bindparam, case, func, or_, select, update

from libs.db import Transaction, insert_into, insert_new, upsert
from services.models.domain.calls import STOP, Call, Outcome
from services.models.domain.capabilities import Capabilities, Found
from services.models.tables import CallState, cache_hits, calls, capabilities

KEYS_IN_QUERY = 500


class Settled(NamedTuple):
    """A call that came to an end, as the ledger keeps it."""

    key: str
    model: str
    content: str | None
    failure: str | None
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    finish_reason: str
    is_repaired: bool
    simulation_id: str
    """The simulation that paid for it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Who reserves a call, for which simulation, and until when it counts as being made."""

    owner: str
    simulation_id: str
    now: datetime
    until: datetime


class ModelUsage(NamedTuple):
    """What one model cost one simulation."""

    model: str
    calls: int
    failed_calls: int
    repaired_calls: int
    orphaned_calls: int
    cached_calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    is_priced: bool


_ENDED = or_(calls.c.state == CallState.FINISHED, (calls.c.state == CallState.FAILED) & calls.c.is_answered)
"""Calls that are never made again."""


_ENDING = (
    "state",
    "model",
    "content",
    "failure",
    "is_answered",
    "is_priced",
    "prompt_tokens",
    "completion_tokens",
    "cost_usd",
    "latency_ms",
    "attempts",
    "finish_reason",
    "is_repaired",
)


class Store:
    """Queries of the ledger."""

    async def find_settled(self, tx: Transaction, keys: Sequence[str]) -> dict[str, Settled]:
        """The calls among these that were answered: they were paid for and are never made again."""
        found: dict[str, Settled] = {}
        columns = [calls.c.call_key.label("key"), *(calls.c[name] for name in Settled._fields[1:])]
        for some in _batches(keys):
            statement = select(*columns).where(calls.c.tenant == tx.tenant, calls.c.call_key.in_(some), _ENDED)
            for row in (await tx.execute(statement)).mappings():
                found[row["key"]] = Settled(**row)
        return found

    async def reserve(self, tx: Transaction, wanted: Sequence[Call], lease: Lease) -> set[str]:
        """Reserve these calls; those that another process is making, or has just made, are not given back."""
        # In the order of their keys, so that two processes that reserve the same calls never wait for each other.
        rows = [_reservation(tx, call, lease) for call in sorted(wanted, key=lambda call: call.key)]
        reserved = {str(row["call_key"]) for row in await insert_new(tx, calls, rows)}
        others = [call.key for call in wanted if call.key not in reserved]
        for some in _batches(others):
            free = or_(
                calls.c.state == CallState.ORPHANED,
                (calls.c.state == CallState.FAILED) & ~calls.c.is_answered,
                (calls.c.state == CallState.RESERVED) & (calls.c.reserved_until < lease.now),
                # Mine, and lost: a process reserves only what it is not making.
                (calls.c.state == CallState.RESERVED) & (calls.c.owner == lease.owner),
            )
            statement = (
                update(calls)
                .where(calls.c.tenant == tx.tenant, calls.c.call_key.in_(some), free)
                .values(
                    orphaned=calls.c.orphaned + case((calls.c.state == CallState.RESERVED, 1), else_=0),
                    state=CallState.RESERVED,
                    owner=lease.owner,
                    simulation_id=lease.simulation_id,
                    reserved_at=lease.now,
                    reserved_until=lease.until,
                )
                .returning(calls.c.call_key)
            )
            reserved |= set((await tx.execute(statement)).scalars())
        return reserved

    async def finish(self, tx: Transaction, outcomes: Sequence[tuple[Outcome, float | None]], now: datetime) -> None:
        """Write how calls ended; with each its cost in USD, null when its model has no price."""
        statement = (
            update(calls)
            .where(calls.c.tenant == tx.tenant, calls.c.call_key == bindparam("ended_key"))
            .values({name: bindparam(f"new_{name}") for name in _ENDING} | {"finished_at": now})
        )
        await tx.execute(statement, [_ending(outcome, cost) for outcome, cost in outcomes])

    async def renew(self, tx: Transaction, owner: str, until: datetime) -> None:
        """Say that this process is still making its calls."""
        mine = (calls.c.owner == owner) & (calls.c.state == CallState.RESERVED)
        await tx.execute(update(calls).where(mine).values(reserved_until=until))

    async def owners(self, tx: Transaction) -> list[str]:
        """Processes that hold reservations, of every tenant."""
        statement = select(calls.c.owner).where(calls.c.state == CallState.RESERVED).distinct()
        return list((await tx.execute(statement)).scalars())

    async def orphan(self, tx: Transaction, dead: Sequence[str], now: datetime) -> int:
        """Mark the reservations of dead processes, and those that ran out, as orphaned; gives their number."""
        lost = or_(calls.c.owner.in_(dead), calls.c.reserved_until < now)
        result = await tx.execute(
            update(calls)
            .where(calls.c.state == CallState.RESERVED, lost)
            .values(state=CallState.ORPHANED, orphaned=calls.c.orphaned + 1)
        )
        return int(result.rowcount)

    async def count_hits(self, tx: Transaction, simulation_id: str, model: str, number: int) -> None:
        """Add answers that cost this simulation nothing."""
        key = [column.name for column in cache_hits.primary_key]
        statement = insert_into(tx, cache_hits).values(
            tenant=tx.tenant, simulation_id=simulation_id, asked_model=model, calls=number
        )
        await tx.execute(
            statement.on_conflict_do_update(index_elements=key, set_={"calls": cache_hits.c.calls + number})
        )

    async def usage(self, tx: Transaction, simulation_id: str) -> list[ModelUsage]:
        """What a simulation was the first to pay for, and what it got for nothing, by the model asked for."""
        made = (
            select(
                calls.c.asked_model.label("model"),
                (_count(calls.c.state.in_((CallState.FINISHED, CallState.FAILED))) + _count(calls.c.is_repaired)).label(
                    "calls"
                ),
                _count(calls.c.state == CallState.FAILED).label("failed_calls"),
                _count(calls.c.is_repaired).label("repaired_calls"),
                func.sum(calls.c.orphaned).label("orphaned_calls"),
                func.sum(calls.c.prompt_tokens).label("prompt_tokens"),
                func.sum(calls.c.completion_tokens).label("completion_tokens"),
                func.sum(calls.c.cost_usd).label("cost_usd"),
                (_count(~calls.c.is_priced & calls.c.is_answered) == 0).label("is_priced"),
            )
            .where(calls.c.tenant == tx.tenant, calls.c.simulation_id == simulation_id)
            .group_by(calls.c.asked_model)
        )
        hits = select(cache_hits.c.asked_model, cache_hits.c.calls).where(
            cache_hits.c.tenant == tx.tenant, cache_hits.c.simulation_id == simulation_id
        )
        cached: dict[str, int] = {row[0]: row[-1] for row in await tx.execute(hits)}
        found = {
            row["model"]: ModelUsage(**row, cached_calls=cached.get(row["model"], 0))
            for row in (await tx.execute(made)).mappings()
        }
        for model, number in cached.items():
            found.setdefault(model, ModelUsage(model, 0, 0, 0, 0, number, 0, 0, 0.0, True))
        return [found[model] for model in sorted(found)]

    async def load_capabilities(self, tx: Transaction, endpoint: str, model: str) -> Found | None:
        """What was found out about a model."""
        columns = [capabilities.c[field.name] for field in fields(Found)]
        statement = select(*columns).where(
            capabilities.c.tenant == tx.tenant, capabilities.c.endpoint == endpoint, capabilities.c.model == model
        )
        row = (await tx.execute(statement)).mappings().first()
        if row is None:
            return None
        document = row["capabilities"]
        return Found(**dict(row) | {"capabilities": None if document is None else Capabilities.of(document)})

    async def save_capabilities(self, tx: Transaction, found: Found) -> None:
        """Keep what was found out, instead of what was known."""
        await upsert(tx, capabilities, [{"tenant": tx.tenant, **asdict(found)}])


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), KEYS_IN_QUERY):
        yield keys[start : start + KEYS_IN_QUERY]


def _count(condition: ColumnElement[bool]) -> Function[int]:
    return func.sum(case((condition, 1), else_=0))


def _reservation(tx: Transaction, call: Call, lease: Lease) -> dict[str, object]:
    return {
        "tenant": tx.tenant,
        "call_key": call.key,
        "state": CallState.RESERVED,
        "simulation_id": lease.simulation_id,
        "asked_model": call.model,
        "model": call.model,
        "owner": lease.owner,
        "reserved_at": lease.now,
        "reserved_until": lease.until,
        "is_answered": False,
        "is_priced": False,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "cost_usd": 0.0,
        "latency_ms": 0.0,
        "attempts": 0,
        "orphaned": 0,
        "finish_reason": STOP,
        "is_repaired": False,
    }


def _ending(outcome: Outcome, cost_usd: float | None) -> dict[str, object]:
    values = {
        "state": CallState.FINISHED if outcome.failure is None else CallState.FAILED,
        "model": outcome.model,
        "content": outcome.content,
        "failure": outcome.failure,
        "is_answered": outcome.is_answered,
        "is_priced": cost_usd is not None,
        "prompt_tokens": outcome.prompt_tokens,
        "completion_tokens": outcome.completion_tokens,
        "cost_usd": cost_usd or 0.0,
        "latency_ms": outcome.latency_ms,
        "attempts": outcome.attempts,
        "finish_reason": outcome.finish_reason,
        "is_repaired": outcome.is_repaired,
    }
    return {"ended_key": outcome.key} | {f"new_{name}": value for name, value in values.items()}
