"""Simulated effects made smaller by what past studies teach: models mostly exaggerate what an intervention does.

Effects are standardised differences. Which arm is called the baseline is arbitrary, so everything goes through the
origin: turning both signs around changes nothing.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from libs.stats.arguments import require_level
from libs.stats.calibration import Prediction, Spread, fit_spread, prediction


@dataclass(frozen=True, slots=True)
class Slope:
    """Human effect per simulated effect, and how far single effects are from it."""

    slope: float
    standard_error: float
    residual: Spread


def fit_slope(simulated: Sequence[float], human: Sequence[float], studies: Sequence[Hashable]) -> Slope | None:
    """b = Σ w x y / Σ w x² with w = 1 / outcomes of the study, not below 0; None with fewer than two studies.

    Every study counts alike. Its variance is clustered by study: k/(k-1) Σ (Σ w x e)² / (Σ w x²)². Liang & Zeger,
    Biometrika 73 (1986) 13-22. A slope below 0 would say that people do the opposite of what is simulated; no such
    thing is to be learnt from few studies, so 0, "no effect", is the least.
    """
    x, y = np.asarray(simulated, dtype=np.float64), np.asarray(human, dtype=np.float64)
    if not len(x) == len(y) == len(studies):
        raise ValueError(f"studies: {len(studies)} of them, but {len(x)} simulated and {len(y)} human effects")
    members = [np.array([own == study for own in studies]) for study in dict.fromkeys(studies)]
    k = len(members)
    weights = np.zeros(len(x))
    for mine in members:
        weights[mine] = 1 / mine.sum()
    information = float((weights * x * x).sum())
    if k < 2 or information == 0:
        return None
    slope = max(0.0, float((weights * x * y).sum()) / information)
    errors = y - slope * x
    scores = math.fsum(float((weights * x * errors)[mine].sum()) ** 2 for mine in members)
    residual = fit_spread([errors[mine].tolist() for mine in members], centre=0.0)
    assert residual is not None
    return Slope(slope, math.sqrt(k / (k - 1) * scores) / information, residual)


def shrink(effect: float, learnt: Slope, confidence_level: float = 0.95, *, own_variance: float = 0.0) -> Prediction:
    """The human effect of a study to come: b x ± t √(x² Var b + S² + (1 - 1/h) s² + b² `own_variance`).

    S² and s² are of the residuals around 0, h outcomes a study, and the degrees of freedom Satterthwaite's, as in
    `calibration.predict`. `own_variance`: of the simulated effect.
    """
    require_level(confidence_level)
    spread, k = learnt.residual, learnt.residual.studies
    line = (effect * learnt.standard_error) ** 2
    within, spare = spread.within_variance * (1 - 1 / spread.outcomes_per_study), spread.outcomes - k
    total = line + spread.between_variance + within
    doubt = line**2 / (k - 1) + spread.between_variance**2 / k + (within**2 / spare if spare else 0.0)
    return prediction(learnt.slope * effect, total, doubt, learnt.slope**2 * own_variance, confidence_level)
