"""Refusal of impossible input: every check raises a ValueError that names the argument and what it may be."""

import math


def require_level(confidence_level: float) -> None:
    """A confidence level lies strictly between 0 and 1."""
    if not 0.0 < confidence_level < 1.0:
        raise ValueError(f"confidence_level: {confidence_level} is not between 0 and 1")


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
