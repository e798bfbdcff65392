"""What the ledger teaches about a simulator: its calibration, where it is from, and whether it is enough for a grade.

A simulator's own comparisons count when they are of enough studies; until then the shipped calibration of the variant
of its name stands in, and for a simulator of another name the variant that is said to be borrowed.
"""

import math
from collections.abc import Sequence

from libs.contracts.evidence import Interval
from libs.stats import (
    FEWEST_STUDIES,
    Prediction,
    Slope,
    Spread,
    fit_slope,
    fit_spread,
    human_mean,
    human_sd_ratio,
    predict,
)
from libs.stats.shipped import Calibration, LeftOut, shipped
from services.validation.domain.ledger.entries import Entry, by_study
from services.validation.domain.ledger.model import CalibrationView, EffectsView, LeftOutView, Source, SpreadView


def fit(simulator: str, entries: Sequence[Entry]) -> Calibration | None:
    """The calibration of a simulator from its own entries; None with fewer than two studies."""
    studies = by_study([entry for entry in entries if entry.bias is not None])
    bias = fit_spread([[entry.bias or 0.0 for entry in of] for of in studies.values()])
    if bias is None:
        return None
    effects = [e for e in entries if e.human_effect is not None and e.simulated_effect is not None]
    return Calibration(
        simulator=simulator,
        bias=bias,
        effects=fit_slope(
            [entry.simulated_effect or 0.0 for entry in effects],
            [entry.human_effect or 0.0 for entry in effects],
            [entry.study for entry in effects],
        ),
        sd_ratio=human_sd_ratio(
            [[entry.human_sd or 0.0 for entry in of] for of in studies.values()],
            [[entry.simulated_sd or 0.0 for entry in of] for of in studies.values()],
        ),
    )


def choose(simulator: str, entries: Sequence[Entry]) -> tuple[Calibration, Source]:
    """The calibration that counts for a simulator."""
    own, given = fit(simulator, entries), shipped()
    if own is not None and own.bias.studies >= FEWEST_STUDIES:
        return own, "own"
    if simulator in given.variants:
        return given.variants[simulator], "shipped"
    return given.variants[given.borrowed], "borrowed"


def view(simulator: str, entries: Sequence[Entry]) -> CalibrationView:
    """What counts for a simulator, as it is shown."""
    calibration, source = choose(simulator, entries)
    left = leave_out(entries) if source == "own" else shipped().left_out[calibration.simulator]
    return view_of(calibration, simulator, source, left)


def shipped_views() -> list[CalibrationView]:
    """The shipped calibrations, by name."""
    given = shipped()
    return [view_of(one, name, "shipped", given.left_out[name]) for name, one in sorted(given.variants.items())]


def view_of(calibration: Calibration, simulator: str, source: Source, left: LeftOut | None) -> CalibrationView:
    """A calibration as it is shown."""
    expected = predict(calibration.bias)
    return CalibrationView(
        simulator=simulator,
        source=source,
        variant=None if source == "own" else calibration.simulator,
        bias=_spread(calibration.bias),
        interval=expected.interval,
        worth_people=1 / expected.standard_error**2 if expected.standard_error else math.inf,
        effects=_effects(calibration.effects),
        human_sd_ratio=calibration.sd_ratio,
        left_out=left and LeftOutView(held=left.held, half_width=left.half_width, naive=left.naive),
        is_enough=calibration.bias.studies >= FEWEST_STUDIES,
    )


def leave_out(entries: Sequence[Entry]) -> LeftOut | None:
    """Every outcome predicted from the other studies; None with fewer than three studies."""
    studies = by_study([entry for entry in entries if entry.bias is not None])
    if len(studies) < 3:
        return None
    held, widths, naive = [], [], []
    for study, of in studies.items():
        learnt = fit_spread([[e.bias or 0.0 for e in other] for name, other in studies.items() if name != study])
        assert learnt is not None
        for entry in of:
            sd, simulated, human = entry.human_sd or 1.0, entry.simulated_mean or 0.0, entry.human_mean or 0.0
            found = human_mean(simulated, sd, learnt)
            held.append(found.interval[0] <= human <= found.interval[1])
            widths.append((found.interval[1] - found.interval[0]) / 2 / sd)
            if entry.simulated_n:
                half = 1.96 * (entry.simulated_sd or 0.0) / math.sqrt(entry.simulated_n)
                naive.append(abs(simulated - human) <= half)
    return LeftOut(
        held=sum(held) / len(held),
        half_width=sum(widths) / len(widths),
        naive=sum(naive) / len(naive) if naive else 0.0,
    )


def calibrated(
    calibration: Calibration, mean: float, sd: float, n: int, scale: Interval | None, human_sd: float | None = None
) -> Prediction | None:
    """The mean of people that a simulated one lets expect, within the scale; None where no SD can be told.

    The human SD is the given one, else the simulated one times the ratio of past studies, half of the range at most.
    """
    guessed = human_sd or (sd * calibration.sd_ratio if calibration.sd_ratio else None)
    if not guessed:
        return None
    spread = min(guessed, (scale[1] - scale[0]) / 2) if scale else guessed
    found = human_mean(mean, spread, calibration.bias, variance_of_mean=sd * sd / n if n else 0.0)
    if scale is None:
        return found
    low, high = (min(max(end, scale[0]), scale[1]) for end in found.interval)
    return Prediction(min(max(found.value, scale[0]), scale[1]), found.standard_error, found.df, (low, high))


def _effects(effects: Slope | None) -> EffectsView | None:
    if effects is None:
        return None
    return EffectsView(
        slope=effects.slope,
        slope_standard_error=effects.standard_error,
        residual=_spread(effects.residual),
        is_enough=effects.residual.studies >= FEWEST_STUDIES,
    )


def _spread(spread: Spread) -> SpreadView:
    return SpreadView(
        centre=spread.centre,
        between_sd=spread.between_sd,
        within_sd=spread.within_sd,
        studies=spread.studies,
        outcomes=spread.outcomes,
    )
