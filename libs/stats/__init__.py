"""Statistics of results, validation and profiles: pure functions, with numpy and scipy.special only.

Nothing here returns NaN: None means undefined, a ValueError names the argument that is impossible. The baseline always
comes last, and a positive number means the other arm is higher.
"""

from libs.stats.association import (
    Association,
    correlation_ratio,
    cramers_v,
    midranks,
    rank_correlation,
    spearman,
)
from libs.stats.chi_square import ChiSquareTest, IndependenceTest, goodness_of_fit, independence_test
from libs.stats.clustering import average_linkage
from libs.stats.contrast import Contrast
from libs.stats.distributions import Interval
from libs.stats.diversity import Diversity, diversity, jensen_shannon, kolmogorov_smirnov, total_variation
from libs.stats.evidence import Worth, grade_c
from libs.stats.means import (
    T_INTERVAL,
    Moments,
    StandardisedDifference,
    WelchTest,
    compare_means,
    fieller_interval,
    mean_interval,
    standardised_difference,
    welch_test,
)
from libs.stats.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from libs.stats.proportions import (
    WILSON,
    ProportionTest,
    cohens_h,
    cohens_h_interval,
    compare_proportions,
    fisher_exact,
    newcombe_interval,
    pooled_z,
    proportion_test,
    ratio_interval,
    wilson_interval,
)
from libs.stats.sample_ratio import SampleRatio, sample_ratio

__all__ = [
    "T_INTERVAL",
    "WILSON",
    "Association",
    "ChiSquareTest",
    "Contrast",
    "Diversity",
    "IndependenceTest",
    "Interval",
    "Moments",
    "ProportionTest",
    "SampleRatio",
    "StandardisedDifference",
    "WelchTest",
    "Worth",
    "average_linkage",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "cohens_h",
    "cohens_h_interval",
    "compare_means",
    "compare_proportions",
    "correlation_ratio",
    "cramers_v",
    "diversity",
    "fieller_interval",
    "fisher_exact",
    "goodness_of_fit",
    "grade_c",
    "holm",
    "independence_test",
    "jensen_shannon",
    "kolmogorov_smirnov",
    "mean_interval",
    "midranks",
    "newcombe_interval",
    "pooled_z",
    "proportion_test",
    "rank_correlation",
    "ratio_interval",
    "sample_ratio",
    "spearman",
    "standardised_difference",
    "total_variation",
    "welch_test",
    "wilson_interval",
]
