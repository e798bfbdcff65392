"""How far a simulator's answers are from people's, learnt from past comparisons, and what that leaves to be said.

Outcomes of one study go wrong together, so the study is the unit: a hundred outcomes of two studies teach little. All
biases are simulated less human, in standard deviations of the human answers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libs.stats.arguments import require_finite, require_level
from libs.stats.distributions import Interval, t_critical

FEWEST_STUDIES = 10
"""Studies below which a calibration is shown and does not change a grade."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What past studies show of a quantity: its centre, and how it varies between studies and within them.

    `between_variance` is that of the studies' means, which holds within_variance / `outcomes_per_study` (a harmonic
    mean) too. `is_centred`: the centre was given, not estimated.
    """

    centre: float
    between_variance: float
    within_variance: float
    studies: int
    outcomes: int
    outcomes_per_study: float
    is_centred: bool

    @property
    def between_sd(self) -> float:
        """Spread of the studies' true means."""
        return math.sqrt(max(0.0, self.between_variance - self.within_variance / self.outcomes_per_study))

    @property
    def within_sd(self) -> float:
        """Spread of the outcomes of one study."""
        return math.sqrt(self.within_variance)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Where the next outcome will be, one of a study not seen before."""

    value: float
    standard_error: float
    df: float
    interval: Interval


def fit_spread(studies: Sequence[Sequence[float]], centre: float | None = None) -> Spread | None:
    """The spread of outcomes by study, every study counting alike; None with fewer than two studies.

    Unweighted means: c = mean of study means m, S² = Σ (m - c)² / (k - 1), and s² pooled within studies. With a given
    centre the divisor is k. Burdick & Graybill, Confidence Intervals on Variance Components (1992), §5.3; Thomas &
    Hultquist, Annals of Statistics 6 (1978) 582-587.
    """
    groups = [np.asarray(study, dtype=np.float64) for study in studies if len(study)]
    if len(groups) < 2:
        return None
    for group in groups:
        if not np.isfinite(group).all():
            raise ValueError("studies: must be finite numbers")
    k, n = len(groups), sum(map(len, groups))
    means = np.array([group.mean() for group in groups])
    middle = float(means.mean()) if centre is None else centre
    squares = math.fsum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    return Spread(
        centre=middle,
        between_variance=float(((means - middle) ** 2).sum()) / (k - (centre is None)),
        within_variance=squares / (n - k) if n > k else 0.0,
        studies=k,
        outcomes=n,
        outcomes_per_study=k / math.fsum(1 / len(group) for group in groups),
        is_centred=centre is not None,
    )


def predict(spread: Spread, confidence_level: float = 0.95, *, own_variance: float = 0.0) -> Prediction:
    """The outcome of a study to come: c ± t √V with V = (1 + 1/k) S² + (1 - 1/h) s² + `own_variance`.

    h outcomes a study. Both terms have positive weights, so no estimate is cut at 0, and Satterthwaite's degrees of
    freedom apply to the sum: V² / ((1 + 1/k)² S⁴ / (k - 1) + (1 - 1/h)² s⁴ / (N - k)). Higgins, Thompson &
    Spiegelhalter, J. Royal Statistical Society A 172 (2009) 137-159, for the prediction of a new study's effect.
    `own_variance` is of what is predicted from; it widens the interval and brings no degrees of freedom.
    """
    require_level(confidence_level)
    require_finite("own_variance", own_variance)
    k = spread.studies
    between = spread.between_variance * (1 if spread.is_centred else 1 + 1 / k)
    within = spread.within_variance * (1 - 1 / spread.outcomes_per_study)
    spare = spread.outcomes - k
    doubt = between**2 / (k if spread.is_centred else k - 1) + (within**2 / spare if spare else 0.0)
    return prediction(spread.centre, between + within, doubt, own_variance, confidence_level)


def prediction(value: float, variance: float, doubt: float, own_variance: float, confidence_level: float) -> Prediction:
    """value ± t √(variance + own variance), on variance² / doubt degrees of freedom (Satterthwaite), 1e9 at most."""
    df = min(variance**2 / doubt, 1e9) if doubt > 0 else 1e9
    error = math.sqrt(variance + own_variance)
    half = t_critical(confidence_level, df) * error
    return Prediction(value, error, df, (value - half, value + half))


def human_mean(
    simulated_mean: float,
    human_sd: float,
    bias: Spread,
    *,
    variance_of_mean: float = 0.0,
    confidence_level: float = 0.95,
) -> Prediction:
    """The mean of people from that of simulated ones: m - SD × bias. `variance_of_mean`: of the simulated mean.

    The width hardly depends on how many agents answered: it is that of the simulator's own errors.
    """
    if human_sd <= 0:
        raise ValueError(f"human_sd: {human_sd} is not above 0")
    error = predict(bias, confidence_level, own_variance=variance_of_mean / human_sd**2)
    low, high = error.interval
    return Prediction(
        value=simulated_mean - human_sd * error.value,
        standard_error=human_sd * error.standard_error,
        df=error.df,
        interval=(simulated_mean - human_sd * high, simulated_mean - human_sd * low),
    )


def worth_of_calibrated(bias: Spread, n: int) -> float:
    """How many people a calibrated mean of n agents is worth: the n' with 1/n' = V + 1/n, V in human variances."""
    return 1 / (predict(bias).standard_error ** 2 + 1 / n) if n else 0.0


def human_sd_ratio(human: Sequence[Sequence[float]], simulated: Sequence[Sequence[float]]) -> float | None:
    """Human SD per simulated SD: the geometric mean over studies, each counting alike; simulated SDs of 0 left out.

    Simulated people differ less than real ones, so that their SD is no measure of the human one.
    """
    logs = [
        [math.log(h / s) for h, s in zip(people, agents, strict=True) if h > 0 and s > 0]
        for people, agents in zip(human, simulated, strict=True)
    ]
    means = [math.fsum(study) / len(study) for study in logs if study]
    return math.exp(math.fsum(means) / len(means)) if means else None
