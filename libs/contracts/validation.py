"""Messages of the validation service: what results need to know to grade what they show."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from libs.contracts.base import Contract, Data, MessageData
from libs.contracts.evidence import Interval


class RectifiedEstimate(Data):
    """The mean of people, or a difference of arms, from people and agents together. Evidence grade A."""

    metric: str
    option: str | None = Field(description="The option of a choice, or of a ranking whose mean rank it is.")
    arm: str
    baseline: str | None = Field(description="Null for a mean; else the arm that the difference is from.")
    value: float
    standard_error: float
    interval: Interval = Field(description="About people.")
    confidence_level: float
    human_value: float = Field(description="What the people alone say.")
    human_interval: Interval
    n: int = Field(description="People; of a difference, in the smaller of the two arms.")
    simulated_n: int
    weight: float = Field(description="How much of the simulation was used, from 0 to 1.")
    correlation: float | None = Field(description="Of people's answers with what was simulated for them.")
    effective_n: float = Field(description="People alone who would be as precise.")
    narrower: float = Field(description="Share of the interval's width that the simulation took off.")
    people_for_half: int | None = Field(description="Further people who would halve the interval; null of differences.")
    agents_help: bool | None = Field(description="False: more agents will not make this truer.")
    method: str


class SimulationRectified(MessageData):
    """People answered the questions of a simulation: its estimates are rectified, as far as they go.

    It replaces earlier ones: `revision` grows with every upload of one simulation; the highest counts.
    """

    contract: ClassVar = Contract(
        "evt", "validation", "simulation-rectified", "simulation_id", ("gateway", "results", "webhooks")
    )
    simulation_id: str
    revision: int
    people: int
    source: str
    estimates: tuple[RectifiedEstimate, ...]
    caveats: tuple[str, ...]
    rectified_at: datetime


class CalibrationParameters(Data):
    """The spread of a quantity over past studies, as libs.stats.Spread has it."""

    centre: float
    between_variance: float
    within_variance: float
    studies: int
    outcomes: int
    outcomes_per_study: float
    is_centred: bool


class EffectParameters(Data):
    """The slope of human on simulated effects, as libs.stats.Slope has it."""

    slope: float
    standard_error: float
    residual: CalibrationParameters


class CalibrationChanged(MessageData):
    """The ledger learnt about a simulator. Evidence grade B rests on this, once there are enough studies.

    Until a simulator has such an event, the calibration that is shipped with the platform counts for it.
    """

    contract: ClassVar = Contract("evt", "validation", "calibration-changed", "calibration_id", ("gateway", "results"))
    calibration_id: str = Field(description="Made from the simulator's name, which may hold what a subject may not.")
    simulator: str = Field(description="The model of the simulations it is about.")
    bias: CalibrationParameters = Field(description="Simulated less human mean, in human standard deviations.")
    effects: EffectParameters | None
    human_sd_ratio: float | None
    is_enough: bool = Field(description="Whether it rests on enough studies for grade B.")
    changed_at: datetime
