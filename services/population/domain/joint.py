"""The joint distribution of a template: its margins, tied together by the rules of data/associations.json.

Each dimension hangs on the ones its rules name (a Bayesian network). The rules give weights only; they are raked, one
dimension after the other, until the expected share of every value is the template's. Age in years is drawn within
its band in `cells`: runs of years that every rule treats alike, so restricting ages to any years stays exact.
"""

import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import Field

from libs.contracts.base import Body
from services.population.domain.factors import Factor, Row, eliminate
from services.population.domain.templates import Template, year_weight

FILE = Path(__file__).parent.parent / "data" / "associations.json"
Weights = dict[str, float]
ROUNDS, TOLERANCE = 500, 1e-7
MARGIN_ERROR = 5e-4


class Rule(Body):
    """How one parent shifts the weights of a dimension's values: by age steps, by a table, or by rank times rank."""

    parent: str
    steps: dict[int, Weights] = Field(default={})
    table: dict[str, Weights] = Field(default={})
    scores: Weights | None = None
    child_scores: Weights | None = None
    slope: float = 0.0

    def weight(self, template: Template, child: str, value: str, parent_value: str) -> float:
        """The factor for this value of the child dimension given the parent's value; 1 where the rule is silent."""
        if self.steps:
            first = int(parent_value.split("-")[0])
            start = max((step for step in self.steps if step <= first), default=None)
            return self.steps[start].get(value, 1.0) if start is not None else 1.0
        if self.table:
            return self.table.get(parent_value, {}).get(value, 1.0)
        scores = self.scores if self.scores is not None else template.dimensions[self.parent].scores()
        child_scores = self.child_scores if self.child_scores is not None else template.dimensions[child].scores()
        return math.exp(self.slope * scores.get(parent_value, 0.0) * child_scores.get(value, 0.0))


class Associations(Body):
    """The file of rules."""

    note: str
    order: tuple[str, ...]
    minimum_age: dict[str, dict[str, int]]
    rules: dict[str, tuple[Rule, ...]]
    impossible: tuple[dict[str, str], ...] = Field(description="Rows of values that no person has.")


