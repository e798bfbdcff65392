"""Columns → profile. Numbers are rounded to six digits after the point: they describe, and nothing is tested."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from libs.pages.charts import axis_for
from libs.stats import (
    Association,
    Moments,
    correlation_ratio,
    cramers_v,
    diversity,
    jensen_shannon,
    kolmogorov_smirnov,
    midranks,
    rank_correlation,
    standardised_difference,
    total_variation,
)
from services.population.domain.profile.columns import MISSING, Column, Columns
from services.population.domain.profile.model import (
    AttributeProfile,
    CategoricalDifference,
    CategoricalProfile,
    Comparison,
    Difference,
    Measure,
    NumberBin,
    NumericDifference,
    NumericProfile,
    Pair,
    Profile,
    ValueCount,
)

MOST_VALUES = 100  # of a classification that are listed; beyond it no pairs are formed either
CLASSES = 10
Orders = Mapping[str, Sequence[str]]
Array = np.ndarray[Any, np.dtype[Any]]


def profile_of(columns: Columns, orders: Orders) -> Profile:
    """The profile; `orders` has the values of classifications in their natural order."""
    usable = [column for column in columns.all() if _n(column)]
    pairs, left_out = associations(usable)
    return Profile(
        size=columns.size,
        attributes=tuple(_attribute(column, orders.get(column.name, ())) for column in usable),
        associations=tuple(pairs),
        not_associated=tuple(left_out),
    )


def associations(columns: Sequence[Column]) -> tuple[list[Pair], list[str]]:
    """Every pair of attributes, and the attributes that no pair could be formed with."""
    few = [column for column in columns if column.kind == "numeric" or len(column.values) <= MOST_VALUES]
    ranks = {column.name: midranks(column.data) for column in few if column.kind == "numeric" and _is_full(column)}
    found: list[tuple[float, Pair]] = []
    for a, b in combinations(few, 2):
        measure, association = _associate(a, b, ranks)
        if association is not None:
            value, by_chance = _rounded(association.value), _rounded(association.by_chance)
            pair = Pair(a=a.name, b=b.name, measure=measure, value=value, by_chance=by_chance, n=association.n)
            found.append((association.excess, pair))
    found.sort(key=lambda one: (-one[0], one[1].a, one[1].b))
    named = {name for _, pair in found for name in (pair.a, pair.b)}
    return [pair for _, pair in found], [column.name for column in columns if column.name not in named]


def compare(here: Columns, there: Columns, orders: Orders, population_id: str, name: str) -> Comparison:
    """This population beside another one, attribute by attribute."""
    mine, other = ({column.name: column for column in columns.all() if _n(column)} for columns in (here, there))
    found: list[tuple[float, Difference]] = []
    for attribute, column in mine.items():
        if attribute in other and other[attribute].kind == column.kind:
            difference = _compare_numbers if column.kind == "numeric" else _compare_values
            found.append(difference(column, other[attribute], orders.get(attribute, ())))
    found.sort(key=lambda one: (-one[0], one[1].name))
    common = {difference.name for _, difference in found}
    return Comparison(
        population_id=population_id,
        name=name,
        size=there.size,
        differences=tuple(difference for _, difference in found),
        only_here=tuple(attribute for attribute in mine if attribute not in common),
        only_there=tuple(attribute for attribute in other if attribute not in common),
    )


def _attribute(column: Column, order: Sequence[str]) -> AttributeProfile:
    return _numeric(column) if column.kind == "numeric" else _categorical(column, order)


def _categorical(column: Column, order: Sequence[str]) -> CategoricalProfile:
    counts = _counts(column)
    n = _n(column)
    spread = diversity(list(counts.values()))
    assert spread is not None
    listed = _listed(counts, order)
    return CategoricalProfile(
        name=column.name,
        n=n,
        missing=len(column.data) - n,
        distinct=len(counts),
        values=_value_counts(listed, counts),
        others=n - sum(counts.get(value, 0) for value in listed),
        entropy=_rounded(spread.entropy),
        evenness=None if spread.evenness is None else _rounded(spread.evenness),
        effective_values=_rounded(spread.effective_classes),
        gini_simpson=_rounded(spread.gini_simpson),
    )


def _numeric(column: Column) -> NumericProfile:
    numbers = _numbers(column)
    low, first, middle, third, high = (_rounded(q) for q in np.quantile(numbers, (0, 0.25, 0.5, 0.75, 1)))
    return NumericProfile(
        name=column.name,
        n=len(numbers),
        missing=len(column.data) - len(numbers),
        mean=_rounded(numbers.mean()),
        standard_deviation=_rounded(numbers.std(ddof=1)) if len(numbers) > 1 else None,
        minimum=low,
        lower_quartile=first,
        median=middle,
        upper_quartile=third,
        maximum=high,
        bins=_bins(numbers, _edges(low, high)),
    )


def _associate(a: Column, b: Column, ranks: Mapping[str, Array]) -> tuple[Measure, Association | None]:
    """The measure for the kinds of both, over the people who have both."""
    if a.kind == b.kind == "numeric":
        if a.name in ranks and b.name in ranks:
            return "spearman", rank_correlation(ranks[a.name], ranks[b.name])
        x, y = np.asarray(a.data), np.asarray(b.data)
        both = ~(np.isnan(x) | np.isnan(y))
        return "spearman", rank_correlation(midranks(x[both]), midranks(y[both]))
    if a.kind == b.kind:
        return "cramers_v", cramers_v(_table(a, b))
    groups, numbers = (a, b) if a.kind == "categorical" else (b, a)
    codes, values = np.asarray(groups.data), np.asarray(numbers.data)
    both = (codes != MISSING) & ~np.isnan(values)
    return "correlation_ratio", correlation_ratio(codes[both], values[both])


def _table(a: Column, b: Column) -> list[list[int]]:
    rows, columns = np.asarray(a.data), np.asarray(b.data)
    both = (rows != MISSING) & (columns != MISSING)
    width = len(b.values)
    cells = np.bincount(rows[both] * width + columns[both], minlength=len(a.values) * width)
    table: list[list[int]] = cells.reshape(len(a.values), width).tolist()
    return table


def _compare_values(here: Column, there: Column, order: Sequence[str]) -> tuple[float, Difference]:
    counts, others = _counts(here), _counts(there)
    union = [*counts, *(value for value in others if value not in counts)]
    mine, theirs = [counts.get(value, 0) for value in union], [others.get(value, 0) for value in union]
    distance, variation = jensen_shannon(mine, theirs), total_variation(mine, theirs)
    assert distance is not None
    assert variation is not None
    listed = _listed({value: a + b for value, a, b in zip(union, mine, theirs, strict=True)}, order)
    difference = CategoricalDifference(
        name=here.name,
        total_variation=_rounded(variation),
        jensen_shannon=_rounded(distance),
        values=_value_counts(listed, counts),
        other_values=_value_counts(listed, others),
    )
    return variation, difference


def _compare_numbers(here: Column, there: Column, _order: Sequence[str]) -> tuple[float, Difference]:
    mine, theirs = _numbers(here), _numbers(there)
    gap = kolmogorov_smirnov(mine, theirs)
    assert gap is not None
    effect = standardised_difference(_moments(mine), _moments(theirs))
    edges = _edges(float(min(mine.min(), theirs.min())), float(max(mine.max(), theirs.max())))
    difference = NumericDifference(
        name=here.name,
        difference=_rounded(mine.mean() - theirs.mean()),
        hedges_g=None if effect is None else _rounded(effect.g),
        kolmogorov_smirnov=_rounded(gap),
        bins=_bins(mine, edges),
        other_bins=_bins(theirs, edges),
    )
    return gap, difference


def _counts(column: Column) -> dict[str, int]:
    codes = np.asarray(column.data)
    counts = np.bincount(codes[codes != MISSING], minlength=len(column.values)).tolist()
    return dict(zip(column.values, counts, strict=True))


def _listed(counts: Mapping[str, int], order: Sequence[str]) -> list[str]:
    """The values to be shown: a given order with those that nobody has, or the most frequent first."""
    rest = sorted((value for value in counts if value not in order), key=lambda value: (-counts[value], value))
    return [*order, *rest][: max(MOST_VALUES, len(order))]


def _value_counts(listed: Sequence[str], counts: Mapping[str, int]) -> tuple[ValueCount, ...]:
    n = sum(counts.values())
    return tuple(
        ValueCount(value=value, count=counts.get(value, 0), share=_rounded(counts.get(value, 0) / n))
        for value in listed
    )


def _edges(low: float, high: float) -> list[float]:
    return list(axis_for([low, high], ticks=CLASSES).ticks)


def _bins(numbers: Array, edges: Sequence[float]) -> tuple[NumberBin, ...]:
    counts, _ = np.histogram(numbers, edges)
    return tuple(
        NumberBin(low=low, high=high, count=int(count), share=_rounded(count / len(numbers)))
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    )


def _numbers(column: Column) -> Array:
    numbers: Array = np.asarray(column.data)
    present: Array = numbers[~np.isnan(numbers)]
    return present


def _moments(numbers: Array) -> Moments:
    variance = float(numbers.var(ddof=1)) if len(numbers) > 1 else None
    return Moments(len(numbers), float(numbers.mean()), variance)


def _n(column: Column) -> int:
    data = np.asarray(column.data)
    return int((data != MISSING).sum() if column.kind == "categorical" else (~np.isnan(data)).sum())


def _is_full(column: Column) -> bool:
    return _n(column) == len(column.data)


def _rounded(number: float) -> float:
    return round(float(number), 6)
