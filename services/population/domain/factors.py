"""Discrete factors and their elimination: the arithmetic of exact conditional draws.

A factor is a non-negative table over some variables; a missing row means 0. Eliminating the last variable first leaves,
for every variable, its weights given only variables before it, so drawing in order is exact under any restriction.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from operator import itemgetter

Row = tuple[str, ...]
Domains = Mapping[str, Sequence[str]]
FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class Factor:
    """A table over `scope`."""

    scope: Row
    table: Mapping[Row, float]


@dataclass(frozen=True, slots=True)
class Bucket:
    """Weights of the values of one variable for every row of the variables it hangs on."""

    variable: str
    context: Row
    weights: Mapping[Row, tuple[float, ...]]

    def message(self) -> Factor | None:
        """The factor left when the variable is summed out; None when it says nothing (the same for every row)."""
        sums = {row: sum(weights) for row, weights in self.weights.items()}
        if min(sums.values()) >= max(sums.values()) * (1 - FLAT) and max(sums.values()) > 0:
            return None
        return Factor(self.context, sums)


def bucket(variable: str, factors: Sequence[Factor], domains: Domains) -> Bucket:
    """The product of all factors that mention the variable, as its weights per row of the other variables."""
    context = tuple(dict.fromkeys(name for factor in factors for name in factor.scope if name != variable))
    names = (*context, variable)
    lookups = [(factor.table, _picker(names, factor.scope)) for factor in factors]
    weights: dict[Row, tuple[float, ...]] = {}
    for row in product(*(domains[name] for name in context)):
        values = []
        for value in domains[variable]:
            full = (*row, value)
            weight = 1.0
            for table, pick in lookups:
                weight *= table.get(pick(full), 0.0)
                if not weight:
                    break
            values.append(weight)
        weights[row] = tuple(values)
    return Bucket(variable, context, weights)


def eliminate(order: Sequence[str], factors: Sequence[Factor], domains: Domains) -> list[Bucket]:
    """The buckets of every variable, in `order`; each one's context holds only variables before it."""
    left = list(factors)
    buckets = []
    for variable in reversed(order):
        touching = [factor for factor in left if variable in factor.scope]
        left = [factor for factor in left if variable not in factor.scope]
        found = bucket(variable, touching, domains)
        message = found.message()
        if message is not None:
            left.append(message)
        buckets.append(found)
    return buckets[::-1]


def _picker(names: Row, scope: Row) -> Callable[[Row], Row]:
    """Picks the places of `scope` out of a row over `names`; itemgetter alone would unwrap a single place."""
    places = [names.index(name) for name in scope]
    if len(places) == 1:
        only = places[0]
        return lambda row: (row[only],)
    return itemgetter(*places)
