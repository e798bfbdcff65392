"""Figures that are not known exactly, such as what a study will take."""

from typing import Self

from pydantic import model_validator

from libs.contracts.base import Data


class Range(Data):
    """A figure that is not known exactly: from `low` to `high`, and what is most likely."""

    low: float
    likely: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> "Range":
        """A figure that is known."""
        return cls(low=value, likely=value, high=value)

    def times(self, other: "Range") -> "Range":
        """The product; none of the figures is negative."""
        return Range(low=self.low * other.low, likely=self.likely * other.likely, high=self.high * other.high)

    def plus(self, other: "Range") -> "Range":
        """The sum, as if both erred in the same direction."""
        return Range(low=self.low + other.low, likely=self.likely + other.likely, high=self.high + other.high)

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if not 0 <= self.low <= self.likely <= self.high:
            raise ValueError("low: 0 <= low <= likely <= high")
        return self
