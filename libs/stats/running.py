"""Means and moments of numbers that come one at a time, may be taken back, and give the same bits in any order.

A sum of floats depends on the order of its terms. Here it is a whole number of the smallest steps there are between
floats, so adding and taking away are exact: what is left depends on which numbers are in, and on nothing else.
"""

from dataclasses import dataclass

from libs.stats.means import LARGEST, Moments

_STEPS = 1074  # 2^-1074 is the smallest float above zero, and every float is a whole number of it
_UNIT = 1 << _STEPS


def exact(value: float) -> int:
    """The number in steps of 2^-1074."""
    if not abs(value) <= LARGEST:
        raise ValueError(f"value: must be a number between -{LARGEST:g} and {LARGEST:g}")
    numerator, denominator = value.as_integer_ratio()
    return numerator * (_UNIT // denominator)


@dataclass(slots=True)
class RunningMean:
    """The mean of the numbers that are in, to the last bit that of `math.fsum(numbers) / len(numbers)`."""

    n: int = 0
    total: int = 0

    def add(self, value: float) -> None:
        """Put a number in."""
        self.n, self.total = self.n + 1, self.total + exact(value)

    def remove(self, value: float) -> None:
        """Take a number out that was put in."""
        self.n, self.total = self.n - 1, self.total - exact(value)

    def merge(self, other: "RunningMean") -> None:
        """Put in all that is in another."""
        self.n, self.total = self.n + other.n, self.total + other.total

    @property
    def mean(self) -> float | None:
        """None without numbers."""
        return self.total / _UNIT / self.n if self.n else None


@dataclass(slots=True)
class RunningMoments:
    """The moments of the numbers that are in; the mean is that of `Moments.of` to the last bit."""

    n: int = 0
    total: int = 0
    squares: int = 0
    parts: int = 0
    """Numbers that are neither 0 nor 1."""

    def add(self, value: float) -> None:
        """Put a number in."""
        self._change(value, 1)

    def remove(self, value: float) -> None:
        """Take a number out that was put in."""
        self._change(value, -1)

    def _change(self, value: float, sign: int) -> None:
        steps = exact(value)
        self.n += sign
        self.total += sign * steps
        self.squares += sign * steps * steps
        self.parts += sign * (value not in (0.0, 1.0))

    @property
    def successes(self) -> int | None:
        """How many are 1; None unless all are 0 or 1."""
        return None if self.parts else self.total // _UNIT

    def moments(self) -> Moments:
        """Size, mean and variance; equal numbers have none."""
        if not self.n:
            return Moments(0, None, None)
        spread = self.n * self.squares - self.total * self.total
        if not spread:
            return Moments(self.n, self.total / (self.n * _UNIT), 0.0 if self.n > 1 else None)
        return Moments(self.n, self.total / _UNIT / self.n, spread / (self.n * (self.n - 1) * _UNIT * _UNIT))
