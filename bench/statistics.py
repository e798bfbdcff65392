"""What the tests and intervals of `libs.stats` do in the long run, on the offline model, whose true effects are
known.

A test without an effect to find must find one in 5 % of studies, an interval must hold the truth in 95 %, and looking
all the time must not find more. Cautious methods (exact ones) may find less.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from bench.figure import Figure, figure, figure_between
from bench.trials import (
    Group,
    Held,
    P,
    Study,
    answer,
    clicks,
    covariate,
    moments,
    paired_opens,
    pairs,
    rate_of_coverage,
    rate_of_rejections,
    ratio,
    truth,
)
from libs import stats
from libs.stats import Bivariate, Moments, Watched

RUNS = 1_000
LOOKS, MOST = 50, 1_000
SHIFT = 0.5
VALID = ("means, always valid", "proportions, always valid", "pairs, always valid", "one proportion, always valid")
# Why: the same looks at intervals made for one.
FIXED = ("means, fixed n", "proportions, fixed n")


def _p(test: object) -> P:
    """The p-value of a test, or None of one that was not possible."""
    return getattr(test, "p_value", None)


def _paces(arm: Group, base: Group) -> object:
    return stats.clustered_log_rank(*(Watched(one.intent, one.opened, one.people) for one in (arm, base)))


REJECTIONS: dict[str, Callable[[Study], P]] = {
    "two proportions": lambda s: _p(stats.compare_proportions(*s.arm.opens, *s.base.opens)),
    "Welch": lambda s: _p(stats.compare_means(moments(s.arm), moments(s.base))),
    "ratio metric": lambda s: _p(stats.compare_ratios(ratio(s.arm), ratio(s.base))),
    "ratio metric of rare events": lambda s: _p(stats.compare_ratios(clicks(s.arm), clicks(s.base))),
    "CUPED": lambda s: _p(stats.compare_cuped(covariate(s.arm), covariate(s.base))),
    "three arms, chi-square": lambda s: _p(stats.independence_test([_opened(g) for g in (s.arm, s.base, s.third)])),
    "three arms, Welch's analysis of variance": lambda s: _p(
        stats.welch_anova([moments(group) for group in (s.arm, s.base, s.third)])
    ),
    "three arms, Kruskal-Wallis": lambda s: _p(stats.kruskal_wallis([s.arm.intent, s.base.intent, s.third.intent])),
    "paired t": lambda s: _p(stats.compare_paired_means(pairs(s))),
    "McNemar, mid-p": lambda s: _p(stats.compare_paired_proportions(paired_opens(s))),
    "pairs, ordinal": lambda s: _p(stats.compare_paired_ordinal(s.own_arm.intent, s.own_base.intent)),
    "Wilcoxon": lambda s: _p(stats.wilcoxon_signed_rank(s.own_arm.intent, s.own_base.intent)),
    "three arms of the same people, Cochran's Q": lambda s: _p(
        stats.cochran_q(list(zip(s.own_arm.opened, s.own_base.opened, s.own_third.opened, strict=True)))
    ),
    "three arms of the same people, Friedman": lambda s: _p(
        stats.friedman(np.transpose([s.own_arm.intent, s.own_base.intent, s.own_third.intent]))
    ),
    "Brunner-Munzel": lambda s: _p(stats.compare_ordinal(s.arm.intent, s.base.intent)),
    "Mann-Whitney": lambda s: _p(stats.mann_whitney(s.arm.intent, s.base.intent)),
    "proportional odds": lambda s: _p(stats.proportional_odds(s.arm.levels, s.base.levels)),
    "top five boxes": lambda s: _p(stats.top_box(s.arm.levels, s.base.levels, top=5)),
    "20 personas an arm, 5 answers each": lambda s: _p(
        stats.compare_clustered(s.drawn_arm.clusters, s.drawn_base.clusters)
    ),
    "20 personas cloned into both arms, 5 answers each": lambda s: _p(
        stats.compare_clustered(s.cloned_arm.clusters, s.cloned_base.clusters)
    ),
    "8 personas an arm, permutation": lambda s: _p(
        stats.permutation_test(_first(8, s.drawn_arm), _first(8, s.drawn_base))
    ),
    "12 personas in both arms, sign flips": lambda s: _p(
        stats.sign_flip_test(_first(12, s.cloned_arm) - _first(12, s.cloned_base))
    ),
    "post-stratified": lambda s: _p(
        stats.compare_post_stratified(s.arm.by_segment(), s.base.by_segment(), {"0": 0.5, "1": 0.3, "2": 0.2})
    ),
    "weighted": lambda s: _p(stats.compare_weighted(s.arm.intent, _weights(s.arm), s.base.intent, _weights(s.base))),
    "segment against the rest": lambda s: _p(_interactions(s)["0"]),
    "heterogeneity of three segments": lambda s: _p(stats.heterogeneity(list(_segments(s).values()))),
    "log-rank": lambda s: _p(stats.log_rank([Watched(g.intent, g.opened) for g in (s.arm, s.base)])),
    "log-rank, 20 personas an arm, 5 answers each": lambda s: _p(_paces(s.drawn_arm, s.drawn_base)),
    "log-rank, 20 personas cloned into both arms": lambda s: _p(_paces(s.cloned_arm, s.cloned_base)),
    "equivalence, the truth on the margin": lambda s: _p(
        stats.equivalent_means(_moved(moments(s.arm)), moments(s.base), SHIFT)
    ),
    "a family of four, Holm": lambda s: min(
        p
        for p in stats.holm(
            [
                _p(stats.compare_proportions(*s.arm.opens, *s.base.opens)),
                _p(stats.compare_means(moments(s.own_arm), moments(s.third))),
                _p(stats.compare_clustered(s.drawn_arm.clusters, s.drawn_base.clusters)),
                _p(stats.compare_clustered(s.cloned_arm.clusters, s.cloned_base.clusters)),
            ]
        )
        if p is not None
    ),
}

CAUTIOUS: dict[str, Callable[[Study], P]] = {
    "top two boxes, rarely chosen": lambda s: _p(stats.top_box(s.arm.levels, s.base.levels)),
    "Fisher": lambda s: stats.fisher_exact(*s.arm.opens, *s.base.opens),
    "Yates": lambda s: _p(stats.yates_test(*s.arm.opens, *s.base.opens)),
    "McNemar, exact": lambda s: stats.mcnemar_exact(paired_opens(s).arm_only, paired_opens(s).baseline_only),
}

COVERAGE: dict[str, Callable[[Study], Held]] = {
    "one proportion, Wilson": lambda s: (stats.wilson_interval(*s.base.opens), truth(_share0)),
    "difference, Newcombe": lambda s: (stats.newcombe_interval(*s.arm.opens, *s.base.opens), truth(_opening)),
    "difference, Agresti-Caffo": lambda s: (
        stats.agresti_caffo_interval(*s.arm.opens, *s.base.opens),
        truth(_opening),
    ),
    "relative lift, MOVER-R": lambda s: (
        stats.compare_proportions(*s.arm.opens, *s.base.opens).relative_lift_interval,
        truth(_opening) / truth(_share0),
    ),
    "risk ratio, Katz": lambda s: (
        _interval(stats.risk_ratio(*s.arm.opens, *s.base.opens)),
        1 + truth(_opening) / truth(_share0),
    ),
    "odds ratio, Woolf": lambda s: (_interval(stats.odds_ratio(*s.arm.opens, *s.base.opens)), truth(_odds)),
    "difference of means, Welch": lambda s: (
        stats.compare_means(moments(s.arm), moments(s.base)).interval,
        truth(_liking),
    ),
    "relative lift of means, Fieller": lambda s: (
        stats.compare_means(moments(s.arm), moments(s.base)).relative_lift_interval,
        truth(_lift),
    ),
    "Hedges' g": lambda s: (stats.compare_means(moments(s.arm), moments(s.base)).effect_size_interval, truth(_d)),
    "Cohen's d, noncentral t": lambda s: (_interval(stats.cohens_d(moments(s.arm), moments(s.base))), truth(_d)),
    "ratio metric": lambda s: (stats.compare_ratios(ratio(s.arm), ratio(s.base)).interval, truth(_ratios)),
    "ratio metric of rare events": lambda s: (
        stats.compare_ratios(clicks(s.arm), clicks(s.base)).interval,
        truth(_clicks),
    ),
    "CUPED": lambda s: (
        stats.compare_cuped(covariate(s.arm), covariate(s.base)).interval,
        truth(_liking),
    ),
    "probability of superiority": lambda s: (
        stats.compare_ordinal(s.arm.intent, s.base.intent).effect_size_interval,
        truth(_superiority),
    ),
    "proportional odds": lambda s: (
        _interval(stats.proportional_odds(s.arm.levels, s.base.levels)),
        truth(_common_odds),
    ),
    "pairs, t": lambda s: (stats.compare_paired_means(pairs(s)).interval, truth(_liking)),
    "pairs, relative lift": lambda s: (stats.compare_paired_means(pairs(s)).relative_lift_interval, truth(_lift)),
    "pairs, g": lambda s: (stats.compare_paired_means(pairs(s)).effect_size_interval, truth(_d)),
    "pairs, difference, Newcombe": lambda s: (
        stats.compare_paired_proportions(paired_opens(s)).interval,
        truth(_opening),
    ),
    "pairs, ordinal": lambda s: (
        stats.compare_paired_ordinal(s.own_arm.intent, s.own_base.intent).interval,
        truth(_within),
    ),
    "20 personas an arm": lambda s: (
        stats.compare_clustered(s.drawn_arm.clusters, s.drawn_base.clusters).interval,
        truth(_liking),
    ),
    "20 personas cloned": lambda s: (
        stats.compare_clustered(s.cloned_arm.clusters, s.cloned_base.clusters).interval,
        truth(_liking),
    ),
    "mean of 20 personas, bootstrap": lambda s: (
        _interval(stats.bootstrap([list(s.drawn_base.clusters.by_cluster().values())], _mean, seed=1, draws=400)),
        truth(_liking0),
    ),
    "post-stratified": lambda s: (
        stats.compare_post_stratified(s.arm.by_segment(), s.base.by_segment(), dict.fromkeys("012", 1.0)).interval,
        truth(_liking),
    ),
    "weighted": lambda s: (
        stats.compare_weighted(s.arm.intent, _weights(s.arm), s.base.intent, _weights(s.base)).interval,
        truth(_weighted),
    ),
    "segment against the rest": lambda s: (_interval(_interactions(s)["0"]), truth(_interaction)),
    "Cramér's V of segment and opening": lambda s: (
        _interval(stats.cramers_v_interval(_openings_by_segment(s.base))),
        truth(_association0),
    ),
    "step of a funnel": lambda s: (
        stats.wilson_interval(sum(s.base.clicked), sum(s.base.opened)),
        truth(_step0),
    ),
    "survival, Kaplan-Meier": lambda s: (_after(5, s.base), truth(_after0)),
}


async def measure() -> list[Figure]:
    """Rejections without an effect, coverage with one, and what looking all the time does."""
    rejections = rate_of_rejections(REJECTIONS | CAUTIOUS, RUNS)
    coverage = rate_of_coverage(COVERAGE, RUNS)
    looks = peeking(RUNS)
    return [
        *(_rejected(f"no effect, found: {name}", rejections[name]) for name in REJECTIONS),
        *(figure(f"no effect, found, cautious: {name}", "%", [100 * rejections[name]], 6.4) for name in CAUTIOUS),
        *(figure_between(f"truth held: {name}", "%", 100 * coverage[name], 93.0, 97.0) for name in COVERAGE),
        *(figure(f"no effect, found at any of 20 looks: {name}", "%", [100 * looks[name]], 5.0) for name in VALID),
        *(
            figure(f"no effect, found at any of 20 looks: {name}", "%", [100 * looks[name]], 20.0, is_least=True)
            for name in FIXED
        ),
    ]


def peeking(runs: int, *, seed: int = 3) -> dict[str, float]:
    """The share of studies without an effect in which one is found at any look, by method; looks every 50 of 1,000."""
    share = truth(_share0)
    found: dict[str, int] = {}
    for run in range(runs):
        draw = np.random.default_rng([seed, run])
        people = [int(who) for who in draw.integers(600, size=2 * MOST)]
        arm, base, own = (answer(who, draw, is_rational=False) for who in (people[:MOST], people[MOST:], people[:MOST]))
        ever = {name for n in range(LOOKS, MOST + 1, LOOKS) for name in _found_at(n, arm, base, own, share)}
        for name in ever:
            found[name] = found.get(name, 0) + 1
    return {name: found.get(name, 0) / runs for name in (*VALID, *FIXED)}


def _found_at(n: int, arm: Group, base: Group, own: Group, share: float) -> Iterator[str]:
    """The methods that find something after n answers in each arm."""
    x, y = Moments.of(arm.intent[:n]), Moments.of(base.intent[:n])
    opened, opened0 = (Moments.of([float(one) for one in group.opened[:n]]) for group in (arm, base))
    paired = Bivariate.of(arm.intent[:n], own.intent[:n])
    sequence = stats.bernoulli_sequence(sum(base.opened[:n]), n)
    is_outside = (
        sequence is not None
        and sequence.interval is not None
        and not (sequence.interval[0] <= share <= sequence.interval[1])
    )
    p_values = {
        "means, always valid": _p(stats.monitor_means(x, y, 2 * MOST)),
        "proportions, always valid": _p(stats.monitor_means(opened, opened0, 2 * MOST)),
        "pairs, always valid": _p(stats.monitor_paired_means(paired, MOST)),
        "one proportion, always valid": 0.0 if is_outside else 1.0,
        "means, fixed n": _p(stats.compare_means(x, y)),
        "proportions, fixed n": _p(stats.compare_means(opened, opened0)),
    }
    return (name for name, p_value in p_values.items() if p_value is not None and p_value < 0.05)


def _rejected(name: str, rate: float) -> Figure:
    return figure_between(name, "%", 100 * rate, 3.6, 6.4)


def _interval(found: object) -> stats.Interval | None:
    return getattr(found, "interval", None)


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def _opened(group: Group) -> list[int]:
    yes, n = group.opens
    return [yes, n - yes]


def _first(personas: int, group: Group) -> np.ndarray:
    """Means of the first personas, in their order."""
    return np.array([np.mean(values) for values in list(group.clusters.by_cluster().values())[:personas]])


def _weights(group: Group) -> list[float]:
    return [1.0 + who % 3 for who in group.people]


def _moved(sample: Moments) -> Moments:
    return replace(sample, mean=(sample.mean or 0.0) + SHIFT)


def _segments(study: Study) -> dict[str, tuple[Moments, Moments]]:
    arm, base = study.arm.by_segment(), study.base.by_segment()
    return {name: (arm[name], base[name]) for name in arm}


def _interactions(study: Study) -> dict[str, stats.TTest | None]:
    return stats.segment_interactions(_segments(study))


def _openings_by_segment(group: Group) -> list[list[int]]:
    table = [[0, 0] for _ in range(3)]
    for who, opened in zip(group.people, group.opened, strict=True):
        table[who % 3][opened] += 1
    return table


def _after(time: float, group: Group) -> stats.Interval | None:
    """Of the share whose intent is above a level, as if it were a time."""
    steps = stats.kaplan_meier(Watched(group.intent, [True] * len(group.intent)))
    return next((step.interval for step in reversed(steps) if step.time <= time), None)


def _share0(_arm: Group, base: Group) -> float:
    return float(np.mean(base.opened))


def _opening(arm: Group, base: Group) -> float:
    return float(np.mean(arm.opened) - np.mean(base.opened))


def _odds(arm: Group, base: Group) -> float:
    p, p0 = float(np.mean(arm.opened)), float(np.mean(base.opened))
    return p * (1 - p0) / (p0 * (1 - p))


def _liking(arm: Group, base: Group) -> float:
    return float(np.mean(arm.intent) - np.mean(base.intent))


def _liking0(_arm: Group, base: Group) -> float:
    return float(np.mean(base.intent))


def _lift(arm: Group, base: Group) -> float:
    return _liking(arm, base) / _liking0(arm, base)


def _d(arm: Group, base: Group) -> float:
    return _liking(arm, base) / math.sqrt((float(np.var(arm.intent)) + float(np.var(base.intent))) / 2)


def _ratios(arm: Group, base: Group) -> float:
    return sum(arm.intent) / sum(arm.control) - sum(base.intent) / sum(base.control)


def _clicks(arm: Group, base: Group) -> float:
    return sum(arm.clicked) / sum(arm.opened) - _step0(arm, base)


def _step0(_arm: Group, base: Group) -> float:
    return sum(base.clicked) / sum(base.opened)


def _superiority(arm: Group, base: Group) -> float:
    p, p0 = (np.array(group.levels) / len(group.intent) for group in (arm, base))
    below = np.concatenate([[0.0], np.cumsum(p0)[:-1]])
    return float(p @ (below + p0 / 2))


def _within(arm: Group, base: Group) -> float:
    """The crowds are the same people in the same order."""
    return float(np.mean(np.sign(np.array(arm.intent) - np.array(base.intent))))


def _common_odds(arm: Group, base: Group) -> float:
    found = stats.proportional_odds(arm.levels, base.levels)
    assert found is not None
    return found.odds_ratio


def _weighted(arm: Group, base: Group) -> float:
    return float(np.average(arm.intent, weights=_weights(arm)) - np.average(base.intent, weights=_weights(base)))


def _interaction(arm: Group, base: Group) -> float:
    effect = {}
    for name, is_inside in (("inside", True), ("outside", False)):
        means = [
            np.mean([v for who, v in zip(group.people, group.intent, strict=True) if (who % 3 == 0) == is_inside])
            for group in (arm, base)
        ]
        effect[name] = float(means[0] - means[1])
    return effect["inside"] - effect["outside"]


def _association0(_arm: Group, base: Group) -> float:
    found = stats.independence_test(_openings_by_segment(base))
    assert found is not None
    return found.cramers_v


def _after0(_arm: Group, base: Group) -> float:
    return float(np.mean(np.array(base.intent) > 5))
