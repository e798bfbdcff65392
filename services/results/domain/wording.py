"""Numbers as a reader meets them: rounded, signed, with their unit. Never used where a machine reads."""

import re
from collections.abc import Sequence

from libs.contracts.evidence import Interval
from libs.contracts.instruments import Answer
from libs.contracts.names import in_words

NOTHING = "–"
SMALLEST_P = 0.001
# The most decimals that a value of this size is shown with: (below this, decimals).
DECIMALS = ((10.0, 2), (1_000.0, 1))


def number(value: float | None) -> str:
    """`7.12`, `71.2`, `7,120`; a dash for nothing."""
    if value is None:
        return NOTHING
    decimals = next((places for limit, places in DECIMALS if abs(value) < limit), 0)
    return _minus(f"{value:,.{decimals}f}")


def whole(value: float | None) -> str:
    """A count or an effective n: no decimals unless it is below ten and has some."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def percent(value: float | None, decimals: int = 1) -> str:
    """A share as `62.9%`."""
    return NOTHING if value is None else _minus(f"{value * 100:.{decimals}f}%")


def estimate(measure: str, value: float | None) -> str:
    """A value of an outcome of this measure."""
    return percent(value) if measure == "proportion" else number(value)


def difference(measure: str, value: float | None, *, unit: bool = True) -> str:
    """A signed difference: percentage points for proportions, scale points otherwise."""
    if value is None:
        return NOTHING
    if measure == "proportion":
        return _minus(f"{value * 100:+.1f}") + (" pp" if unit else "")
    return _minus(f"{value:+.2f}")


def lift(value: float | None) -> str:
    """A relative difference as `+65%`."""
    return NOTHING if value is None else _minus(f"{value * 100:+,.0f}%")


def p_value(value: float | None) -> str:
    """A p-value; never rounded to zero."""
    if value is None:
        return NOTHING
    return f"<{SMALLEST_P}" if value < SMALLEST_P else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def span(texts: tuple[str, str] | None) -> str:
    """Two ends of an interval."""
    return NOTHING if texts is None else f"{texts[0]} to {texts[1]}"


def estimate_interval(measure: str, interval: Interval | None) -> str:
    """The interval of an estimate."""
    return span((estimate(measure, interval[0]), estimate(measure, interval[1])) if interval else None)


def difference_interval(measure: str, interval: Interval | None) -> str:
    """The interval of a difference, without its unit."""
    if interval is None:
        return NOTHING
    low, high = (difference(measure, end, unit=False) for end in interval)
    return span((low, high))


def lift_interval(interval: Interval | None) -> str:
    """The interval of a relative difference."""
    return span((lift(interval[0]), lift(interval[1])) if interval else None)


def level(confidence_level: float) -> str:
    """`95%`, `99.5%`."""
    return f"{confidence_level * 100:g}%"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def either(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def plural(count: int, noun: str) -> str:
    """`1 agent`, `2 agents`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def answer(value: Answer) -> str:
    """What somebody answered; an option that is a name, not what somebody wrote, in words."""
    if value is None:
        return "not reached"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " > ".join(map(answer, value))
    if isinstance(value, str):
        return in_words(value) if re.fullmatch(r"\w+", value) else value
    return f"{value:g}"


def duration(seconds: float) -> str:
    """`2 days and 6 hours`, in the two largest units of it."""
    left, parts = round(seconds), list[str]()
    for noun, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        parts += [plural(count, noun)] if count else []
    return listed(parts[:2])


def scale_of(measure: str, scale: Interval | None) -> str:
    """What the values of an outcome are on: `mean place, 1 is first`; nothing for shares."""
    return "mean place, 1 is first" if measure == "mean_rank" else on_scale(scale).strip()


def on_scale(scale: Interval | None) -> str:
    """` on a scale from 1 to 7`; nothing where there is none."""
    return f" on a scale from {scale[0]:g} to {scale[1]:g}" if scale else ""


def _minus(text: str) -> str:
    """A real minus sign, and no sign before a zero."""
    return text.lstrip("+-") if not any(digit in text for digit in "123456789") else text.replace("-", "−")
