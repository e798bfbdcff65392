"""Seeded draws of joint profiles: every margin by whole quotas, everything else as the network has it.

A stratum's people are drawn together, one dimension after the other: along people who are alike so far, uniforms fill
[0, 1) evenly, so that even a dozen people cover a distribution; then the few that rounding leaves over move to values
that still lack people. A person depends on seed, stratum and place alone, whatever block people are asked for in.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.population.domain.draws import Places, Uniforms, key_of, largest_remainder, spread_out, uniforms
from services.population.domain.factors import Factor, Table
from services.population.domain.joint import Joint

Ages = frozenset[int]
Allowed = Mapping[str, frozenset[str]]
DIGITS = 12
"""Shares are compared rounded, so that the last bits of a sum, which differ between processors, decide nothing."""


class Stratum:
    """People drawn alike: one segment, or the rest. Drawn as a whole at first use; a person is then a look-up."""

    def __init__(self, joint: Joint, size: int, key: tuple[object, ...], ages: Ages | None, allowed: Allowed) -> None:
        """`ages`: the years of age that are allowed, all when None; `allowed`: values by dimension, all when absent.

        Raises `ValueError` when nobody satisfies the restrictions.
        """
        self._joint, self.size, self._key, self._ages = joint, size, key, ages
        self.network, self.share = joint.keeping(ages, allowed)
        if not self.share > 0:
            raise ValueError("nobody satisfies these restrictions")

    def prepare(self) -> None:
        """Draw everybody now."""
        _ = self.years

    def draw(self, place: int) -> tuple[int, dict[str, str]]:
        """Age and attributes of the person at this place (from 0) of the stratum."""
        values = self._joint.values
        profile = {name: values[name][codes[place]] for name, codes in self.codes.items() if name != "age"}
        return int(self.years[place]), profile

    def expected(self, name: str) -> Table:
        """The share of every value of a dimension that these people stand for."""
        return self.network.margin(name)

    @cached_property
    def codes(self) -> Mapping[str, NDArray[np.uint8]]:
        """Everybody's value of every dimension, as its place among the values."""
        drawn: dict[str, NDArray[np.uint8]] = {}
        for name, factor in self.network.conditionals.items():
            drawn[name] = self._drawn(name, factor, drawn)
        return drawn

    @cached_property
    def years(self) -> NDArray[np.uint8]:
        """Everybody's age in years."""
        cells = self.codes["age"]
        found = np.zeros(self.size, np.uint8)
        spread = spread_out(self._order("years", [cells]), key_of(*self._key, "years"))
        for cell in np.unique(cells):
            years, weights = self._joint.years(int(cell), self._ages)
            table = np.tile(np.array(weights) / sum(weights), (int((cells == cell).sum()), 1))
            found[cells == cell] = np.array(years)[_chosen(table, spread[cells == cell])]
        return found

    def _drawn(self, name: str, factor: Factor, drawn: Mapping[str, NDArray[np.uint8]]) -> NDArray[np.uint8]:
        context = [drawn[parent] for parent in factor.scope[:-1]]
        table = factor.table[tuple(context)] if context else np.tile(factor.table, (self.size, 1))
        spread = spread_out(self._order(name, context), key_of(*self._key, name))
        quotas = largest_remainder(self.expected(name).tolist(), self.size)
        luck = uniforms(self.size, key_of(*self._key, name, "moved"))
        return _levelled(_chosen(table, spread), table, quotas, luck).astype(np.uint8)

    def _order(self, name: str, context: list[NDArray[np.uint8]]) -> Places:
        """People in an order in which those alike so far stand together, and by lot among themselves."""
        lots = uniforms(self.size, key_of(*self._key, name, "order"))
        keys: list[NDArray[Any]] = [lots, *reversed(context)]
        return np.lexsort(keys)


def _chosen(table: Table, spread: Uniforms) -> Places:
    """The value of each row on which its uniform falls; never one without weight."""
    below = np.round(np.cumsum(table, axis=1), DIGITS)
    chosen: Places = np.minimum((below <= spread[:, np.newaxis]).sum(axis=1), table.shape[1] - 1)
    empty = table[np.arange(len(table)), chosen] <= 0
    chosen[empty] = table[empty].argmax(axis=1)
    return chosen


def _levelled(codes: Places, table: Table, quotas: list[int], luck: Uniforms) -> Places:
    """Moves as few people as meet the quotas, by lot, those first whom the other value suits best."""
    surplus = np.bincount(codes, minlength=len(quotas)) - np.array(quotas)
    for source in np.flatnonzero(surplus > 0):
        for sink in np.flatnonzero(surplus < 0):
            count = min(int(surplus[source]), -int(surplus[sink]))
            odds = table[:, sink] / np.where(table[:, source] > 0, table[:, source], 1.0)
            able = np.flatnonzero((codes == source) & (table[:, sink] > 0))
            if not count or not len(able):
                continue
            chances = np.round(np.log(odds[able]) - np.log(-np.log(np.clip(luck[able], 1e-300, 1 - 1e-16))), DIGITS)
            movers = able[np.argsort(-chances, kind="stable")[:count]]
            codes[movers] = sink
            surplus[source] -= len(movers)
            surplus[sink] += len(movers)
    return codes
