"""Embeddings: how a vector is kept (base64 of 32-bit floats, as OpenAI sends it), and reading what servers send."""

import base64
import binascii
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_DIMENSIONS = 16_384
FLOAT_BYTES = 4


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vectors of a request, in the order of its texts."""

    vectors: Sequence[Sequence[float]]
    model: str | None
    prompt_tokens: int | None


def pack(vector: Sequence[float]) -> str:
    """A vector as text."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def unpack(text: str) -> list[float]:
    """A vector from its text. Raises `ValueError`."""
    try:
        data = base64.b64decode(text, validate=True)
        return list(struct.unpack(f"<{len(data) // FLOAT_BYTES}f", data))
    except (binascii.Error, struct.error) as error:
        raise ValueError("not a vector") from error


def read_vectors(document: object, count: int) -> Vectors | str:
    """The vectors of an answer to so many texts, or what is wrong with it."""
    if not isinstance(document, Mapping) or not isinstance(data := document.get("data"), list):
        return "the reply holds no embeddings"
    found: dict[int, list[float]] = {}
    for place, item in enumerate(data[: count + 1]):
        index = item.get("index", place) if isinstance(item, Mapping) else place
        vector = _vector(item.get("embedding")) if isinstance(item, Mapping) else None
        if vector is None or not isinstance(index, int):
            return f"embedding {place} is not a list of numbers"
        found[index] = vector
    if sorted(found) != list(range(count)) or len({len(vector) for vector in found.values()}) != 1:
        return f"the reply holds {len(data)} embeddings for {count} texts, or of different lengths"
    usage = document.get("usage")
    tokens = usage.get("prompt_tokens") if isinstance(usage, Mapping) else None
    model = document.get("model")
    return Vectors(
        vectors=[found[place] for place in range(count)],
        model=model if isinstance(model, str) else None,
        prompt_tokens=tokens if isinstance(tokens, int) and tokens >= 0 else None,
    )


def _vector(value: object) -> list[float] | None:
    if isinstance(value, str):
        try:
            value = unpack(value)
        except ValueError:
            return None
    if not isinstance(value, list) or not 0 < len(value) <= MAX_DIMENSIONS:
        return None
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in value):
        return None
    return value if all(math.isfinite(number) and abs(number) < 3e38 for number in value) else None
