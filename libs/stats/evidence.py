"""What a simulated estimate is worth about real people: grade, effective n, and the text that goes with each.

A sampling error shrinks with more agents, the model's own error does not. Every text a reader sees stands here, once.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from libs.stats.arguments import require_count
from libs.stats.calibration import FEWEST_STUDIES, Spread, worth_of_calibrated

Grade = Literal["A", "B", "C"]

# Median absolute bias of simulated means, in human standard deviations, over 163 outcomes of 19 studies (full persona
# with reasoning; 0.23 to 0.36 in the other variants). How it was worked out: docs/statistics.md.
UNCALIBRATED_BIAS = 0.26

OFFLINE_BASIS = (
    "the offline model is not a language model: its answers follow stated utilities and say nothing about real people"
)
OFFLINE_CAVEAT = (
    "made with the offline model: shows the direction its stated utilities imply, nothing about real people; "
    "use it to rehearse the study, not to decide"
)
UNCALIBRATED_BASIS = (
    f"n / (1 + n b²) with b = {UNCALIBRATED_BIAS} SD, the median absolute bias of simulated means over 163 outcomes of "
    "the public Twin-2K-500 mega-study: never worth more than about 15 people, however many agents answer"
)
UNCALIBRATED_CAVEAT = (
    "uncalibrated: read the direction, not the size; the interval and the p-value speak of the simulated agents only, "
    "and more agents will not make this truer"
)


CALIBRATED_CAVEAT = (
    "calibrated on past comparisons: about people, within an interval that is mostly the simulator's own error; more "
    "agents will hardly narrow it, answers of people will"
)
BORROWED_CAVEAT = (
    "calibrated on past comparisons of another simulator: about people, if this one errs as that one did; compare it "
    "with people of your own to know"
)
RECTIFIED_CAVEAT = (
    "rectified with answers of people: about the people whom they were drawn from, within the interval, whatever the "
    "simulator's errors"
)


@dataclass(frozen=True, slots=True)
class Worth:
    """The fields of an evidence block that depend on the grade alone."""

    grade: Grade
    effective_n: float
    effective_n_basis: str
    caveat: str


class AsPrecise(Protocol):
    """An estimate from people and agents together, wherever it was made."""

    @property
    def n(self) -> int: ...
    @property
    def simulated_n(self) -> int: ...
    @property
    def effective_n(self) -> float: ...


def grade_c(n: int, *, is_offline: bool) -> Worth:
    """Grade C, not calibrated: effective n = n / (1 + n b²), the n at which σ²/n equals σ²/n + (bσ)²; 0 when offline.

    `n` is the number of independent agents (or groups) behind the estimate; of a comparison, those of its smaller arm.
    b from the data of TianyiPeng/Twin-2K-500-Mega-Study (Apache-2.0), arXiv:2509.19088. Since b is a median, outcomes
    beyond it are worth less: the figure is an upper bound, not an estimate.
    """
    require_count("n", n)
    if is_offline:
        return Worth("C", 0.0, OFFLINE_BASIS, OFFLINE_CAVEAT)
    return Worth("C", n / (1 + n * UNCALIBRATED_BIAS**2), UNCALIBRATED_BASIS, UNCALIBRATED_CAVEAT)


def grade_b(bias: Spread, n: int, *, simulator: str, is_borrowed: bool = False) -> Worth | None:
    """Grade B, calibrated on the bias of past comparisons: effective n = 1 / (V + 1/n), V the variance of the bias of
    an outcome to come in human variances. None with fewer than `FEWEST_STUDIES` studies: then it is grade C.

    `simulator` is what was compared; `is_borrowed`: it is not the one that made this estimate.
    """
    require_count("n", n)
    if bias.studies < FEWEST_STUDIES:
        return None
    most = worth_of_calibrated(bias, 10**12)
    basis = (
        f"1 / (V + 1/n), V the variance of the bias that {simulator} shows over {bias.outcomes} outcomes of "
        f"{bias.studies} studies with people: never worth more than about {most:.1f} people"
    )
    return Worth("B", worth_of_calibrated(bias, n), basis, BORROWED_CAVEAT if is_borrowed else CALIBRATED_CAVEAT)


def grade_a(found: AsPrecise) -> Worth:
    """Grade A, rectified with answers of people: effective n is how many people alone would be as precise."""
    basis = (
        f"{found.n} people who answered and {found.simulated_n} agents (PPI++): as precise as {found.effective_n:.0f} "
        "people alone"
    )
    return Worth("A", found.effective_n, basis, RECTIFIED_CAVEAT)
