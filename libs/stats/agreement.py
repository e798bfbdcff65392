"""Do several coders, human or model, put the same things into the same classes, beyond what chance would do?

1 is perfect agreement, 0 what chance gives, below 0 is worse. A high value says that a coding can be repeated, not that
it is right. Rules of thumb ask for 0.8, and 0.667 for tentative conclusions (Krippendorff).
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from libs.stats.arguments import Numbers, finite_numbers, require_count, require_level
from libs.stats.contrast import Estimated
from libs.stats.distributions import normal_critical

Scale = Literal["nominal", "ordinal", "interval", "ratio"]
COHENS_KAPPA = "Cohen's kappa, large-sample interval"
Distance = Callable[[Numbers, Numbers], Numbers]


def krippendorff_alpha(codings: Sequence[Sequence[float | None]], scale: Scale = "nominal") -> float | None:
    """α = 1 - D_o / D_e from coincidences of values within units; rows are coders, columns units, None is missing.

    δ²: nominal 1 unless equal; ordinal (Σ n_g from c to k less half of both ends)²; interval (c - k)²; ratio
    ((c - k)/(c + k))². Krippendorff, Content Analysis (2019), ch. 12. None where no unit has two values, or all values
    are the same, so that there is nothing to disagree about.
    """
    distances: dict[str, Distance] = {"nominal": _nominal, "ordinal": _ordinal, "interval": _interval, "ratio": _ratio}
    if scale not in distances:
        raise ValueError(f"scale: {scale!r} is none of {', '.join(distances)}")
    units = [[value for value in unit if value is not None] for unit in zip(*codings, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    if not units:
        return None
    values, flat = np.unique(
        finite_numbers("codings", [value for unit in units for value in unit]), return_inverse=True
    )
    if scale == "ratio" and values[0] < 0:
        raise ValueError("codings: a ratio scale has no value below 0")
    coincidences, start = np.zeros((len(values), len(values))), 0
    for unit in units:
        counts = np.bincount(flat[start : start + len(unit)], minlength=len(values)).astype(np.float64)
        coincidences += (np.outer(counts, counts) - np.diag(counts)) / (len(unit) - 1)
        start += len(unit)
    totals = coincidences.sum(axis=1)
    squares = distances[scale](values, totals)
    n = float(totals.sum())
    expected = float(totals @ squares @ totals) / (n - 1)
    return 1 - float((coincidences * squares).sum()) / expected if expected > 0 else None


def cohens_kappa(
    table: Sequence[Sequence[int]],
    weights: Literal["none", "linear", "quadratic"] = "none",
    confidence_level: float = 0.95,
) -> Estimated | None:
    """Two coders of the same things: κ = (p_o - p_e) / (1 - p_e), disagreements weighted 1, |i - j| or (i - j)².

    Rows are the classes of the first coder, columns those of the second. Cohen, Psychological Bulletin 70 (1968)
    213-220; standard error of Fleiss, Cohen and Everitt, Psychological Bulletin 72 (1969) 323-327. None without things,
    or where chance alone agrees always.
    """
    require_level(confidence_level)
    for row in table:
        if len(row) != len(table):
            raise ValueError(f"table: {len(table)} rows, but {len(row)} columns")
        for count in row:
            require_count("table", count)
    powers = {"none": 0, "linear": 1, "quadratic": 2}
    if weights not in powers:
        raise ValueError(f"weights: {weights!r} is none of {', '.join(powers)}")
    counts = np.asarray(table, dtype=np.float64)
    n = counts.sum() if counts.size else 0.0
    if n == 0:
        return None
    steps = np.abs(np.subtract.outer(np.arange(len(counts)), np.arange(len(counts)))).astype(np.float64)
    disagreement = np.where(steps > 0, steps ** powers[weights], 0.0)
    agreement = 1 - disagreement / max(1.0, disagreement.max())
    shares = counts / n
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    observed, by_chance = float((agreement * shares).sum()), float(rows @ agreement @ columns)
    if by_chance >= 1:
        return None
    kappa = (observed - by_chance) / (1 - by_chance)
    margins = (agreement @ columns)[:, None] + (rows @ agreement)[None, :]
    spread = float((shares * (agreement - margins * (1 - kappa)) ** 2).sum()) - (kappa - by_chance * (1 - kappa)) ** 2
    half = normal_critical(confidence_level) * math.sqrt(max(0.0, spread) / n) / (1 - by_chance)
    return Estimated(kappa, (max(-1.0, kappa - half), min(1.0, kappa + half)) if half else None, COHENS_KAPPA)


def fleiss_kappa(table: Sequence[Sequence[int]], *, is_free: bool = False) -> float | None:
    """κ of many coders: things × classes, how many coders chose each; p_e = Σ share², or 1/k with free margins.

    P = Σ (Σ n_ij² - m) / (N m (m-1)). Fleiss, Psychological Bulletin 76 (1971) 378-382; Randolph, Free-marginal
    multirater kappa (2005). Every thing must have the same number of coders; None with one coder, no thing, or where
    chance alone agrees always.
    """
    if not table:
        return None
    coders = sum(table[0])
    for row in table:
        if len(row) != len(table[0]) or sum(row) != coders:
            raise ValueError("table: every row must have the same classes and the same number of coders")
        for count in row:
            require_count("table", count)
    counts = np.asarray(table, dtype=np.float64)
    if coders < 2:
        return None
    observed = float(((counts**2).sum(axis=1) - coders).mean()) / (coders * (coders - 1))
    shares = counts.sum(axis=0) / counts.sum()
    by_chance = 1 / counts.shape[1] if is_free else float(shares @ shares)
    return (observed - by_chance) / (1 - by_chance) if by_chance < 1 else None


def _nominal(values: Numbers, _totals: Numbers) -> Numbers:
    return 1 - np.eye(len(values))


def _interval(values: Numbers, _totals: Numbers) -> Numbers:
    squares: Numbers = np.subtract.outer(values, values) ** 2
    return squares


def _ratio(values: Numbers, _totals: Numbers) -> Numbers:
    sums = np.add.outer(values, values)
    quotients = np.divide(np.subtract.outer(values, values), sums, out=np.zeros_like(sums), where=sums > 0)
    squares: Numbers = quotients**2
    return squares


def _ordinal(values: Numbers, totals: Numbers) -> Numbers:
    """Between the middles of two values lie the ranks of everything between them."""
    middles = np.cumsum(totals) - totals / 2
    return _interval(middles, totals)
