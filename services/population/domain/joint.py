"""The joint distribution of a template: its margins and published joints, tied together by rules.

Each dimension hangs on the ones its rules or a published joint name (a Bayesian network). Rules give weights only; they
are raked, one dimension after the other, until every margin is the template's. Age in years is drawn within its band
in `cells`: runs of years that every rule treats alike, so restricting ages to any years stays exact.
"""

import math
from collections.abc import Mapping

import numpy as np

from libs.contracts.demographics import PublishedJoint, Template
from services.population.domain.associations import Associations, Rule, Ties
from services.population.domain.factors import Factor, Network, Table, TooManyError
from services.population.domain.raking import Target, rake
from services.population.domain.templates import year_weight

MOST_CELLS = 200_000
"""Combinations of values that one conditional may have; fitting more would take seconds."""


class Joint:
    """A network over the dimensions of a template and the age cell, and the values that stand on its axes."""

    def __init__(self, template: Template, files: Mapping[str, Associations]) -> None:
        self.template = template
        self.ties = Ties(template, files)
        listed = [name for name in self.ties.order if name in {"age", *template.dimensions}]
        order = (*listed, *(name for name in template.dimensions if name not in listed))
        self.cells = self._age_cells()
        self.values: dict[str, tuple[str, ...]] = {
            name: tuple(self.cells) if name == "age" else template.dimensions[name].values for name in order
        }
        self.network = Network({})
        for name in order:
            factor = self._band_split() if name == "age" else self._fitted(name)
            self.network = Network({**self.network.conditionals, name: factor})

    def marginal(self, *names: str) -> dict[tuple[str, ...], float]:
        """The joint shares of some dimensions."""
        shares = self.network.shares(*names)
        return {
            tuple(self.values[name][place] for name, place in zip(names, places, strict=True)): float(share)
            for places, share in np.ndenumerate(shares)
        }

    def keeping(self, ages: frozenset[int] | None, allowed: Mapping[str, frozenset[str]]) -> tuple[Network, float]:
        """The network of those of these years and values (all where None or absent), and their share of everybody."""
        factors = [
            Factor((name,), np.array([float(value in values) for value in self.values[name]]))
            for name, values in allowed.items()
        ]
        if ages is not None:
            factors.append(Factor(("age",), np.array([self._kept(cell, ages) for cell in self.cells])))
        return self.network.restricted(factors)

    def years(self, cell: int, ages: frozenset[int] | None) -> tuple[list[int], list[float]]:
        """The years of a cell that are allowed, and how common each is."""
        start, end = self.cells[self.values["age"][cell]]
        years = [age for age in range(start, end + 1) if ages is None or age in ages]
        return years, [year_weight(self._band_of(start), age) for age in years]

    def _kept(self, cell: str, ages: frozenset[int]) -> float:
        start, end = self.cells[cell]
        weights = {age: year_weight(self._band_of(start), age) for age in range(start, end + 1)}
        return sum(weight for age, weight in weights.items() if age in ages) / sum(weights.values())

    def _band_of(self, age: int) -> str:
        return next(band for band, (first, last) in self.template.ages.items() if first <= age <= last)

    def _age_cells(self) -> dict[str, tuple[int, int]]:
        """Cell name → first and last year: the bands, cut at every age from which something becomes possible."""
        minimums = [*self.ties.minimum_age.values()]
        minimums += [dimension.minimum_age for dimension in self.template.dimensions.values()]
        cuts = {age for ages in minimums for age in ages.values()}
        cells = {}
        for first, last in self.template.ages.values():
            starts = sorted({first, *(cut for cut in cuts if first < cut <= last)})
            for start, end in zip(starts, [*(start - 1 for start in starts[1:]), last], strict=True):
                cells[f"{start}-{end}"] = (start, end)
        return cells

    def _band_split(self) -> Factor:
        """P(cell | band): years are alike within a closed band."""
        table = np.zeros((len(self.template.ages), len(self.cells)))
        for row, (band, (first, last)) in enumerate(self.template.ages.items()):
            whole = sum(year_weight(band, age) for age in range(first, last + 1))
            for column, (start, end) in enumerate(self.cells.values()):
                if first <= start and end <= last:
                    table[row, column] = sum(year_weight(band, age) for age in range(start, end + 1)) / whole
        return Factor(("age_band", "age"), table)

    def _fitted(self, name: str) -> Factor:
        """The conditional of one dimension, raked so that its expected margin is the template's."""
        known = self.network.conditionals
        rules = [rule for rule in self.ties.rules.get(name, ()) if rule.parent in known]
        joints = [joint for joint in self.template.joints if joint.of == name]
        if late := [joint.given for joint in joints if joint.given not in known]:
            raise ValueError(f"joints: {name} is drawn before {late[0]}; state how {late[0]} is spread given {name}")
        minimum_age = {**self.ties.minimum_age.get(name, {}), **self.template.dimensions[name].minimum_age}
        givens = ["age" if joint.given == "age_band" else joint.given for joint in joints]
        parents = tuple(dict.fromkeys([*(rule.parent for rule in rules), *givens, *(["age"] if minimum_age else [])]))
        shape = [len(self.values[parent]) for parent in (*parents, name)]
        if math.prod(shape) > MOST_CELLS:
            raise TooManyError(f"{name} hangs on too many values at once: {', '.join(parents)}")
        weights = np.ones(shape)
        for rule in rules:
            weights = weights * Factor((rule.parent, name), self._rule_table(rule, name)).along((*parents, name))
        if minimum_age:
            weights = weights * Factor(("age", name), self._possible_ages(name, minimum_age)).along((*parents, name))
        self._strike(weights, (*parents, name))
        shares = self.network.shares(*parents) if parents else np.ones(())
        margin = np.array([*self.template.dimensions[name].shares.values()])
        label = f"{self.template.name}.{name}"
        targets = [self._target(joint, parents, label) for joint in joints]
        fitted = rake(weights.reshape(-1, shape[-1]), shares.reshape(-1), margin, label, targets)
        return Factor((*parents, name), fitted.reshape(shape))

    def _rule_table(self, rule: Rule, name: str) -> Table:
        return np.array(
            [
                [rule.weight(self.template, name, value, parent_value) for value in self.values[name]]
                for parent_value in self.values[rule.parent]
            ]
        )

    def _possible_ages(self, name: str, minimum_age: Mapping[str, int]) -> Table:
        return np.array(
            [
                [float(minimum_age.get(value, 0) <= start) for value in self.values[name]]
                for start, _ in self.cells.values()
            ]
        )

    def _strike(self, weights: Table, names: tuple[str, ...]) -> None:
        """Puts 0 where a person would be impossible."""
        for row in self.ties.impossible:
            known = all(name in names and value in self.values[name] for name, value in row.items())
            if names[-1] in row and known:
                at = [self.values[name].index(row[name]) if name in row else slice(None) for name in names]
                weights[tuple(at)] = 0

    def _target(self, joint: PublishedJoint, parents: tuple[str, ...], label: str) -> Target:
        """A published joint in terms of the rows over `parents` and the columns of its dimension."""
        dimension, rows = self.template.dimensions[joint.of], self.values[joint.given]
        columns = list(next(iter(joint.rows.values())))
        group_of = {value: place for place, column in enumerate(columns) for value in dimension.members(column)}
        shares = np.full((len(rows), len(columns) + 1), -1.0)
        for value, row in joint.rows.items():
            stated = [row[column] for column in columns]
            shares[rows.index(value)] = [*stated, max(0.0, 1 - math.fsum(stated))]
        column_groups = np.array([group_of.get(value, len(columns)) for value in dimension.values])
        if len(columns) not in column_groups:
            shares = shares[:, :-1]
        parent = "age" if joint.given == "age_band" else joint.given
        groups = np.arange(len(rows))
        if joint.given == "age_band":
            groups = np.array([rows.index(self._band_of(start)) for start, _ in self.cells.values()])
        shape = [len(self.values[each]) for each in parents]
        axis = [-1 if each == parent else 1 for each in parents]
        row_groups = np.broadcast_to(groups.reshape(axis), shape).reshape(-1)
        return Target(f"{label} given {joint.given}", row_groups, column_groups, shares)
