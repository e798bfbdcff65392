"""What a simulation, or a tenant with all of its simulations, may spend; and which calls that allows.

An amount is reserved before a call is made and settled when it has ended. Reservations are estimates, mostly too high:
a call that fits in beside what was *spent* but not beside what is reserved waits, and only one that does not even do
that is refused.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from typing import NamedTuple


class Amount(NamedTuple):
    """Something that was spent, or may be."""

    cost_usd: float = 0.0
    tokens: int = 0
    calls: int = 0

    def plus(self, other: "Amount") -> "Amount":
        """Both together."""
        return Amount(self.cost_usd + other.cost_usd, self.tokens + other.tokens, self.calls + other.calls)

    def negative(self) -> "Amount":
        """What takes it away."""
        return Amount(-self.cost_usd, -self.tokens, -self.calls)


NOTHING = Amount()
TENANT = ""
"""The account of the tenant, with all of its simulations and all that belongs to none."""
EACH_MONTH = "@month"
"""The account that holds nothing but what the tenant may spend in each month."""


def month_of(now: datetime) -> str:
    """The account of the tenant in this month (UTC). Calls count in the month in which they end."""
    return f"@{now:%Y-%m}"


def total_of(amounts: Iterable[Amount]) -> Amount:
    """All of them together."""
    return reduce(Amount.plus, amounts, NOTHING)


class Booking(NamedTuple):
    """What is added to an account."""

    tenant: str
    simulation_id: str
    spent: Amount = NOTHING
    reserved: Amount = NOTHING


def merged(bookings: Iterable[Booking], month: str) -> list[Booking]:
    """One booking for each account, in their order, also for that of the tenant and of its month.

    What is reserved is the same in every month, so it stands on the tenant's account alone.
    """
    totals: dict[tuple[str, str], Booking] = {}
    for booking in bookings:
        for account in {TENANT, booking.simulation_id, *([month] if booking.spent != NOTHING else [])}:
            key = (booking.tenant, account)
            before = totals.get(key, Booking(*key))
            held = NOTHING if account == month else booking.reserved
            spent, reserved = before.spent.plus(booking.spent), before.reserved.plus(held)
            totals[key] = before._replace(spent=spent, reserved=reserved)
    return [totals[key] for key in sorted(totals)]


class Cap(NamedTuple):
    """The most that may be spent; None where there is no limit."""

    cost_usd: float | None = None
    tokens: int | None = None
    calls: int | None = None


class Balance(NamedTuple):
    """The budget of one account: of a simulation by its id, or of the whole tenant ("")."""

    simulation_id: str
    cap: Cap
    spent: Amount
    reserved: Amount
    is_decided: bool = False
    """False while nobody has decided on a cap."""

    @property
    def is_used_up(self) -> bool:
        """Whether no call may be begun, also none that was reserved before the cap was lowered."""
        return self.exceeded(self.spent.plus(Amount(calls=1))) is not None

    def exceeded(self, amount: Amount) -> str | None:
        """What of the cap would be exceeded by this amount; None when it fits."""
        for name, cap, wanted in zip(Cap._fields, self.cap, amount, strict=True):
            if cap is not None and wanted > cap:
                return name
        return None

    def reserving(self, amount: Amount) -> "Balance":
        """The balance with this amount reserved too."""
        return self._replace(reserved=self.reserved.plus(amount))


def empty(simulation_id: str) -> Balance:
    """The balance of an account that nothing is known of."""
    return Balance(simulation_id, Cap(), NOTHING, NOTHING)


class Decision(NamedTuple):
    """What may become of calls: those that are made now, those that wait, and why the others are refused."""

    made: list[str]
    waiting: list[str]
    refused: dict[str, str]


NO_DECISION = Decision([], [], {})
_UNITS = {"cost_usd": "{:.4f} USD", "tokens": "{:,} tokens", "calls": "{:,} call(s)"}


def decide(wanted: Sequence[tuple[str, Amount]], balances: Sequence[Balance]) -> Decision:
    """Decide about calls in their order, each with the amount to be reserved for it."""
    made, waiting, refused = [], [], {}
    now = list(balances)
    for key, amount in wanted:
        reason = next(filter(None, (_refusal(balance, amount) for balance in now)), None)
        if reason is not None:
            refused[key] = reason
        elif any(balance.exceeded(balance.spent.plus(balance.reserved).plus(amount)) for balance in now):
            waiting.append(key)
        else:
            made.append(key)
            now = [balance.reserving(amount) for balance in now]
    return Decision(made, waiting, refused)


def _refusal(balance: Balance, amount: Amount) -> str | None:
    name = balance.exceeded(balance.spent.plus(amount))
    if name is None:
        return None
    whose = f"simulation {balance.simulation_id!r}" if balance.simulation_id else "the tenant"
    if balance.simulation_id.startswith("@"):
        whose = f"the tenant in {balance.simulation_id[1:]}"
    cap, spent, next_one = (_UNITS[name].format(getattr(part, name)) for part in (balance.cap, balance.spent, amount))
    return f"the budget of {whose} is {cap}: {spent} are spent, and the next call may take {next_one}"
