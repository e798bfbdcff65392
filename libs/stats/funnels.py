"""Journeys of several steps: how many go on from each, and where two arms part.

The share of all people who reach a step is a randomised comparison. The share that goes on from one step to the next is
not: whoever is still there has been selected by the arm. It says where people are lost, not why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from libs.stats.arguments import require_as_many, require_count
from libs.stats.contrast import Contrast, Estimated
from libs.stats.paired import PairedCounts, compare_paired_proportions
from libs.stats.proportions import WILSON, compare_proportions, wilson_interval


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """People who reached a step, of all and of those who had reached the one before; None when nobody had."""

    entered: int
    reached: int
    of_all: Estimated | None
    of_entered: Estimated | None


@dataclass(frozen=True, slots=True)
class StepContrast:
    """Two arms at a step: `of_all` is randomised, `of_entered` describes."""

    of_all: Contrast
    of_entered: Contrast


def funnel(reached: Sequence[int], confidence_level: float = 0.95) -> tuple[FunnelStep, ...]:
    """Shares with Wilson intervals; the first number is everybody, the others those who reached each step.

    The conditional shares multiply to the share of all. Wilson, JASA 22 (1927) 209-212.
    """
    _require_narrowing("reached", reached)
    return tuple(
        FunnelStep(before, here, _share(here, reached[0], confidence_level), _share(here, before, confidence_level))
        for before, here in pairwise(reached)
    )


def compare_funnels(
    reached: Sequence[int], baseline: Sequence[int], confidence_level: float = 0.95
) -> tuple[StepContrast, ...]:
    """Two arms of different people, step by step, as proportions; correct the p-values as one family."""
    require_as_many("baseline", baseline, "reached", reached)
    _require_narrowing("reached", reached)
    _require_narrowing("baseline", baseline)
    return tuple(
        StepContrast(
            compare_proportions(here, reached[0], here0, baseline[0], confidence_level),
            compare_proportions(here, before, here0, before0, confidence_level),
        )
        for (before, here), (before0, here0) in zip(pairwise(reached), pairwise(baseline), strict=True)
    )


def compare_paired_funnels(
    depths: Sequence[int], baseline: Sequence[int], steps: int, confidence_level: float = 0.95
) -> tuple[StepContrast, ...]:
    """The same people in both arms, by how many steps each took; `of_entered` is among those who came so far in both.

    McNemar's test of each step: see `compare_paired_proportions`.
    """
    require_as_many("baseline", baseline, "depths", depths)
    for name, given in (("depths", depths), ("baseline", baseline)):
        for depth in given:
            require_count(name, depth)
    pairs = list(zip(depths, baseline, strict=True))
    return tuple(
        StepContrast(
            _step(pairs, step, confidence_level),
            _step([pair for pair in pairs if min(pair) >= step - 1], step, confidence_level),
        )
        for step in range(1, steps + 1)
    )


def _step(pairs: Sequence[tuple[int, int]], step: int, confidence_level: float) -> Contrast:
    arm, base = [depth >= step for depth, _ in pairs], [depth >= step for _, depth in pairs]
    return compare_paired_proportions(PairedCounts.of(arm, base), confidence_level)


def _share(part: int, whole: int, confidence_level: float) -> Estimated | None:
    return Estimated(part / whole, wilson_interval(part, whole, confidence_level), WILSON) if whole else None


def _require_narrowing(name: str, reached: Sequence[int]) -> None:
    for count in reached:
        require_count(name, count)
    if any(here > before for before, here in pairwise(reached)):
        raise ValueError(f"{name}: a later step has more people than an earlier one")
