"""Tails and quantiles of the reference distributions: scipy.special, because scipy.stats costs 80 MB."""

from scipy import special

Interval = tuple[float, float]


def normal_critical(confidence_level: float) -> float:
    """The z that leaves (1 - level) / 2 in each tail of the normal distribution."""
    return float(-special.ndtri((1.0 - confidence_level) / 2.0))


def normal_two_sided(z: float) -> float:
    """P(|Z| >= |z|)."""
    return float(2.0 * special.ndtr(-abs(z)))


def t_critical(confidence_level: float, df: float) -> float:
    """The t that leaves (1 - level) / 2 in each tail of Student's t with `df` degrees of freedom (not always whole)."""
    return float(-special.stdtrit(df, (1.0 - confidence_level) / 2.0))


def t_two_sided(t: float, df: float) -> float:
    """P(|T| >= |t|) for Student's t."""
    return float(2.0 * special.stdtr(df, -abs(t)))


def chi_square_tail(statistic: float, df: int) -> float:
    """P(X >= statistic) for a chi-square with `df` degrees of freedom."""
    return float(special.chdtrc(df, statistic))
