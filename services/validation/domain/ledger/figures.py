"""Figures that somebody imports: what each may be, and which contradict each other.

A fault is refused by its row and column. Published figures are rounded, so two of them contradict each other only
beyond half a unit of their last decimals.
"""

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from libs.contracts.errors import InvalidError
from libs.contracts.specs import MAX_SCALE

MOST_PEOPLE = 1e9
MOST_EFFECT = 100.0
MOST_BIAS = 1_000.0
"""Human standard deviations that two means can be apart: further apart, the deviation or a mean is a slip."""


class Range(NamedTuple):
    """What a figure may be, ends included."""

    low: float
    high: float
    is_whole: bool = False

    @property
    def said(self) -> str:
        """In words."""
        return f"a {'whole ' if self.is_whole else ''}number from {self.low:,.10g} to {self.high:,.10g}"


class Figure(NamedTuple):
    """A number as it was printed, and by how much rounding may have moved it: half a unit of its last decimal."""

    value: float
    rounding: float


_MEAN, _SD = Range(-MAX_SCALE, MAX_SCALE), Range(0, MAX_SCALE)
_SIZE, _COUNT = Range(1, MOST_PEOPLE, is_whole=True), Range(0, MOST_PEOPLE, is_whole=True)
_EFFECT = Range(-MOST_EFFECT, MOST_EFFECT)
RANGES = {
    **{"human_mean": _MEAN, "human_sd": _SD, "simulated_mean": _MEAN, "simulated_sd": _SD},
    **{"human_n": _SIZE, "simulated_n": _SIZE, "human_effect_d": _EFFECT, "simulated_effect_d": _EFFECT},
    **{"scale_low": _MEAN, "scale_high": _MEAN, "human_count": _COUNT, "simulated_count": _COUNT},
}
Figures = Mapping[str, Figure]


def figures_in(cells: Mapping[str, str], row: int) -> dict[str, float]:
    """The figures of a line by column; a cell that is empty has none. Raises `InvalidError`."""
    found = {name: _figure(text.strip(), name, row) for name, text in cells.items() if text.strip()}
    scale = _scale(found, row)
    for of in ("human", "simulated"):
        _check_count(found, of, row)
        _check_spread(found, of, scale, row)
    _check_bias(found, row)
    return {name: figure.value for name, figure in found.items()}


def _figure(text: str, name: str, row: int) -> Figure:
    allowed = RANGES[name]
    try:
        number = Decimal(text)
        value = float(number)
    except (InvalidOperation, ValueError):
        number, value = Decimal("NaN"), math.nan
    if not (allowed.low <= value <= allowed.high and (value.is_integer() or not allowed.is_whole)):
        raise InvalidError("csv", f"row {row}: {name} is {text[:40]!r}, not {allowed.said}", (allowed.said,))
    exponent = number.as_tuple().exponent
    half = 0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0
    return Figure(value, half + 1e-9 * max(1.0, abs(value)))


def _scale(found: Figures, row: int) -> tuple[float, float] | None:
    """The ends of the scale; those of a share where somebody was counted."""
    low, high = found.get("scale_low"), found.get("scale_high")
    if (low is None) != (high is None):
        raise _contradiction(row, "scale_low and scale_high belong together")
    if low is not None and high is not None:
        if low.value >= high.value:
            raise _contradiction(row, f"scale_low is {low.value:g}, not below scale_high, which is {high.value:g}")
        return low.value, high.value
    return (0.0, 1.0) if "human_count" in found or "simulated_count" in found else None


def _check_count(found: Figures, of: str, row: int) -> None:
    """Of a share: how many of n they are."""
    count, n, mean = found.get(f"{of}_count"), found.get(f"{of}_n"), found[f"{of}_mean"]
    if count is None:
        return
    if n is None or count.value > n.value:
        known = "is not given" if n is None else f"is {n.value:g}"
        raise _contradiction(row, f"{of}_count is {count.value:g} and {of}_n {known}: it is of {of}_n people")
    share = count.value / n.value
    if abs(share - mean.value) > mean.rounding:
        raise _contradiction(
            row,
            f"{of}_mean is {mean.value:g}, but {of}_count of {of}_n ({count.value:g} of {n.value:g}) is {share:.4g}",
        )


def _check_spread(found: Figures, of: str, scale: tuple[float, float] | None, row: int) -> None:
    """A mean lies on its scale, and nothing on it varies more than s² = (high - m)(m - low) n/(n - 1).

    Bhatia and Davis, American Mathematical Monthly 107 (2000) 353-357, for the variance divided by n.
    """
    mean, sd, n = found[f"{of}_mean"], found[f"{of}_sd"], found.get(f"{of}_n")
    if n is not None and n.value == 1 and sd.value > 0:
        raise _contradiction(row, f"{of}_sd is {sd.value:g}, but {of}_n is 1: one answer does not vary")
    if scale is None:
        return
    low, high = scale
    if not low - mean.rounding <= mean.value <= high + mean.rounding:
        raise _contradiction(row, f"{of}_mean is {mean.value:g}, outside of the scale from {low:g} to {high:g}")
    middle = (low + high) / 2
    nearest = min(max(middle, mean.value - mean.rounding), mean.value + mean.rounding)
    size = 2.0 if n is None else max(2.0, n.value)
    most = math.sqrt(max(0.0, (high - nearest) * (nearest - low)) * size / (size - 1))
    if sd.value > most + sd.rounding:
        raise _contradiction(
            row,
            f"{of}_sd is {sd.value:g}: on a scale from {low:g} to {high:g} it is {most:.4g} at most with {of}_mean "
            f"{mean.value:g}",
        )


def _check_bias(found: Figures, row: int) -> None:
    apart, sd = abs(found["simulated_mean"].value - found["human_mean"].value), found["human_sd"].value
    if sd and apart > MOST_BIAS * sd:
        raise _contradiction(
            row, f"the means are {apart:g} apart and human_sd is {sd:g}: at most {MOST_BIAS:,.0f} of it"
        )


def _contradiction(row: int, told: str) -> InvalidError:
    return InvalidError("csv", f"row {row}: {told}")
