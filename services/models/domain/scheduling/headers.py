"""What an endpoint says about its limits in the headers of an answer; what cannot be read says nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Literal

MINUTE_S = 60.0
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of something is allowed, how much of it is left, and in how many seconds all of it will be."""

    limit: float
    remaining: float
    resets_in_s: float

    @property
    def per_minute(self) -> float:
        """The limit is that of a minute, unless it takes longer to be there again."""
        return self.limit * MINUTE_S / max(MINUTE_S, self.resets_in_s)


def read_allowance(headers: Mapping[str, str], what: Literal["requests", "tokens"]) -> Allowance | None:
    """`x-ratelimit-{limit,remaining,reset}-…`, as OpenAI and those that follow it send them."""
    limit = _number(headers.get(f"x-ratelimit-limit-{what}"))
    remaining = _number(headers.get(f"x-ratelimit-remaining-{what}"))
    if not limit or remaining is None:
        return None
    return Allowance(limit, remaining, _duration(headers.get(f"x-ratelimit-reset-{what}")) or 0.0)


def retry_after_s(headers: Mapping[str, str], clock: float) -> float | None:
    """Seconds that `Retry-After` asks to wait, given as seconds or as a date; `clock` is the time since the epoch."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1_000.0
    asked = headers.get("retry-after")
    if not asked:
        return None
    seconds = _number(asked)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - clock)
    except (TypeError, ValueError, OverflowError):
        return None


def _duration(text: str | None) -> float | None:
    """`6m0s`, `20ms`, or seconds."""
    if text and _DURATION.fullmatch(text):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return _number(text)


def _number(text: str | None) -> float | None:
    """A number that is not negative."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return max(0.0, number) if isfinite(number) else None
