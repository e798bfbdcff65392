"""Networks of discrete variables: the arithmetic of exact conditional draws.

A factor is a non-negative table whose axes are its variables. Eliminating the last variable first leaves, for every
variable, its weights given only variables before it, so drawing in order is exact under any restriction.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Names = tuple[str, ...]
Table: TypeAlias = NDArray[np.float64]


class TooManyError(ValueError):
    """Values hang together in more combinations than are worth computing."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A table with one axis for each variable of `scope`."""

    scope: Names
    table: Table

    def along(self, names: Sequence[str]) -> Table:
        """The table with its axes in the order of `names`, and an axis of length 1 for every other name."""
        present = [name for name in names if name in self.scope]
        axes = self.table.transpose([self.scope.index(name) for name in present])
        return axes.reshape([axes.shape[present.index(name)] if name in self.scope else 1 for name in names])


class Network:
    """Variables in drawing order, each with its conditional given variables before it; the last axis is its own."""

    def __init__(self, conditionals: Mapping[str, Factor]) -> None:
        self.conditionals = dict(conditionals)
        self.order: Names = tuple(self.conditionals)
        self._margins: dict[str, Table] = {}

    def margin(self, name: str) -> Table:
        """The shares of one variable, worked out once."""
        if name not in self._margins:
            self._margins[name] = self.shares(name)
        return self._margins[name]

    def shares(self, *names: str) -> Table:
        """The joint shares of some variables, one axis for each."""
        needed = self._with_ancestors(names)
        outer = [name for name in self.order if name in names]
        inner = [name for name in self.order if name in needed and name not in names]
        factors = [self.conditionals[name] for name in self.order if name in needed]
        found, _ = _eliminate([*outer, *inner], factors)
        joint = np.ones([1] * len(outer))
        for name in outer:
            joint = joint * _normalised(found[name]).along(outer)
        return joint.transpose([outer.index(name) for name in names])

    def restricted(self, factors: Iterable[Factor]) -> tuple["Network", float]:
        """The network of those whom the factors keep, and their share; 0 when they keep nobody."""
        found, share = _eliminate(self.order, [*self.conditionals.values(), *factors])
        return Network({name: _normalised(factor) for name, factor in found.items()}), share

    def _with_ancestors(self, names: Sequence[str]) -> set[str]:
        found = set(names)
        for name in reversed(self.order):
            if name in found:
                found.update(self.conditionals[name].scope)
        return found


def _eliminate(order: Sequence[str], factors: Sequence[Factor]) -> tuple[dict[str, Factor], float]:
    """Each variable's weights given variables before it, in `order`, and the sum over everything."""
    left, found, total = list(factors), {}, 1.0
    sizes = {name: size for each in factors for name, size in zip(each.scope, each.table.shape, strict=True)}
    for variable in reversed(order):
        touching = [factor for factor in left if variable in factor.scope]
        left = [factor for factor in left if variable not in factor.scope]
        scope = dict.fromkeys(name for factor in touching for name in factor.scope)
        names = (*(name for name in order if name in scope and name != variable), variable)
        if math.prod(sizes[name] for name in names) > MAX_CELLS:
            raise TooManyError(f"{variable} hangs on too many values at once: {', '.join(names[:-1])}")
        weights = touching[0].along(names)
        for factor in touching[1:]:
            weights = weights * factor.along(names)
        found[variable] = Factor(names, weights)
        sums = weights.sum(axis=-1)
        low, high = float(sums.min()), float(sums.max())
        if low >= high * (1 - FLAT):
            total *= high
        else:
            left.append(Factor(names[:-1], sums))
    return {name: found[name] for name in order}, total


def _normalised(factor: Factor) -> Factor:
    """The weights as shares; rows without any weight, which nobody reaches, stay 0."""
    sums = factor.table.sum(axis=-1, keepdims=True)
    return Factor(factor.scope, np.divide(factor.table, sums, out=np.zeros_like(factor.table), where=sums > 0))


MAX_CELLS = 2_000_000
FLAT = 1e-12
"""Sums that differ by less say the same for every row: the factor is a number and ties nothing together."""
