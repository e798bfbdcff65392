"""Refusal of impossible input: every check raises a ValueError that names the argument and what it may be."""

import math
from collections.abc import Sized
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Numbers: TypeAlias = NDArray[np.float64]


def require_level(confidence_level: float) -> None:
    """A confidence level lies strictly between 0 and 1."""
    require_inside("confidence_level", confidence_level)


def require_inside(name: str, value: float, low: float = 0.0, high: float = 1.0) -> None:
    """A number strictly between two others."""
    if not low < value < high:
        raise ValueError(f"{name}: {value} is not between {low:g} and {high:g}")


def require_share(name: str, value: float) -> None:
    """A share may also be 0 or 1."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name}: {value} is not between 0 and 1")


def require_count(name: str, value: int) -> None:
    """A count is a whole number, zero or more."""
    if value < 0 or not float(value).is_integer():
        raise ValueError(f"{name}: {value} is not a whole number of at least 0")


def require_successes(name: str, successes: int, n_name: str, n: int) -> None:
    """Successes are counted among n trials."""
    require_count(n_name, n)
    require_count(name, successes)
    if successes > n:
        raise ValueError(f"{name}: {successes} is more than {n_name} = {n}")


def require_finite(name: str, value: float) -> None:
    """A number that is neither infinite nor NaN."""
    if not math.isfinite(value):
        raise ValueError(f"{name}: {value} is not a finite number")


def require_above(name: str, value: float, bound: float = 0.0) -> None:
    """A finite number above another."""
    if not bound < value < math.inf:
        raise ValueError(f"{name}: {value} is not a finite number above {bound:g}")


def require_as_many(name: str, given: Sized, other_name: str, other: Sized) -> None:
    """Two sequences that belong together have one length."""
    if len(given) != len(other):
        raise ValueError(f"{name}: {len(given)} of them, but {len(other)} {other_name}")


def finite_numbers(name: str, values: ArrayLike) -> Numbers:
    """Values as an array, none of them infinite or NaN."""
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name}: must be finite numbers")
    return numbers
