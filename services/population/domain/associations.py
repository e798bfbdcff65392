"""How dimensions go together: rules that ship as files in data/associations, each file with its source.

A rule gives weights only; the drawn margins are the template's whatever it says. A template names one file of its own;
where that has rules for a dimension they stand in for those of `assumed`, which hold for every template.
"""

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from libs.contracts.base import Body
from libs.contracts.demographics import Template

FOLDER = Path(__file__).parent.parent / "data" / "associations"
COMMON = "assumed"
Weights = dict[str, float]


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


class Measured(Body):
    """How strongly two dimensions go together in the rows that the rules are derived from."""

    pair: tuple[str, str]
    cramers_v: float


class Associations(Body):
    """One file of rules, and what they rest on."""

    status: Literal["derived", "assumed"]
    source: str
    year: int | None = None
    licence: str
    note: str
    order: tuple[str, ...] = Field(default=(), description="Drawing order; a parent stands before its children.")
    minimum_age: dict[str, dict[str, int]] = Field(default={})
    rules: dict[str, tuple[Rule, ...]]
    impossible: tuple[dict[str, str], ...] = Field(default=(), description="Rows of values that no person has.")
    margins: dict[str, dict[str, float]] = Field(default={}, description="Margins of the raked rows.")
    measured: tuple[Measured, ...] = ()
    merged: dict[str, dict[str, str]] = Field(default={}, description="Values that are one value in the rows.")


class Ties:
    """The rules of one template: its own file's before the common ones."""

    def __init__(self, template: Template, files: Mapping[str, Associations]) -> None:
        common = files[COMMON]
        if template.associations and template.associations not in files:
            raise ValueError(f"associations: there are none named {template.associations!r}, only {', '.join(files)}")
        own = files[template.associations] if template.associations else None
        self.order, self.minimum_age, self.impossible = common.order, common.minimum_age, common.impossible
        self.rules = {**common.rules, **(own.rules if own else {})}
        self.basis = {name: own if own and name in own.rules else common for name in self.rules}
        """The file that each dimension's rules come from."""


@lru_cache(maxsize=1)
def load_associations(folder: Path = FOLDER) -> dict[str, Associations]:
    """Every file of rules by name."""
    return {
        path.stem: Associations.model_validate(json.loads(path.read_text("utf-8"))) for path in folder.glob("*.json")
    }
