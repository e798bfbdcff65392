"""Accounts: what each simulation, and each tenant as a whole and in a month, may spend, has spent, and has reserved.

The account of the tenant has the empty simulation id; whatever is booked for a simulation is booked there too, and what
it spent to the account of the month. The cap of every month has an account of its own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, RowMapping, bindparam, case, select

from libs.db import Transaction, among, insert_into, texts
from services.models.domain.budgets import EACH_MONTH, TENANT, Amount, Balance, Booking, Cap, empty, merged, month_of
from services.models.tables import accounts

_SUMS = tuple(f"{kind}_{name}" for kind in ("spent", "reserved") for name in Amount._fields)
_CAPS = tuple(f"cap_{name}" for name in Cap._fields)
_KEY = [column.name for column in accounts.primary_key]
_THESE = (
    select(accounts)
    .where(accounts.c.tenant == bindparam("of_tenant"), among(accounts.c.simulation_id, texts("ids")))
    .order_by(accounts.c.simulation_id)
)
_THESE_LOCKED = _THESE.with_for_update()


class Accounts:
    """Queries of the accounts."""

    async def find(self, tx: Transaction, simulation_id: str, now: datetime, *, lock: bool = False) -> list[Balance]:
        """The balances that a call of this simulation must fit into; none where nothing was booked or capped yet."""
        month = month_of(now)
        these = {"of_tenant": tx.tenant, "ids": [TENANT, EACH_MONTH, month, simulation_id]}
        found = {
            row["simulation_id"]: _balance(row)
            for row in (await tx.execute(_THESE_LOCKED if lock else _THESE, these)).mappings()
        }
        cap, spent = found.pop(EACH_MONTH, empty(EACH_MONTH)).cap, found.pop(month, empty(month)).spent
        reserved = found.get(TENANT, empty(TENANT)).reserved
        return [Balance(month, cap, spent, reserved), *found.values()]

    async def lock(self, tx: Transaction, simulation_ids: Iterable[str]) -> list[Balance]:
        """Lock these accounts and the tenant's until the transaction ends; those that there are."""
        these = {"of_tenant": tx.tenant, "ids": [TENANT, *simulation_ids]}
        return [_balance(row) for row in (await tx.execute(_THESE_LOCKED, these)).mappings()]

    async def book(self, tx: Transaction, bookings: Sequence[Booking], now: datetime) -> None:
        """Add to what is spent and reserved."""
        rows = [
            {"tenant": tenant, "simulation_id": simulation_id, "is_decided": False}
            | dict(zip(_SUMS, (*spent, *reserved), strict=True))
            for tenant, simulation_id, spent, reserved in merged(bookings, month_of(now))
        ]
        if not rows:
            return
        await tx.execute(_booking(tx.dialect), rows)

    async def set_cap(self, tx: Transaction, simulation_id: str, cap: Cap, *, is_first: bool = False) -> None:
        """Set the cap of an account; only if nobody has, if asked."""
        caps = dict(zip(_CAPS, cap, strict=True))
        row = {"tenant": tx.tenant, "simulation_id": simulation_id, "is_decided": True}
        statement = insert_into(tx.dialect, accounts).values(**row, **caps, **dict.fromkeys(_SUMS, 0))
        where = ~accounts.c.is_decided if is_first else None
        await tx.execute(
            statement.on_conflict_do_update(index_elements=_KEY, set_=caps | {"is_decided": True}, where=where)
        )


def _balance(row: RowMapping) -> Balance:
    return Balance(
        simulation_id=row["simulation_id"],
        cap=Cap(*(row[name] for name in _CAPS)),
        spent=Amount(*(row[name] for name in _SUMS[:3])),
        reserved=Amount(*(row[name] for name in _SUMS[3:])),
        is_decided=row["is_decided"],
    )


@cache  # made with every group of calls
def _booking(dialect: str) -> Executable:
    statement = insert_into(dialect, accounts)
    sums = {name: accounts.c[name] + statement.excluded[name] for name in _SUMS}
    # What many additions and subtractions leave of a sum of nothing is not an amount.
    sums["reserved_cost_usd"] = case((sums["reserved_calls"] == 0, 0.0), else_=sums["reserved_cost_usd"])
    return statement.on_conflict_do_update(index_elements=_KEY, set_=sums)
