"""Intervals of one mean that do not leave the range in which the mean can be.

A share of units that gave several answers each is no count of yes and no: its t interval leaves 0 to 1 when units are
few. A mean on a scale has a t interval that may pass the ends of the scale; as the truth is never beyond them, cutting
it there takes nothing from how often it holds the truth.
"""

import math

from libs.stats.arguments import require_inside, require_level
from libs.stats.distributions import Interval, t_critical
from libs.stats.means import T_INTERVAL, Moments, mean_interval

CLUSTERED_WILSON = "Wilson score interval on the effective sample size, with Student's t"
CUT_T_INTERVAL = "t interval, cut at the end of the scale"


def clustered_share_interval(sample: Moments, confidence_level: float = 0.95) -> Interval | None:
    """Score interval of a share from one share per unit; None when n < 2 or every unit has the same share.

    Wilson's limits with n* = p(1-p) / (s²/n), the number of independent answers that would be as precise, and t(n-1)
    in place of z: (p + t²/2n* ± t √(p(1-p)/n* + t²/4n*²)) / (1 + t²/n*). The effective sample size and its degrees of
    freedom: Korn and Graubard, Survey Methodology 24 (1998) 193-201; in Wilson's limits: Dean and Pagano, Journal of
    Survey Statistics and Methodology 3 (2015) 484-503.
    """
    require_level(confidence_level)
    if sample.mean is None or not sample.variance:
        return None
    p = sample.mean
    require_inside("mean", p)
    v, t2 = sample.variance / sample.n, t_critical(confidence_level, sample.n - 1) ** 2
    over = t2 * v / (p * (1 - p))
    centre = (p + over / 2) / (1 + over)
    half = math.sqrt(t2 * v + over * over / 4) / (1 + over)
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def mean_within(sample: Moments, scale: Interval | None, confidence_level: float = 0.95) -> tuple[Interval | None, str]:
    """The t interval of a mean, cut at the ends of its scale, and what it is called. See `mean_interval`."""
    interval = mean_interval(sample, confidence_level)
    shown = cut_to_scale(interval, scale)
    return shown, T_INTERVAL if shown == interval else CUT_T_INTERVAL


def cut_to_scale(interval: Interval | None, scale: Interval | None) -> Interval | None:
    """The part of an interval that is on the scale."""
    if interval is None or scale is None:
        return interval
    return max(interval[0], scale[0]), min(interval[1], scale[1])
