"""What is known of a simulator, as it is shown."""

from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.evidence import Interval

Source = Literal["own", "shipped", "borrowed"]


class SpreadView(Data):
    """How a quantity varies between studies and within them."""

    centre: float
    between_sd: float
    within_sd: float
    studies: int
    outcomes: int


class EffectsView(Data):
    """How simulated effects shrink: human effect = slope × simulated effect, and what is left."""

    slope: float
    slope_standard_error: float
    residual: SpreadView
    is_enough: bool = Field(description="Whether it is learnt from enough studies for a grade.")


class LeftOutView(Data):
    """Each study predicted from the others."""

    held: float = Field(description="Share of human means inside of the 95 % interval.")
    half_width: float = Field(description="Mean half-width, in human standard deviations.")
    naive: float = Field(description="Share of human means inside of the usual interval of the simulated mean.")


class CalibrationView(Data):
    """A simulator against people, in human standard deviations."""

    simulator: str
    source: Source
    variant: str | None = Field(description="The shipped variant this is taken from; null for own comparisons.")
    bias: SpreadView = Field(description="Simulated less human mean.")
    interval: Interval = Field(description="Where the bias of the next outcome is expected, 95 %.")
    worth_people: float = Field(description="People a calibrated mean is worth at most, however many agents answer.")
    effects: EffectsView | None
    human_sd_ratio: float | None = Field(description="Human SD by simulated SD: simulated people differ less.")
    left_out: LeftOutView | None
    is_enough: bool = Field(description="Whether it rests on enough studies for grade B.")
