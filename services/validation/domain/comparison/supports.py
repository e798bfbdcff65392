"""What answers are compared on: a finite support on which both samples are counted, and the distances between them.

Scales and options are known beforehand. Numbers, rankings and texts are compared on what was really given; a ranking
stands for the rank of each option, a text for its words.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from libs.contracts.comparisons import MetricDeclaration
from libs.contracts.instruments import MetricType
from libs.stats.distances import Measure, divergence_of, gap_of, moved, through, variation_of
from services.validation.domain.comparison.reading import Answer

Numbers = NDArray[np.float64]
MOST_WORDS = 200
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Support:
    """The values that are counted, the first measure being the one that decides.

    `uniform` is the share each value has for somebody who only guesses; None where nobody can guess a text.
    `numbers` are the values as numbers where they have a mean. `spread` is the variance of shares, row by row. With
    `features` the shares that are measured are those of features, of which each value has a row.
    """

    values: tuple[Answer, ...]
    measures: Mapping[str, Measure]
    uniform: Numbers | None
    numbers: Numbers | None
    spread: Callable[[Numbers], Numbers]
    features: Numbers | None = None

    def counts(self, answers: Sequence[Answer]) -> Numbers:
        """How often each value was given."""
        found = Counter(answers)
        return np.array([found[value] for value in self.values], dtype=np.float64)


def support_of(metric: MetricDeclaration, *samples: Sequence[Answer]) -> Support:
    """The support of a metric on which all these samples can be counted."""
    return SUPPORTS[metric.type](metric, [answer for sample in samples for answer in sample])


def _scale(metric: MetricDeclaration, given: Sequence[Answer]) -> Support:
    low, high = metric.ends or (0.0, 1.0)
    places = np.arange(low, high + 1)
    measures: dict[str, Measure] = {
        "wasserstein": _per_range(moved(places), low, high),
        "total_variation": variation_of,
        "kolmogorov_smirnov": gap_of,
        "jensen_shannon": divergence_of,
    }
    if metric.type is MetricType.BINARY:
        measures = {name: measures[name] for name in ("total_variation", "jensen_shannon")}
    return Support(tuple(places.tolist()), measures, _even(len(places)), places, _variance(places))


def _amount(metric: MetricDeclaration, given: Sequence[Answer]) -> Support:
    """Every different number is a place; a guess is any number of the range, which the ends and a grid stand for."""
    assert metric.ends is not None
    low, high = metric.ends
    grid = np.linspace(low, high, 201)
    places = np.unique(np.concatenate([np.array([value for value in given if isinstance(value, float)]), grid]))
    measures: dict[str, Measure] = {
        "wasserstein": _per_range(moved(places), low, high),
        "kolmogorov_smirnov": gap_of,
    }
    uniform = np.isin(places, grid).astype(np.float64)
    return Support(tuple(places.tolist()), measures, uniform / uniform.sum(), places, _variance(places))


def _options(metric: MetricDeclaration, given: Sequence[Answer]) -> Support:
    measures: dict[str, Measure] = {"total_variation": variation_of, "jensen_shannon": divergence_of}
    return Support(metric.labels, measures, _even(len(metric.labels)), None, _gini)


def _rankings(metric: MetricDeclaration, given: Sequence[Answer]) -> Support:
    """The rank of each option, averaged over options; who is first; the order of any two."""
    options, k = metric.labels, len(metric.labels)
    forwards = tuple(options[place:] + options[:place] for place in range(k))  # a guess: everybody in every place
    values = tuple(dict.fromkeys([*(ranked for ranked in given if isinstance(ranked, tuple)), *forwards]))
    ranks = np.array([[ranked.index(option) for option in options] for ranked in values], dtype=np.float64)
    places = np.arange(k, dtype=np.float64)
    at_rank = [(ranks[:, option, None] == places).astype(np.float64) for option in range(k)]

    def displaced(p: Numbers, q: Numbers) -> Numbers:
        steps = moved(places)
        found: Numbers = np.mean([steps(p @ of, q @ of) for of in at_rank], axis=0) / (k - 1)
        return found

    def of_pairs(p: Numbers, q: Numbers) -> Numbers:
        above = [(ranks[:, a] < ranks[:, b]).astype(np.float64) for a in range(k) for b in range(a)]
        found: Numbers = np.mean([np.abs(p @ one - q @ one) for one in above], axis=0)
        return found

    def spread(p: Numbers) -> Numbers:
        found: Numbers = sum((p @ (ranks[:, a] ** 2) - (p @ ranks[:, a]) ** 2 for a in range(k)), np.zeros(len(p)))
        return found

    first = np.array([[float(ranked[0] == option) for option in options] for ranked in values])
    measures: dict[str, Measure] = {
        "rank_displacement": displaced,
        "first_choice_total_variation": through(first, variation_of),
        "pairwise_order": of_pairs,
    }
    uniform = np.array([float(value in forwards) for value in values]) / k
    return Support(values, measures, uniform, None, spread)


def _words(metric: MetricDeclaration, given: Sequence[Answer]) -> Support:
    """The most widespread words of both samples together: likeness of vocabulary, not of meaning."""
    values = tuple(dict.fromkeys(given))
    found = [Counter(_WORD.findall(str(text).casefold())) for text in values]
    spread_of_words = Counter(word for words in found for word in words)
    vocabulary = sorted(spread_of_words, key=lambda word: (-spread_of_words[word], word))[:MOST_WORDS]
    features = np.array([[float(words[word]) for word in vocabulary] for words in found]).reshape(len(values), -1)

    def variety(p: Numbers) -> Numbers:
        amounts = p @ features
        totals = amounts.sum(axis=-1, keepdims=True)
        return _gini(np.divide(amounts, totals, out=np.zeros_like(amounts), where=totals > 0))

    measures: dict[str, Measure] = {"total_variation": variation_of, "jensen_shannon": divergence_of}
    return Support(values, measures, None, None, variety, features)


def _per_range(measure: Measure, low: float, high: float) -> Measure:
    """In parts of the range of the scale, so that 1 is from one end to the other."""

    def distance(p: Numbers, q: Numbers) -> Numbers:
        found: Numbers = measure(p, q) / (high - low)
        return found

    return distance


def _variance(places: Numbers) -> Callable[[Numbers], Numbers]:
    def variance(p: Numbers) -> Numbers:
        mean = p @ places
        found: Numbers = np.maximum(p @ (places**2) - mean**2, 0.0)
        return np.where(p.max(axis=-1) == 1.0, 0.0, found)

    return variance


def _gini(p: Numbers) -> Numbers:
    """1 - Σ p²: the chance that two people differ, which is the variance of a classification."""
    found: Numbers = 1 - (p**2).sum(axis=-1)
    return found


def _even(size: int) -> Numbers:
    return np.full(size, 1 / size)


SUPPORTS: dict[MetricType, Callable[[MetricDeclaration, Sequence[Answer]], Support]] = {
    MetricType.BINARY: _scale,
    MetricType.ORDINAL: _scale,
    MetricType.NUMERIC: _amount,
    MetricType.CHOICE: _options,
    MetricType.RANKING: _rankings,
    MetricType.TEXT: _words,
}
