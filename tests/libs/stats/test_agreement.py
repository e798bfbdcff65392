"""Agreement of coders."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats import inter_rater

from libs.stats import (
    cohens_kappa,
    fleiss_kappa,
    krippendorff_alpha,
)

CODINGS = st.lists(st.tuples(*[st.one_of(st.none(), st.integers(1, 5).map(float))] * 3), min_size=1, max_size=15)
SCALES = ("nominal", "ordinal", "interval", "ratio")


@given(CODINGS, st.sampled_from(SCALES))
def test_alpha_depends_on_neither_the_order_of_units_nor_that_of_coders(
    units: list[tuple[float | None, ...]], scale: str
) -> None:
    coders = [list(row) for row in zip(*units, strict=True)]
    alpha = krippendorff_alpha(coders, scale)  # type: ignore[arg-type]
    turned = krippendorff_alpha([row[::-1] for row in coders[::-1]], scale)  # type: ignore[arg-type]
    assert (alpha is None) == (turned is None)
    if alpha is not None:
        assert alpha <= 1
        assert alpha == pytest.approx(turned)


@given(CODINGS)
def test_coders_who_always_agree_have_an_alpha_of_one(units: list[tuple[float | None, ...]]) -> None:
    coder = [unit[0] for unit in units]
    alpha = krippendorff_alpha([coder, coder], "ordinal")
    assert alpha == (1.0 if len({value for value in coder if value is not None}) > 1 else None)


def test_the_alpha_of_intervals_does_not_depend_on_where_they_begin_and_that_of_ratios_does() -> None:
    coders = [[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 4.0, 3.0]]
    moved = [[value + 10 for value in coder] for coder in coders]
    assert krippendorff_alpha(coders, "interval") == pytest.approx(krippendorff_alpha(moved, "interval"))
    assert krippendorff_alpha(coders, "ratio") != pytest.approx(krippendorff_alpha(moved, "ratio"))


def test_coders_of_different_things_have_nothing_to_agree_on() -> None:
    assert krippendorff_alpha([[1.0, None], [None, 2.0]]) is None
    assert krippendorff_alpha([]) is None


def test_impossible_codings_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^scale:"):
        krippendorff_alpha([[1.0], [1.0]], "likert")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^codings:"):
        krippendorff_alpha([[-1.0], [1.0]], "ratio")
    with pytest.raises(ValueError, match=r"^codings:"):
        krippendorff_alpha([[math.nan], [1.0]])


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_cohens_kappa_is_that_of_statsmodels(weights: str) -> None:
    table = [[30, 4, 2], [5, 20, 6], [1, 3, 12]]
    ours = cohens_kappa(table, weights)  # type: ignore[arg-type]
    theirs = inter_rater.cohens_kappa(np.array(table), wt=None if weights == "none" else weights)
    assert ours is not None
    assert (ours.value, *(ours.interval or ())) == pytest.approx((theirs.kappa, theirs.kappa_low, theirs.kappa_upp))


def test_fleiss_kappa_is_that_of_statsmodels() -> None:
    table = np.random.default_rng(1).multinomial(6, [0.5, 0.3, 0.2], size=20)
    assert fleiss_kappa(table.tolist()) == pytest.approx(inter_rater.fleiss_kappa(table))


def test_kappa_is_undefined_where_chance_agrees_always_and_for_impossible_tables() -> None:
    assert cohens_kappa([[5, 0], [0, 0]]) is None
    assert cohens_kappa([[0, 0], [0, 0]]) is None
    assert fleiss_kappa([[3, 0], [3, 0]]) is None
    assert fleiss_kappa([]) is None
    for wrong in ([[1, 2, 3], [1, 2, 3]], [[-1, 0], [0, 1]]):
        with pytest.raises(ValueError, match=r"^table:"):
            cohens_kappa(wrong)
    with pytest.raises(ValueError, match=r"^table:"):
        fleiss_kappa([[3, 0], [1, 1]])
    with pytest.raises(ValueError, match=r"^weights:"):
        cohens_kappa([[1, 0], [0, 1]], "cubic")  # type: ignore[arg-type]
