"""Accounts: what each simulation, and each tenant as a whole, may spend, has spent, and has reserved.

The account of the tenant has the empty simulation id; whatever is booked for a simulation is booked there too.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import case, select

from libs.db import Transaction, insert_into
from services.models.domain.budgets import TENANT, Amount, Balance, Booking, Cap, merged
from services.models.tables import accounts

_SUMS = tuple(f"{kind}_{name}" for kind in ("spent", "reserved") for name in Amount._fields)
_CAPS = tuple(f"cap_{name}" for name in Cap._fields)


class Accounts:
    """Queries of the accounts."""

    async def find(self, tx: Transaction, simulation_id: str, *, lock: bool = False) -> list[Balance]:
        """The balances that a call of this simulation must fit into; none where nothing was booked or capped yet."""
        statement = (
            select(accounts)
            .where(accounts.c.tenant == tx.tenant, accounts.c.simulation_id.in_({TENANT, simulation_id}))
            .order_by(accounts.c.simulation_id)
        )
        found = await tx.execute(statement.with_for_update() if lock else statement)
        return [
            Balance(
                simulation_id=row["simulation_id"],
                cap=Cap(*(row[name] for name in _CAPS)),
                spent=Amount(*(row[name] for name in _SUMS[:3])),
                reserved=Amount(*(row[name] for name in _SUMS[3:])),
            )
            for row in found.mappings()
        ]

    async def lock(self, tx: Transaction, simulation_ids: Iterable[str]) -> None:
        """Lock these accounts and the tenant's until the transaction ends."""
        names = {TENANT, *simulation_ids}
        among = (accounts.c.tenant == tx.tenant) & accounts.c.simulation_id.in_(names)
        await tx.execute(
            select(accounts.c.simulation_id).where(among).order_by(accounts.c.simulation_id).with_for_update()
        )

    async def book(self, tx: Transaction, bookings: Sequence[Booking]) -> None:
        """Add to what is spent and reserved."""
        rows = [
            {"tenant": tenant, "simulation_id": simulation_id, "is_decided": False}
            | dict(zip(_SUMS, (*spent, *reserved), strict=True))
            for tenant, simulation_id, spent, reserved in merged(bookings)
        ]
        if not rows:
            return
        statement = insert_into(tx, accounts)
        sums = {name: accounts.c[name] + statement.excluded[name] for name in _SUMS}
        # What many additions and subtractions leave of a sum of nothing is not an amount.
        sums["reserved_cost_usd"] = case((sums["reserved_calls"] == 0, 0.0), else_=sums["reserved_cost_usd"])
        key = [column.name for column in accounts.primary_key]
        await tx.execute(statement.on_conflict_do_update(index_elements=key, set_=sums), rows)

    async def set_cap(self, tx: Transaction, simulation_id: str, cap: Cap, *, is_first: bool = False) -> None:
        """Set the cap of an account; only if nobody has, if asked."""
        caps = dict(zip(_CAPS, cap, strict=True))
        row = {"tenant": tx.tenant, "simulation_id": simulation_id, "is_decided": True}
        statement = insert_into(tx, accounts).values(**row, **caps, **dict.fromkeys(_SUMS, 0))
        key = [column.name for column in accounts.primary_key]
        where = ~accounts.c.is_decided if is_first else None
        await tx.execute(
            statement.on_conflict_do_update(index_elements=key, set_=caps | {"is_decided": True}, where=where)
        )
