"""The answer to a comparison, as it is served and kept."""

from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.evidence import Interval
from libs.contracts.instruments import MetricType
from services.validation.domain.comparison.reading import Unrecognised

Verdict = Literal["pass", "fail", "inconclusive"]
Conclusion = Literal["equivalent", "different", "undecided"]


class SampleSummary(Data):
    """One of the two samples."""

    n: int = Field(description="Independent units: people, agents, or groups of agents who heard each other.")
    missing: int
    unrecognised: Unrecognised = Field(description="Values that are not of the declared type; they count nowhere.")
    mean: float | None = Field(description="Of a binary metric the share; null for choice, ranking and text.")
    standard_deviation: float | None
    shares: dict[str, float] | None = Field(description="By option or step of the scale; of a ranking, who is first.")
    answers: int | None = Field(default=None, description="Answers, where units gave several; null: one each.")
    agents: int | None = Field(default=None, description="Agents who gave them; null where nobody said who did.")

    @property
    def unit(self) -> str:
        """What n counts."""
        if self.agents is None:
            return "answers"
        return "agents" if self.agents == self.n else "groups of agents who heard each other"


class DistanceView(Data):
    """A distance with its interval, and what two human samples of these sizes would show."""

    value: float
    corrected: float = Field(description="Less what sampling alone adds to it.")
    interval: Interval


class NoiseCeiling(Data):
    """A second human sample of the size of the simulated one, held against the first: no simulation can be nearer."""

    metric: str = Field(description="The distance that decides.")
    mean: float
    upper: float = Field(description="Exceeded by one such human sample in twenty.")
    p_value: float = Field(description="Share of such human samples that are at least as far away.")


class Floor(Data):
    """Somebody who only guesses, held against the people: a simulation has to be nearer."""

    uniform: float | None = Field(description="Distance of a uniform guess; null for texts.")
    is_beaten: bool | None = Field(description="Whether the simulation is nearer than the guess.")


class EquivalenceView(Data):
    """Whether the samples are alike up to the margin: shown, refuted, or neither."""

    conclusion: Conclusion
    method: str
    difference: float | None = Field(description="Simulated less human; of choice, ranking and text the distance.")
    interval: Interval | None = Field(description="The 90 % interval (95 % of a distance) that has to be inside.")
    p_value: float | None = Field(description="Of equivalence: a low one shows that they are alike.")
    margin: float


class VarianceRatio(Data):
    """Sample variance (n - 1) of the simulated answers by that of the human ones.

    Of a choice it is the chance that two differ, of texts the variance of shares of words among as many words of each.
    """

    value: float | None = Field(description="Null where all people answered the same, or texts are too short.")
    interval: Interval | None = Field(description="95 %.")
    lowest: float
    highest: float
    conclusion: Conclusion = Field(
        description="Equivalent: the 90 % interval lies between lowest and highest (two one-sided tests at 5 %). "
        "Different: the 95 % interval lies outside."
    )
    method: str | None = None
    note: str | None = Field(default=None, description="What of the answers is compared, or why nothing is.")


class SegmentComparison(Data):
    """The comparison of one segment; the worst one is named in the reasons."""

    segment: str
    human_n: int
    simulated_n: int
    score: float | None
    distance: float | None
    noise_upper: float | None
    p_adjusted: float | None = Field(description="That people would be as far away; Holm over segments.")
    variance_ratio: float | None
    verdict: Verdict


class ComparisonResult(Data):
    """Whether simulated answers are those that people give, and why."""

    verdict: Verdict
    reasons: list[str]
    score: float = Field(description="1 - the distance that decides: 1 for the same distribution, 0 for the furthest.")
    metric: str
    type: MetricType
    human: SampleSummary
    simulated: SampleSummary
    distances: dict[str, DistanceView]
    noise_ceiling: NoiseCeiling | None
    floors: Floor | None
    equivalence: EquivalenceView
    variance_ratio: VarianceRatio
    segments: list[SegmentComparison]
    caveat: str