class Joint:
    """Dimensions in drawing order, their values, and one conditional factor each."""

    def __init__(self, template: Template, associations: Associations) -> None:
        self.template = template
        self._associations = associations
        known = {"age", *template.dimensions}
        listed = [name for name in associations.order if name in known]
        self.order: tuple[str, ...] = (*listed, *(name for name in template.dimensions if name not in listed))
        self.cells = self._age_cells()
        self.values: dict[str, tuple[str, ...]] = {
            name: tuple(self.cells) if name == "age" else template.dimensions[name].values for name in self.order
        }
        self.conditionals: dict[str, Factor] = {}
        for name in self.order:
            self.conditionals[name] = self._band_split() if name == "age" else self._fitted(name)

    def marginal(self, *names: str) -> dict[Row, float]:
        """The joint shares of some dimensions."""
        needed = self._ancestors(names)
        inner = [name for name in self.order if name in needed and name not in names]
        outer = [name for name in self.order if name in names]
        factors = [self.conditionals[name] for name in self.order if name in needed]
        buckets = eliminate([*outer, *inner], factors, self.values)[: len(outer)]
        shares: dict[Row, float] = {(): 1.0}
        for bucket in buckets:
            places = [outer.index(name) for name in bucket.context]
            grown: dict[Row, float] = {}
            for row, share in shares.items():
                weights = bucket.weights[tuple(row[place] for place in places)]
                total = sum(weights)
                for value, weight in zip(self.values[bucket.variable], weights, strict=True):
                    grown[*row, value] = share * weight / total if total else 0.0
            shares = grown
        places = [outer.index(name) for name in names]
        return {tuple(row[place] for place in places): share for row, share in shares.items()}

    def _ancestors(self, names: Sequence[str]) -> set[str]:
        found = set(names)
        for name in reversed(self.order):
            if name in found:
                found.update(self.conditionals[name].scope)
        return found

    def _age_cells(self) -> dict[str, tuple[int, int]]:
        """Cell name → first and last year: the bands, cut at every age from which something becomes possible."""
        minimums = [*self._associations.minimum_age.values()]
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
        table: dict[Row, float] = {}
        for band, (first, last) in self.template.ages.items():
            whole = sum(year_weight(band, age) for age in range(first, last + 1))
            for cell, (start, end) in self.cells.items():
                if first <= start and end <= last:
                    table[band, cell] = sum(year_weight(band, age) for age in range(start, end + 1)) / whole
        return Factor(("age_band", "age"), table)

    def _fitted(self, name: str) -> Factor:
        """The conditional of one dimension, raked so that its expected margin is the template's."""
        rules = [rule for rule in self._associations.rules.get(name, ()) if rule.parent in self.conditionals]
        minimum_age = {**self._associations.minimum_age.get(name, {}), **self.template.dimensions[name].minimum_age}
        parents = tuple(dict.fromkeys([*(rule.parent for rule in rules), *(["age"] if minimum_age else [])]))
        shares: dict[Row, float] = self.marginal(*parents) if parents else {(): 1.0}
        tables = {
            rule.parent: {
                parent_value: [rule.weight(self.template, name, value, parent_value) for value in self.values[name]]
                for parent_value in self.values[rule.parent]
            }
            for rule in rules
        }
        weights: dict[Row, list[float]] = {}
        for row in shares:
            given = dict(zip(parents, row, strict=True))
            first = int(given["age"].split("-")[0]) if minimum_age else 0
            weights[row] = [
                math.prod(tables[rule.parent][given[rule.parent]][place] for rule in rules)
                if minimum_age.get(value, 0) <= first and not self._is_impossible(given, name, value)
                else 0.0
                for place, value in enumerate(self.values[name])
            ]
        margin = list(self.template.dimensions[name].shares.values())
        fitted = rake(weights, shares, margin, f"{self.template.name}.{name}")
        table = {(*row, value): p for row in fitted for value, p in zip(self.values[name], fitted[row], strict=True)}
        return Factor((*parents, name), table)

    def _is_impossible(self, given: Mapping[str, str], name: str, value: str) -> bool:
        person = {**given, name: value}
        return any(
            name in row and all(person.get(other) == taken for other, taken in row.items())
            for row in self._associations.impossible
        )


def rake(
    weights: Mapping[Row, Sequence[float]], shares: Mapping[Row, float], margin: Sequence[float], label: str
) -> dict[Row, list[float]]:
    """Iterative proportional fitting of a conditional table to row shares and one margin.

    Keeps every zero. Raises `ValueError` naming `label` when the margin stays 0.05 percentage points or more away.
    """
    factors = list(margin)
    error = math.inf
    for _ in range(ROUNDS):
        reached = [0.0] * len(factors)
        for row, share in shares.items():
            if not share:
                continue
            scaled = [weight * factor for weight, factor in zip(weights[row], factors, strict=True)]
            scale = share / (sum(scaled) or math.inf)
            for place, value in enumerate(scaled):
                reached[place] += value * scale
        error = max(abs(got - wanted) for got, wanted in zip(reached, margin, strict=True))
        if error < TOLERANCE:
            break
        factors = [f * wanted / got if got else 0.0 for f, got, wanted in zip(factors, reached, margin, strict=True)]
    if error > MARGIN_ERROR:
        raise ValueError(f"{label}: the rules cannot be fitted to this margin; it stays {error:.4f} away")
    fitted = {}
    for row in shares:
        scaled = [weight * factor for weight, factor in zip(weights[row], factors, strict=True)]
        total = sum(scaled)
        fitted[row] = [value / total if total else 0.0 for value in scaled]
    return fitted


@lru_cache(maxsize=1)
def load_associations(file: Path = FILE) -> Associations:
    """The rules that come with the service."""
    return Associations.model_validate(json.loads(file.read_text("utf-8")))
