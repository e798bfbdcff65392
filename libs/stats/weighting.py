"""Weights that make a sample stand for a population, and what unequal weights cost.

Raking moves weights no further than its targets ask (the margins are met, odds ratios stay those of the start). Unequal
weights make estimates less certain: n people with weights w are worth Kish's (Σw)² / Σw² people weighted alike, which
is the truth where the weights have nothing to do with the outcome.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Weights: TypeAlias = NDArray[np.float64]
ROUNDS, TOLERANCE = 1_000, 1e-8


@dataclass(frozen=True, slots=True)
class Margin:
    """Which class everybody is in (from 0), and the share that each class shall have."""

    name: str
    classes: NDArray[np.intp]
    shares: Weights


@dataclass(frozen=True, slots=True)
class Raked:
    """Weights with mean 1. `error`: the largest difference left between a weighted share and its target."""

    weights: Weights
    rounds: int
    error: float


def rake(margins: Sequence[Margin], start: ArrayLike | None = None) -> Raked:
    """Iterative proportional fitting of the weights to all margins at once.

    Deming & Stephan, Annals of Mathematical Statistics 11 (1940) 427-444. Raises `ValueError` naming the margin that
    wants people of a class nobody is in. Margins that contradict each other leave an `error`.
    """
    if not margins:
        raise ValueError("margins: at least one is needed")
    targets = [_target(margin) for margin in margins]
    weights = _checked(np.ones(len(margins[0].classes)) if start is None else start)
    error, rounds = float("inf"), 0
    while error > TOLERANCE and rounds < ROUNDS:
        rounds += 1
        for margin, target in zip(margins, targets, strict=True):
            reached = _reached(margin, weights, target)
            weights = weights * np.divide(target, reached, out=np.zeros_like(target), where=reached > 0)[margin.classes]
        error = max(
            float(
                np.abs(
                    np.bincount(margin.classes, weights=weights, minlength=len(target)) / weights.sum() - target
                ).max()
            )
            for margin, target in zip(margins, targets, strict=True)
        )
    return Raked(weights / weights.mean(), rounds, error)


def effective_n(weights: ArrayLike) -> float:
    """People weighted alike that these are worth: (Σw)² / Σw². Kish, Survey Sampling (1965), §11.7."""
    found = _checked(weights)
    return float(found.sum() ** 2 / np.square(found).sum())


def design_effect(weights: ArrayLike) -> float:
    """By how much unequal weights multiply the variance of a mean: n / effective n, 1 when all are alike."""
    found = _checked(weights)
    return len(found) / effective_n(found)


@dataclass(frozen=True, slots=True)
class WeightedMean:
    """A weighted mean and its standard error."""

    value: float
    standard_error: float


def weighted_mean(values: ArrayLike, weights: ArrayLike) -> WeightedMean:
    """The ratio estimate Σwy / Σw, its variance by linearisation: Σw²(y-ȳ)² / (Σw)²."""
    found, numbers = _checked(weights), np.asarray(values, dtype=np.float64)
    if numbers.shape != found.shape or not np.isfinite(numbers).all():
        raise ValueError("values: one finite number is needed for each weight")
    mean = float((found * numbers).sum() / found.sum())
    return WeightedMean(mean, float(np.sqrt(np.square(found * (numbers - mean)).sum()) / found.sum()))


def _reached(margin: Margin, weights: Weights, target: Weights) -> Weights:
    found: Weights = np.bincount(margin.classes, weights=weights, minlength=len(target)) / weights.sum()
    return found


def _target(margin: Margin) -> Weights:
    shares = np.asarray(margin.shares, dtype=np.float64)
    if not np.isfinite(shares).all() or (shares < 0).any() or not shares.sum() > 0:
        raise ValueError(f"{margin.name}: shares are finite, not negative, and not all 0")
    there = np.bincount(margin.classes, minlength=len(shares))
    if len(there) > len(shares) or ((shares > 0) & (there == 0)).any():
        raise ValueError(f"{margin.name}: nobody is in a class that shall have a share")
    found: Weights = shares / shares.sum()
    return found


def _checked(weights: ArrayLike) -> Weights:
    found = np.asarray(weights, dtype=np.float64)
    if found.ndim != 1 or not np.isfinite(found).all() or (found < 0).any() or not found.sum() > 0:
        raise ValueError("weights: one finite number per person, none negative, not all 0")
    return found
