"""A contrast over several arms, such as the main effect of a factor: some of them against the others."""

from collections.abc import Sequence
from dataclasses import replace

from libs.stats.contrast import Contrast
from libs.stats.means import Moments
from libs.stats.two_means import TwoMeans, contrast_of

LINEAR = "t-test of a contrast of means (Welch-Satterthwaite)"
TOLERANCE = 1e-9


def compare_weighted(arms: Sequence[tuple[Moments, float]], confidence_level: float = 0.95) -> Contrast:
    """Σ w m with variance Σ w² s²/n on (Σ w² s²/n)² / Σ ((w² s²/n)² / (n - 1)) df; weights add up to 0.

    Welch, Biometrika 38 (1951) 330-336; Satterthwaite, Biometrics Bulletin 2 (1946) 110-114. All None where an arm has
    fewer than two answers, or nothing varies.
    """
    if abs(sum(weight for _, weight in arms)) > TOLERANCE:
        raise ValueError(f"arms: their weights add up to {sum(weight for _, weight in arms)}, not to 0")
    parts = [(one, weight, weight**2 * (one.variance or 0.0) / one.n) for one, weight in arms if weight and one.n > 1]
    variance = sum(part for *_, part in parts)
    if len(parts) < sum(weight != 0 for _, weight in arms) or variance == 0:
        return Contrast(None, None, confidence_level, None, None, None, f"{LINEAR}, not estimable")
    df = variance**2 / sum(part**2 / (one.n - 1) for one, _, part in parts)
    up, down = ([(one, w, part) for one, w, part in parts if w * sign > 0] for sign in (1, -1))
    high, low = (sum(abs(w) * (one.mean or 0.0) for one, w, _ in side) for side in (up, down))
    means = TwoMeans(high, low, sum(part for *_, part in up), sum(part for *_, part in down), df)
    found = contrast_of(means, confidence_level, LINEAR)
    return replace(found, relative_lift=None, relative_lift_interval=None)
