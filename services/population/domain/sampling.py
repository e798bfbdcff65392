"""Seeded draws: integer quotas, spread-out uniforms, and profiles that are exact under any restriction.

Every person's place in each quota comes from a pseudo-random permutation that is computed, not stored. So a person
depends on seed, segment and place alone, whatever block or order people are drawn in.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random

from services.population.domain.factors import Bucket, Factor, Row, eliminate
from services.population.domain.joint import Joint
from services.population.domain.templates import year_weight

Ages = frozenset[int]
Allowed = Mapping[str, frozenset[str]]
MASK64 = (1 << 64) - 1
ROUNDS = 4


def largest_remainder(shares: Sequence[float], size: int) -> list[int]:
    """Whole quotas that add up to `size`, each within one of its exact share; ties go to the first."""
    total = sum(shares)
    exact = [share / total * size for share in shares]
    quotas = [int(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: (quotas[place] - exact[place], place))
    for place in by_remainder[: size - sum(quotas)]:
        quotas[place] += 1
    return quotas


def key_of(*parts: object) -> int:
    """A 64-bit key that is the same everywhere (unlike `hash`)."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def permuted(place: int, size: int, key: int) -> int:
    """Where `place` stands in a pseudo-random permutation of range(size): a Feistel cipher that walks its cycle."""
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    value = place
    while True:
        left, right = value >> half, value & mask
        for turn in range(ROUNDS):
            mixed = ((right + 1) * 0x9E3779B97F4A7C15 ^ (key + turn * 0xBF58476D1CE4E5B9)) & MASK64
            mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
            mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK64
            left, right = right, left ^ ((mixed >> 31) & mask)
        value = (left << half) | right
        if value < size:
            return value


class Stratum:
    """People drawn alike: one segment, or the rest. Built once; `draw` costs a few look-ups a person."""

    def __init__(self, joint: Joint, size: int, key: tuple[object, ...], ages: Ages | None, allowed: Allowed) -> None:
        """`ages`: the years of age that are allowed, all when None; `allowed`: values by dimension, all when absent.

        Raises `ValueError` when nobody satisfies the restrictions.
        """
        self._joint, self._size, self._ages = joint, size, ages
        factors = [*joint.conditionals.values(), *_restrictions(joint, ages, allowed)]
        buckets = eliminate(joint.order, factors, joint.values)
        if not any(any(weights) for weights in buckets[0].weights.values()):
            raise ValueError("nobody satisfies these restrictions")
        self._choices = [_Choice(bucket, joint.values[bucket.variable], size) for bucket in buckets]
        self._keys = [key_of(*key, choice.variable) for choice in self._choices]

    def draw(self, place: int, random: Random) -> tuple[int, dict[str, str]]:
        """Age and attributes of the person at this place (from 0) of the stratum."""
        profile: dict[str, str] = {}
        for choice, key in zip(self._choices, self._keys, strict=True):
            position = permuted(place, self._size, key)
            profile[choice.variable] = choice.value(profile, position, (position + random.random()) / self._size)
        start, end = self._joint.cells[profile.pop("age")]
        years = [age for age in range(start, end + 1) if self._ages is None or age in self._ages]
        weights = [year_weight(profile["age_band"], age) for age in years]
        return random.choices(years, weights)[0], profile


class _Choice:
    """One dimension's draw: by quota where it hangs on nothing, by spread-out uniforms where it hangs on others."""

    def __init__(self, bucket: Bucket, values: Sequence[str], size: int) -> None:
        self.variable, self._context, self._values = bucket.variable, bucket.context, values
        self._cumulative: dict[Row, list[float]] = {
            row: list(accumulate(weights)) for row, weights in bucket.weights.items() if any(weights)
        }
        self._quotas = None if self._context else list(accumulate(largest_remainder(bucket.weights[()], size)))

    def value(self, profile: Mapping[str, str], position: int, uniform: float) -> str:
        if self._quotas is not None:
            return self._values[bisect_right(self._quotas, position)]
        cumulative = self._cumulative[tuple([profile[name] for name in self._context])]
        place = bisect_right(cumulative, uniform * cumulative[-1])
        while place >= len(cumulative) or cumulative[place] == (cumulative[place - 1] if place else 0.0):
            place -= 1  # rounding put the uniform on the upper edge: step back to a value that is possible
        return self._values[place]


def _restrictions(joint: Joint, ages: Ages | None, allowed: Allowed) -> list[Factor]:
    """Factors that keep what is allowed; a cell of ages keeps the share of its years that is."""
    factors = [
        Factor((name,), {(value,): 1.0 for value in joint.values[name] if value in values})
        for name, values in allowed.items()
    ]
    if ages is not None:
        bands = {cell: band for band, cell in joint.conditionals["age"].table}
        kept: dict[Row, float] = {}
        for cell, (start, end) in joint.cells.items():
            weights = {age: year_weight(bands[cell], age) for age in range(start, end + 1)}
            kept[(cell,)] = sum(weight for age, weight in weights.items() if age in ages) / sum(weights.values())
        factors.append(Factor(("age",), kept))
    return factors
