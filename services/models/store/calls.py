"""Calls as the ledger keeps them, and what they cost a simulation.

Every statement that names a call names its tenant too, but for those about processes that died.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Function, bindparam, case, func, or_, select, update

from libs.db import Transaction, add_up, among, insert_new, texts
from services.models.domain.budgets import Amount, Booking, total_of
from services.models.domain.calls import STOP, Call, Outcome
from services.models.tables import CallState, cache_hits, calls

KEYS_IN_QUERY = 500
Reservation = tuple[Call, Amount]
"""A call, and what is reserved for it."""


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
    "reserved_tokens",
    "reserved_cost_usd",
)
_LEASED = (
    "state",
    "owner",
    "simulation_id",
    "reserved_at",
    "reserved_until",
    "reserved_tokens",
    "reserved_cost_usd",
)
_NOTHING_RESERVED = {"reserved_tokens": 0, "reserved_cost_usd": 0.0}


_IN_A_JOB = calls.c.job_id.is_not(None)
# What every group of calls needs is made once. By key alone: with the state in the query, SQLite would look through
# every call in flight.
_RESERVATIONS = select(calls.c.simulation_id, calls.c.state, calls.c.reserved_cost_usd, calls.c.reserved_tokens).where(
    calls.c.tenant == bindparam("of_tenant"), among(calls.c.call_key, texts("keys"))
)
_SETTLED = select(calls.c.call_key.label("key"), *(calls.c[name] for name in Settled._fields[1:])).where(
    calls.c.tenant == bindparam("of_tenant"), among(calls.c.call_key, texts("keys")), _ENDED
)
_FINISH = (
    update(calls)
    .where(calls.c.tenant == bindparam("of_tenant"), calls.c.call_key == bindparam("ended_key"))
    .values({name: bindparam(f"new_{name}") for name in _ENDING} | {"finished_at": bindparam("now")})
)


class Store:
    """Queries of the ledger."""

    async def find_settled(self, tx: Transaction, keys: Sequence[str]) -> dict[str, Settled]:
        """The calls among these that were answered: they were paid for and are never made again."""
        found: dict[str, Settled] = {}
        for some in _batches(keys):
            for row in await tx.execute(_SETTLED, {"of_tenant": tx.tenant, "keys": some}):
                found[row.key] = Settled._make(row)
        return found

    async def reserve(
        self, tx: Transaction, wanted: Sequence[Reservation], lease: Lease
    ) -> tuple[set[str], list[Booking]]:
        """Reserve these calls; those that another process is making, or has just made, are not given back.

        With them comes what is to be booked, also for calls that were being made and are found lost.
        """
        # In the order of their keys, so that two processes that reserve the same calls never wait for each other.
        rows = {
            call.key: _reservation(tx, call, amount, lease)
            for call, amount in sorted(wanted, key=lambda reservation: reservation[0].key)
        }
        reserved = {str(row["call_key"]) for row in await insert_new(tx, calls, list(rows.values()))}
        others = [key for key in rows if key not in reserved]
        orphaned: list[Booking] = []
        for some in _batches(others):
            these = (calls.c.tenant == tx.tenant) & among(calls.c.call_key, some)
            # Mine, and lost: a process reserves only what it is not making.
            lost = or_(calls.c.reserved_until < lease.now, calls.c.owner == lease.owner)
            orphaned += await self._orphan(tx, these & lost)
            # A batch job goes on without the process that submitted it: its calls are taken over and not lost.
            taken_over = (calls.c.state == CallState.RESERVED) & lost & _IN_A_JOB
            orphaned += [
                Booking(tenant, payer, reserved=amount.negative())
                for tenant, payer, amount in await _held(tx, these & taken_over)
            ]
            free = or_(
                calls.c.state == CallState.ORPHANED,
                (calls.c.state == CallState.FAILED) & ~calls.c.is_answered,
                taken_over,
            )
            found = await tx.execute(select(calls.c.call_key).where(these, free).with_for_update())
            again = sorted(found.scalars())
            if again:
                statement = (
                    update(calls)
                    .where(calls.c.tenant == tx.tenant, calls.c.call_key == bindparam("again_key"))
                    .values(
                        {name: bindparam(f"new_{name}") for name in _LEASED}
                        | {"job_id": case((calls.c.state == CallState.RESERVED, calls.c.job_id), else_=None)}
                    )
                )
                await tx.execute(
                    statement,
                    [{"again_key": key} | {f"new_{name}": rows[key][name] for name in _LEASED} for key in again],
                )
                reserved |= set(again)
        amounts = [amount for call, amount in wanted if call.key in reserved]
        return reserved, [*orphaned, Booking(tx.tenant, lease.simulation_id, reserved=total_of(amounts))]

    async def reservations(self, tx: Transaction, keys: Sequence[str]) -> list[Booking]:
        """What is reserved for these calls, to be released."""
        return [
            Booking(
                tx.tenant, row.simulation_id, reserved=Amount(row.reserved_cost_usd, row.reserved_tokens, 1).negative()
            )
            for row in await tx.execute(_RESERVATIONS, {"of_tenant": tx.tenant, "keys": keys})
            if row.state == CallState.RESERVED
        ]

    async def unended(self, tx: Transaction, keys: Sequence[str]) -> set[str]:
        """Those of these calls of which it is not written how they ended."""
        mine = (calls.c.tenant == tx.tenant) & among(calls.c.call_key, keys)
        is_open = calls.c.state.in_((CallState.RESERVED, CallState.ORPHANED))
        return set((await tx.execute(select(calls.c.call_key).where(mine, is_open))).scalars())

    async def finish(self, tx: Transaction, outcomes: Sequence[tuple[Outcome, float | None]], now: datetime) -> None:
        """Write how calls ended, each with its cost in USD (null: its model has no price). Nothing stays reserved."""
        ended = {"of_tenant": tx.tenant, "now": now}
        await tx.execute(_FINISH, [ended | _ending(outcome, cost) for outcome, cost in outcomes])

    async def renew(self, tx: Transaction, owner: str, until: datetime) -> None:
        """Say that this process is still making its calls."""
        mine = (calls.c.owner == owner) & (calls.c.state == CallState.RESERVED)
        await tx.execute(update(calls).where(mine).values(reserved_until=until))

    async def owners(self, tx: Transaction) -> list[str]:
        """Processes that hold reservations, of every tenant."""
        statement = select(calls.c.owner).where(calls.c.state == CallState.RESERVED).distinct()
        return list((await tx.execute(statement)).scalars())

    async def orphan(self, tx: Transaction, dead: Sequence[str], now: datetime) -> tuple[int, list[Booking]]:
        """Mark reservations of dead processes, and those that ran out, as orphaned: their number, and what to book.

        Those in a batch job are free to be taken over.
        """
        mine = (calls.c.state == CallState.RESERVED) & calls.c.owner.in_(dead) & _IN_A_JOB
        await tx.execute(update(calls).where(mine).values(reserved_until=now))
        bookings = await self._orphan(tx, or_(calls.c.owner.in_(dead), calls.c.reserved_until < now))
        return sum(booking.spent.calls for booking in bookings), bookings

    async def _orphan(self, tx: Transaction, which: ColumnElement[bool]) -> list[Booking]:
        """What was reserved for a lost call counts as spent: it may have been."""
        held = await _held(tx, which & ~_IN_A_JOB)
        if held:
            await tx.execute(
                update(calls)
                .where(calls.c.state == CallState.RESERVED, which, ~_IN_A_JOB)
                .values(state=CallState.ORPHANED, orphaned=calls.c.orphaned + 1, **_NOTHING_RESERVED)
            )
        return [Booking(tenant, payer, spent=amount, reserved=amount.negative()) for tenant, payer, amount in held]

    async def count_hits(self, tx: Transaction, simulation_id: str, model: str, number: int) -> None:
        """Add answers that cost this simulation nothing."""
        row = {"tenant": tx.tenant, "simulation_id": simulation_id, "asked_model": model, "calls": number}
        await add_up(tx, cache_hits, [row])

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


async def _held(tx: Transaction, which: ColumnElement[bool]) -> list[tuple[str, str, Amount]]:
    """What is reserved for these calls, by tenant and simulation."""
    statement = (
        select(
            calls.c.tenant,
            calls.c.simulation_id,
            func.sum(calls.c.reserved_cost_usd).label("cost_usd"),
            func.sum(calls.c.reserved_tokens).label("tokens"),
            func.count().label("calls"),
        )
        .where(calls.c.state == CallState.RESERVED, which)
        .group_by(calls.c.tenant, calls.c.simulation_id)
    )
    rows = await tx.execute(statement)
    return [(row.tenant, row.simulation_id, Amount(row.cost_usd, int(row.tokens), row.calls)) for row in rows]


def _batches(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), KEYS_IN_QUERY):
        yield keys[start : start + KEYS_IN_QUERY]


def _count(condition: ColumnElement[bool]) -> Function[int]:
    return func.sum(case((condition, 1), else_=0))


def _reservation(tx: Transaction, call: Call, amount: Amount, lease: Lease) -> dict[str, object]:
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
        "reserved_tokens": amount.tokens,
        "reserved_cost_usd": amount.cost_usd,
        "finish_reason": STOP,
        "is_repaired": False,
    }


def _ending(outcome: Outcome, cost_usd: float | None) -> dict[str, object]:
    ended = CallState.FINISHED if outcome.failure is None else CallState.FAILED
    values = {
        "state": CallState.ORPHANED if outcome.is_withdrawn else ended,
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
        **_NOTHING_RESERVED,
    }
    return {"ended_key": outcome.key} | {f"new_{name}": value for name, value in values.items()}
