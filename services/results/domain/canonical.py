"""One form for equal values: sorted keys, canonical numbers. Exports are byte-equal because everything passes here."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import BaseModel

SIGNIFICANT_DIGITS = 12  # fewer than a double holds: summation order and library versions may not change a byte


def canonical(value: object) -> object:
    """The value as plain JSON types. A float with an integral value becomes that integer; NaN and infinity null."""
    if isinstance(value, BaseModel):
        return canonical(value.model_dump())
    if isinstance(value, Mapping):
        return {str(key): canonical(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, float):
        return canonical_number(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value


def canonical_number(value: float) -> float | int | None:
    """A number with at most 12 significant digits."""
    if not math.isfinite(value):
        return None
    rounded = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded


def canonical_json(value: object) -> bytes:
    """Compact JSON of the canonical value; what `content_sha256` is the hash of."""
    return json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
