"""Iterative proportional fitting of a conditional table to its margin and to published joints, all at once.

Zeros stay zero, and odds ratios that no target speaks of stay those of the weights. The margin is met exactly; joints
that round or date differently than the margin are first brought into line with it, then met.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.population.domain.factors import Table

ROUNDS, TOLERANCE = 1_000, 1e-9
MARGIN_ERROR, JOINT_ERROR = 5e-4, 0.02
LEAST_PART = 0.25
"""Of its share among everybody, what a value keeps at least among people of whom a published joint does not speak."""
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Target:
    """What groups of rows and columns shall add up to: `shares[row_groups[r], column_groups[c]]`; negative is free."""

    label: str
    row_groups: Codes
    column_groups: Codes
    shares: Table

    def groups(self) -> Codes:
        """The place in `shares`, read row by row, of every cell of the table."""
        found: Codes = self.row_groups[:, np.newaxis] * self.shares.shape[1] + self.column_groups[np.newaxis, :]
        return found


def rake(weights: Table, rows: Table, margin: Table, label: str, joints: Sequence[Target] = ()) -> Table:
    """P(column | row) from weights (rows by columns), with row shares and one margin, and joints where published.

    Raises `ValueError` naming `label` when the margin stays 0.05 percentage points or more away, or a joint 2 points.
    """
    whole = Target(label, np.zeros(len(rows), np.intp), np.arange(len(margin)), margin[np.newaxis, :])
    targets = [*(_in_line(joint, rows, margin) for joint in joints), whole]
    groups = [target.groups() for target in targets]
    sums = weights.sum(axis=1, keepdims=True)
    if bool(((sums[:, 0] <= 0) & (rows > 0)).any()):
        raise ValueError(f"{label}: the rules leave some people without any value")
    table: Table = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    for _ in range(ROUNDS):
        errors = []
        for target, group in zip(targets, groups, strict=True):
            factors, error = _step(table * rows[:, np.newaxis], target, group)
            errors.append(error)
            table = table * factors[group]
            sums = table.sum(axis=1, keepdims=True)
            table = np.divide(table, sums, out=np.zeros_like(table), where=sums > 0)
        if max(errors) < TOLERANCE:
            break
    if errors[-1] > MARGIN_ERROR:
        raise ValueError(f"{label}: the rules cannot be fitted to this margin; it stays {errors[-1]:.4f} away")
    for target, error in zip(targets[:-1], errors[:-1], strict=True):
        if error > JOINT_ERROR:
            raise ValueError(f"{target.label}: it cannot be fitted beside the margins; it stays {error:.4f} away")
    return table


def _step(joint: Table, target: Target, groups: Codes) -> tuple[Table, float]:
    """What to multiply each group by, and how far it was off."""
    wanted = target.shares.reshape(-1)
    reached = np.bincount(groups.reshape(-1), weights=joint.reshape(-1), minlength=len(wanted))
    bound = wanted >= 0
    error = float(np.abs(reached - wanted)[bound].max(initial=0.0))
    return np.divide(wanted, reached, out=np.ones_like(wanted), where=bound & (reached > 0)), error


def _in_line(joint: Target, rows: Table, margin: Table) -> Target:
    """A joint whose rows add up to the rows' shares and its columns to the margin.

    `joint.shares` holds shares within each row. Rows that say nothing take what the others leave of the margin, or at
    least a part of it: then all rows give way.
    """
    group_rows = np.bincount(joint.row_groups, weights=rows, minlength=len(joint.shares))
    group_columns = np.bincount(joint.column_groups, weights=margin, minlength=joint.shares.shape[1])
    stated = joint.shares[:, :1] >= 0
    silent = np.where(stated[:, 0], 0.0, group_rows).sum()
    left = (group_columns - np.where(stated, joint.shares * group_rows[:, np.newaxis], 0.0).sum(axis=0)) / (
        silent or 1.0
    )
    table = np.where(stated, joint.shares, np.maximum(left, LEAST_PART * group_columns)) * group_rows[:, np.newaxis]
    for _ in range(ROUNDS):
        sums = table.sum(axis=0)
        table = table * np.divide(group_columns, sums, out=np.ones_like(sums), where=sums > 0)
        sums = table.sum(axis=1)
        table = table * np.divide(group_rows, sums, out=np.ones_like(sums), where=sums > 0)[:, np.newaxis]
        if np.abs(table.sum(axis=0) - group_columns).max() < TOLERANCE:
            break
    return Target(joint.label, joint.row_groups, joint.column_groups, np.where(stated, table, -1.0))
