"""What tokens cost. The table is data with dates; a model that is not in it costs 0 and is reported as not priced."""

import re
from collections.abc import Sequence
from datetime import date

from libs.contracts.base import Data

PER_TOKENS = 1_000_000
_SNAPSHOT = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")


class Price(Data):
    """Prices of a model from a date on, in USD per million tokens."""

    model: str
    valid_from: date
    prompt_usd: float
    cached_prompt_usd: float
    completion_usd: float
    source: str


class PriceTable(Data):
    """All known prices."""

    as_of: date
    prices: Sequence[Price]

    def price(self, model: str, on: date) -> Price | None:
        """The price in force; a dated snapshot (`name-2026-01-31`) has the price of its model, a path its last part."""
        name = model.rsplit("/", 1)[-1]
        for candidate in (model, name, _SNAPSHOT.sub("", name)):
            valid = [price for price in self.prices if price.model == candidate and price.valid_from <= on]
            if valid:
                return max(valid, key=lambda price: price.valid_from)
        return None


def cost_usd(price: Price | None, prompt_tokens: int, cached_prompt_tokens: int, completion_tokens: int) -> float:
    """The cost of one call; 0 when there is no price."""
    if price is None:
        return 0.0
    cached = min(cached_prompt_tokens, prompt_tokens)
    total = (
        (prompt_tokens - cached) * price.prompt_usd
        + cached * price.cached_prompt_usd
        + completion_tokens * price.completion_usd
    )
    return total / PER_TOKENS
