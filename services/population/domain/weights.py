"""How many people of the population each drawn person stands for, where segments over-sample.

First the inverse of how likely somebody with these attributes was drawn: over all groups that could have drawn them,
n / (N x the group's share of the population). Where the rest can be anybody, the weights are then raked to the margins;
where segments are all there is, some people have no chance, and the weights stand for the segments' people only.

libs.stats is imported when it is first needed: scipy would add half a second to the start of the platform.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.population.domain.factors import Table
from services.population.domain.joint import Joint
from services.population.domain.restrictions import Restrictions
from services.population.domain.sampling import Stratum

Weights: TypeAlias = NDArray[np.float64]
EVEN = 1e-9
RAKED = 1e-4
"""How far raked margins may stay away; beyond it they contradict each other in the people drawn."""
LEAST_LEFT = 0.5
"""The part of the effective n that raking must leave: margins are not worth more than half of the people."""


@dataclass(frozen=True, slots=True)
class Weighting:
    """Weights with mean 1, and what they cost. `raked` are the dimensions whose margins they meet by raking.

    `covers` says whether everybody eligible had a chance to be drawn.
    """

    weights: Weights
    covers: bool
    raked: tuple[str, ...] = ()

    @property
    def effective_n(self) -> float:
        """Kish's effective number of people."""
        from libs.stats.weighting import effective_n

        return effective_n(self.weights)

    @property
    def design_effect(self) -> float:
        """By how much the weights multiply the variance of a mean."""
        from libs.stats.weighting import design_effect

        return design_effect(self.weights)


def weigh(
    joint: Joint, groups: Sequence[tuple[Stratum, Restrictions]], share: float, targets: Mapping[str, Table]
) -> Weighting:
    """Weights of everybody drawn, in order; `share` of the template's people are eligible, `targets` their margins."""
    weights = _inverse_chances(joint, groups, share)
    covers = any(stratum.share >= share * (1 - EVEN) for stratum, _ in groups)
    if not covers or float(np.ptp(weights)) < EVEN:
        return Weighting(weights, covers)
    from libs.stats.weighting import Margin, effective_n, rake

    margins = []
    for name, target in targets.items():
        codes = np.concatenate([stratum.codes[name] for stratum, _ in groups]).astype(np.intp)
        if not ((target > 0) & (np.bincount(codes, minlength=len(target)) == 0)).any():
            margins.append(Margin(name, codes, target))
    if not margins:
        return Weighting(weights, covers)
    raked = rake(margins, weights)
    if raked.error > RAKED or effective_n(raked.weights) < LEAST_LEFT * effective_n(weights):
        return Weighting(weights, covers)
    return Weighting(raked.weights, covers, tuple(margin.name for margin in margins))


def _inverse_chances(joint: Joint, groups: Sequence[tuple[Stratum, Restrictions]], share: float) -> Weights:
    size = sum(stratum.size for stratum, _ in groups)
    chances = np.zeros(size)
    for other, restrictions in groups:
        could_be = np.concatenate([_could_be(joint, stratum, restrictions) for stratum, _ in groups])
        chances += other.size / size * share / other.share * could_be
    weights = 1 / chances
    found: Weights = weights / weights.mean()
    return found


def _could_be(joint: Joint, stratum: Stratum, restrictions: Restrictions) -> Weights:
    """1 for people of a stratum whom these restrictions would let in as well, 0 for the others."""
    found = np.ones(stratum.size)
    if restrictions.ages is not None:
        found *= np.isin(stratum.years, sorted(restrictions.ages))
    for name, allowed in restrictions.allowed.items():
        found *= np.array([float(value in allowed) for value in joint.values[name]])[stratum.codes[name]]
    return found
