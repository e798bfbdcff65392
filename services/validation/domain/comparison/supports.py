"""What answers are compared on: a finite support on which both samples are counted, and the distances between them.

Scales and options are known beforehand. Numbers, rankings and texts are compared on what was really given; a ranking
stands for the rank of each option, a text for its words. As points the values show how much answers differ.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from libs.contracts.comparisons import MetricDeclaration
from libs.contracts.instruments import MetricType
from libs.stats import Grouped, Points
from libs.stats.distances import Measure, divergence_of, gap_of, moved, through, variation_of
from services.validation.domain.comparison.reading import Answer, Sample

Numbers = NDArray[np.float64]
Samples = Sequence[Sequence[Answer]]
MOST_WORDS = 200
MOST_POINTS, CELLS = 500, 4_000_000
FEWEST_WORDS = 5
TOO_SHORT = f"half of the texts of one side have fewer than {FEWEST_WORDS} words: how much they differ is not compared"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Support:
    """The values that are counted, the first measure being the one that decides.

    `uniform` is the share each value has for somebody who only guesses; None where nobody can guess a text.
    `points` has a row for each value: how much answers differ is how far their points are apart, each with an `own`
    square of what no other value has; None where texts are too short to tell. With `features` the shares that are
    measured are those of features, of which each value has a row.
    """

    values: tuple[Answer, ...]
    measures: Mapping[str, Measure]
    uniform: Numbers | None
    points: Numbers | None
    features: Numbers | None = None
    own: Numbers | None = None
    of: str | None = None
    """What the points are of, where that is not all of an answer; or why there are none."""

    def counts(self, sample: Sample) -> Numbers | Grouped:
        """How often each value was given; where some answers are of one unit, by whom."""
        grouping = sample.grouping
        if grouping is None:
            found = Counter(sample.answers)
            return np.array([found[value] for value in self.values], dtype=np.float64)
        return Grouped(*self._placed(sample), len(self.values))

    def points_of(self, sample: Sample) -> Points | None:
        """The answers as points, by unit."""
        if self.points is None or not sample.answers:
            return None
        places, units, weights = self._placed(sample)
        own = None if self.own is None else self.own[places]
        return Points.of(self.points[places], units=units, weights=weights, own=own)

    def _placed(self, sample: Sample) -> tuple[NDArray[np.intp], NDArray[np.intp], Numbers]:
        """The place, unit and weight of every answer, in an order that does not depend on theirs."""
        known = {value: place for place, value in enumerate(self.values)}
        places = np.array([known[answer] for answer in sample.answers], dtype=np.intp)
        grouping = sample.grouping
        if grouping is None:
            return np.sort(places), np.arange(len(places)), np.ones(len(places))
        units, weights = (np.array(given) for given in grouping)
        order = np.lexsort((weights, places, units))
        return places[order], units[order], weights[order]


def support_of(metric: MetricDeclaration, *samples: Sample) -> Support:
    """The support of a metric on which all these samples can be counted."""
    return SUPPORTS[metric.type](metric, [sample.answers for sample in samples])


def _scale(metric: MetricDeclaration, samples: Samples) -> Support:
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
    return Support(tuple(places.tolist()), measures, _even(len(places)), places[:, None])


def _amount(metric: MetricDeclaration, samples: Samples) -> Support:
    """Every different number is a place; a guess is any number of the range, which the ends and a grid stand for."""
    assert metric.ends is not None
    low, high = metric.ends
    grid = np.linspace(low, high, 201)
    given = [value for sample in samples for value in sample if isinstance(value, float)]
    places = np.unique(np.concatenate([np.array(given), grid]))
    measures: dict[str, Measure] = {
        "wasserstein": _per_range(moved(places), low, high),
        "kolmogorov_smirnov": gap_of,
    }
    uniform = np.isin(places, grid).astype(np.float64)
    return Support(tuple(places.tolist()), measures, uniform / uniform.sum(), places[:, None])


def _options(metric: MetricDeclaration, samples: Samples) -> Support:
    measures: dict[str, Measure] = {"total_variation": variation_of, "jensen_shannon": divergence_of}
    return Support(metric.labels, measures, _even(len(metric.labels)), np.eye(len(metric.labels)))


def _rankings(metric: MetricDeclaration, samples: Samples) -> Support:
    """The rank of each option, averaged over options; who is first; the order of any two."""
    options, k = metric.labels, len(metric.labels)
    forwards = tuple(options[place:] + options[:place] for place in range(k))  # a guess: everybody in every place
    given = [ranked for sample in samples for ranked in sample if isinstance(ranked, tuple)]
    values = tuple(dict.fromkeys([*given, *forwards]))
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

    first = np.array([[float(ranked[0] == option) for option in options] for ranked in values])
    measures: dict[str, Measure] = {
        "rank_displacement": displaced,
        "first_choice_total_variation": through(first, variation_of),
        "pairwise_order": of_pairs,
    }
    uniform = np.array([float(value in forwards) for value in values]) / k
    return Support(values, measures, uniform, ranks)


def _words(metric: MetricDeclaration, samples: Samples) -> Support:
    """The most widespread words of both samples together, every text counting the same: likeness of vocabulary, not of
    meaning.
    """
    values = tuple(dict.fromkeys(text for sample in samples for text in sample))
    words = {text: _WORD.findall(str(text).casefold()) for text in values}
    spread_of_words = Counter(word for said in words.values() for word in set(said))
    vocabulary = sorted(spread_of_words, key=lambda word: (-spread_of_words[word], word))[:MOST_WORDS]
    counts = [Counter(said) for said in words.values()]
    features = _rows([[float(said[word]) for word in vocabulary] for said in counts], len(vocabulary))
    measures: dict[str, Measure] = {"total_variation": variation_of, "jensen_shannon": divergence_of}
    size = int(min(median(len(words[text]) for text in sample) for sample in samples if sample)) if values else 0
    if size < FEWEST_WORDS:
        return Support(values, measures, None, None, features, None, TOO_SHORT)
    said = [[words[text][:size] for text in sample] for sample in samples if sample]
    points, own = openings([text[:size] for text in words.values()], widespread(said))
    return Support(values, measures, None, points, features, own, f"the first {size} words of each text")


def widespread(samples: Sequence[Sequence[Sequence[str]]]) -> list[str]:
    """The words that the largest shares of the texts of a sample have: all, or as many as there is room for."""
    shares: dict[str, float] = {}
    for sample in samples:
        for word, texts in Counter(word for text in sample for word in set(text)).items():
            shares[word] = max(shares.get(word, 0.0), texts / len(sample))
    room = min(MOST_POINTS, max(MOST_WORDS, CELLS // sum(map(len, samples))))
    return sorted(shares, key=lambda word: (-shares[word], word))[:room]


def openings(texts: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> tuple[Numbers, Numbers]:
    """The shares x of words in texts that are cut to one length, and of words not in the vocabulary the sum of x².

    Two texts differ by Σ_w (x_w - x'_w)². That falls as texts get longer, whoever wrote them; so each gives as many
    words, as for a type-token ratio of a fixed number of tokens: Johnson, Psychological Monographs 56 (1944) 1-15;
    Covington and McFall, Journal of Quantitative Linguistics 17 (2010) 94-100.
    """
    column = {word: place for place, word in enumerate(vocabulary)}
    inside, outside = np.zeros((len(texts), len(vocabulary))), np.zeros(len(texts))
    for row, text in enumerate(texts):
        for word, times in Counter(text).items():
            share = times / len(text)
            if word in column:
                inside[row, column[word]] = share
            else:
                outside[row] += share * share
    return inside, outside


def _per_range(measure: Measure, low: float, high: float) -> Measure:
    """In parts of the range of the scale, so that 1 is from one end to the other."""

    def distance(p: Numbers, q: Numbers) -> Numbers:
        found: Numbers = measure(p, q) / (high - low)
        return found

    return distance


def _rows(amounts: Sequence[Sequence[float]], width: int) -> Numbers:
    """Shares row by row; a row of nothing stays empty."""
    found = np.array(amounts, dtype=np.float64).reshape(len(amounts), width)
    totals = found.sum(axis=1, keepdims=True)
    shares: Numbers = np.divide(found, totals, out=np.zeros_like(found), where=totals > 0)
    return shares


def _even(size: int) -> Numbers:
    return np.full(size, 1 / size)


SUPPORTS: dict[MetricType, Callable[[MetricDeclaration, Samples], Support]] = {
    MetricType.BINARY: _scale,
    MetricType.ORDINAL: _scale,
    MetricType.NUMERIC: _amount,
    MetricType.CHOICE: _options,
    MetricType.RANKING: _rankings,
    MetricType.TEXT: _words,
}
