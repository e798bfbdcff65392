"""Seeded numbers for draws: quotas, permutations and spread-out uniforms, the same on every machine."""

import hashlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Uniforms: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]
MASK64 = (1 << 64) - 1
ROUNDS = 4
GOLDEN = (5**0.5 - 1) / 2


def largest_remainder(shares: Sequence[float], size: int) -> list[int]:
    """Whole quotas that add up to `size`, each within one of its exact share; ties go to the first."""
    total = sum(shares)
    exact = [share / total * size for share in shares]
    quotas = [int(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: (round(quotas[place] - exact[place], 9), place))
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


def uniforms(size: int, key: int) -> Uniforms:
    """Independent uniforms in [0, 1), from the raw stream of a generator that NumPy keeps as it is."""
    bits = np.asarray(np.random.PCG64(key).random_raw(size), np.uint64)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def spread_out(order: Places, key: int) -> Uniforms:
    """Uniforms that fill [0, 1) evenly along `order`, however short the stretch: steps of the golden section."""
    start = key_of("start", key) * 2.0**-64
    found = np.empty(len(order))
    found[order] = (start + np.arange(len(order)) * GOLDEN) % 1.0
    return found
