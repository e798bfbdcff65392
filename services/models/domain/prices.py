"""What tokens cost. The table is data with dates; a model that is not in it costs 0 and is reported as not priced.

An operator's own table goes before the one that is shipped: a model that it names has its prices and no others.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from libs.contracts.base import Body, Name
from services.models.domain.calls import Spent

PER_TOKENS = 1_000_000
_SNAPSHOT = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")
Usd = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]


class Price(Body):
    """Prices of a model from a date on, in USD per million tokens."""

    model: Name
    valid_from: date
    prompt_usd: Usd
    cached_prompt_usd: Usd
    completion_usd: Usd
    source: Name = Field(description="Where the price stands.")


class BatchFactor(Body):
    """What part of its price a call costs in a batch job, from a date on."""

    valid_from: date
    factor: float = Field(gt=0, le=1)
    source: Name


class PriceTable(Body):
    """All known prices."""

    as_of: date
    prices: Sequence[Price]
    batch_factors: Sequence[BatchFactor] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        late = [price.model for price in self.prices if price.valid_from > self.as_of]
        if late:
            raise ValueError(f"prices: {late[0]!r} has a price from a day after as_of")
        for (model, valid_from), times in Counter((price.model, price.valid_from) for price in self.prices).items():
            if times > 1:
                raise ValueError(f"prices: {model!r} has two prices from {valid_from}")
        return self

    def price(self, model: str, on: date) -> Price | None:
        """The price in force; a dated snapshot (`name-2026-01-31`) has the price of its model, a path its last part."""
        name = model.rsplit("/", 1)[-1]
        for candidate in (model, name, _SNAPSHOT.sub("", name)):
            valid = [price for price in self.prices if price.model == candidate and price.valid_from <= on]
            if valid:
                return max(valid, key=lambda price: price.valid_from)
        return None

    def batch_factor(self, on: date) -> float:
        """The factor in force."""
        valid = [factor for factor in self.batch_factors if factor.valid_from <= on]
        return max(valid, key=lambda factor: factor.valid_from).factor if valid else 1.0

    def cost_usd(self, model: str, requests: Iterable[Spent], on: date) -> float | None:
        """What these requests to a model cost; None when it has no price."""
        price = self.price(model, on)
        if price is None:
            return None
        return sum(cost_usd(price, spent, self.batch_factor(on)) for spent in requests)

    def over(self, other: "PriceTable") -> "PriceTable":
        """This table, and of the other one what this one does not name."""
        named = {price.model for price in self.prices}
        rest = [price for price in other.prices if price.model not in named]
        return PriceTable(
            as_of=max(self.as_of, other.as_of),
            prices=[*self.prices, *rest],
            batch_factors=self.batch_factors or other.batch_factors,
        )


def cost_usd(price: Price | None, spent: Spent, batch_factor: float) -> float:
    """The cost of one request; 0 when there is no price."""
    if price is None:
        return 0.0
    cached = min(spent.cached_prompt_tokens, spent.prompt_tokens)
    total = (
        (spent.prompt_tokens - cached) * price.prompt_usd
        + cached * price.cached_prompt_usd
        + spent.completion_tokens * price.completion_usd
    )
    return total * (batch_factor if spent.is_batched else 1.0) / PER_TOKENS
