"""Estimates and the evidence that must stand beside each of them.

There is no estimate type without an evidence field and no optional field in `Evidence`: what a number is worth cannot
be left out by forgetting it.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.protocol import Usage

Grade = Literal["A", "B", "C"]
Interval = tuple[float, float]


class SampleRatioCheck(Data):
    """Chi-square check of completed responses per arm against the planned split."""

    planned: dict[str, int]
    completed: dict[str, int]
    p_value: float | None = Field(description="Null when there is only one arm or nothing was completed.")
    is_flagged: bool = Field(description="True when p < 0.001: the arms lost people unequally.")


class Evidence(Data):
    """What an estimate is worth about real people."""

    grade: Grade = Field(description="A rectified with human answers, B calibrated on past comparisons, C neither.")
    effective_n: float = Field(description="How many real people the estimate is worth, at most.")
    effective_n_basis: str = Field(description="Where effective_n comes from.")
    caveat: str = Field(description="What may and may not be concluded at this grade.")
    clusters: int = Field(description="Independent units behind the estimate (agents, or conversation groups).")
    attrition: dict[str, float] = Field(description="Share of assigned agents without a finished response, per arm.")
    sample_ratio: SampleRatioCheck
    correction: str
    looks: int = Field(description="Times the data were analysed, this one included.")


class AboutPeople(Data):
    """What may be said of real people, at grade A or B. The interval holds the simulator's own error too."""

    value: float
    interval: Interval
    confidence_level: float
    method: str


class Estimate(Data):
    """A metric in one arm."""

    metric: str
    option: str | None = Field(description="The option of a choice or ranking this estimate is about.")
    arm: str
    measure: Literal["proportion", "mean", "mean_rank"]
    n: int = Field(description="Agents with a value; the independent units among them are evidence.clusters.")
    value: float | None = Field(description="Null when nobody answered. The mean over units, agents in them averaged.")
    standard_deviation: float | None
    interval: Interval | None = Field(description="Of the simulated agents; says nothing about people by itself.")
    confidence_level: float
    method: str
    evidence: Evidence
    about_people: AboutPeople | None = Field(default=None, description="Null at grade C: nothing may be said of them.")
    scale: Interval | None = Field(default=None, description="Of a mean on a declared scale: its lowest and highest.")


class View(Data):
    """A further way to look at the same comparison; secondary, so its p-value is no finding."""

    name: str
    value: float
    interval: Interval | None
    p_value: float | None
    method: str


class NonInferiority(Data):
    """Whether a guardrail got worse by less than the margin that was set before."""

    margin: float = Field(description="The largest harm that would not matter, in the metric's own unit.")
    p_value: float = Field(description="Of being worse by the margin or more.")
    is_non_inferior: bool
    method: str


class Comparison(Data):
    """An arm against the baseline arm on one metric."""

    metric: str
    option: str | None
    role: str
    arm: str
    baseline: str
    difference: float | None
    interval: Interval | None
    confidence_level: float
    relative_lift: float | None = Field(description="difference / baseline; null when the baseline is not above zero.")
    relative_lift_interval: Interval | None
    effect_size: float | None
    effect_size_name: str
    p_value: float | None = Field(description="Simulation p-value: would these simulated arms differ again?")
    p_adjusted: float | None
    method: str
    finding: Literal["higher", "lower", "no_clear_difference", "not_estimable"]
    evidence: Evidence
    about_people: AboutPeople | None = Field(default=None, description="Null at grade C: nothing may be said of them.")
    effect_size_interval: Interval | None = None
    pairs: int | None = Field(default=None, description="Agents or groups met in both arms; null between subjects.")
    views: tuple[View, ...] | None = None
    non_inferiority: NonInferiority | None = Field(default=None, description="Of guardrails with a margin.")
    is_control: bool | None = Field(
        default=None, description="True: it cannot differ, so it is an alarm and corrected apart from the findings."
    )


class Omnibus(Data):
    """Is any arm different? Asked before which, where there are more than two."""

    metric: str
    option: str | None
    statistic: float | None
    p_value: float
    method: str
    evidence: Evidence


class Interaction(Data):
    """The effect in a segment less the effect in all others. Only this says that segments differ."""

    metric: str
    option: str | None
    arm: str
    baseline: str
    segment: str
    difference: float
    interval: Interval
    confidence_level: float
    p_value: float
    p_adjusted: float | None
    finding: Literal["higher", "lower", "no_clear_difference", "not_estimable"]
    method: str
    evidence: Evidence


class FactorEffect(Data):
    """One level of a factor against its first, over all levels of the others."""

    metric: str
    option: str | None
    factor: str
    level: str
    reference: str
    difference: float
    interval: Interval
    confidence_level: float
    p_value: float
    p_adjusted: float | None
    finding: Literal["higher", "lower", "no_clear_difference", "not_estimable"]
    method: str
    evidence: Evidence


class Shift(Data):
    """What was asked more than once in an arm: the last time against the first, each unit with itself."""

    metric: str
    option: str | None
    arm: str
    measure: str
    first_round: int
    last_round: int
    n: int = Field(description="Agents, or groups who heard each other, who answered both times.")
    first: float
    last: float
    difference: float
    interval: Interval | None
    confidence_level: float
    p_value: float | None = Field(
        description="Not corrected, and no finding: what else happened in between is in the difference too."
    )
    method: str
    evidence: Evidence


class Flag(Data):
    """A reason to doubt the whole: what cannot differ differs, or people were lost, unequally or many."""

    kind: Literal["sample_ratio", "negative_control", "a_a", "attrition"]
    metric: str | None
    arm: str | None
    message: str
    severity: Literal["note", "caution"] | None = Field(
        default=None,
        description="Of people lost in all arms: 5 % are a note, 20 % a caution. Null: nothing is to be trusted.",
    )


class Analysis(Data):
    """Everything concluded from one simulation."""

    plan_hash: str | None
    plan_frozen_at: datetime | None
    model: str
    assigned: dict[str, int]
    answered: dict[str, int]
    failed: dict[str, int]
    estimates: tuple[Estimate, ...]
    comparisons: tuple[Comparison, ...]
    sample_ratio: SampleRatioCheck
    verdict: str = Field(description="One sentence a reader may quote, with its grade.")
    usage: Usage
    omnibus: tuple[Omnibus, ...] | None = None
    interactions: tuple[Interaction, ...] | None = None
    factor_effects: tuple[FactorEffect, ...] | None = None
    flags: tuple[Flag, ...] | None = None
    changes: tuple[Shift, ...] | None = None
