"""Adjusted p-values."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.stats import benjamini_hochberg, benjamini_yekutieli, holm
from libs.stats.multiplicity import Adjusted

RULES = [holm, benjamini_hochberg, benjamini_yekutieli]
FAMILIES = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=30)


def known(values: list[float | None] | Adjusted) -> list[float]:
    return [value for value in values if value is not None]


@pytest.mark.parametrize("rule", RULES)
def test_an_untestable_hypothesis_is_passed_through_and_does_not_count(rule: type) -> None:
    with_gaps = rule([None, 0.01, None, 0.04, None])
    assert (with_gaps[0], with_gaps[2], with_gaps[4]) == (None, None, None)
    assert (with_gaps[1], with_gaps[3]) == rule([0.01, 0.04])


@pytest.mark.parametrize("rule", RULES)
def test_a_family_of_nothing_and_of_one_is_left_as_it_is(rule: type) -> None:
    assert rule([]) == ()
    assert rule([None]) == (None,)
    assert rule([0.03]) == (0.03,)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_not_a_p_value_is_refused_by_name(rule: type, p: float) -> None:
    with pytest.raises(ValueError, match=r"^p_values:"):
        rule([0.5, p])


@pytest.mark.parametrize("rule", RULES)
@given(family=FAMILIES)
def test_an_adjusted_p_value_is_never_below_the_raw_one_and_keeps_the_order(
    rule: type, family: list[float | None]
) -> None:
    raw, adjusted = known(family), known(rule(family))
    assert all(p <= q + 1e-15 and q <= 1 for p, q in zip(raw, adjusted, strict=True))
    pairs = sorted(zip(raw, adjusted, strict=True))
    assert all(first[1] <= second[1] for first, second in pairwise(pairs))


@given(FAMILIES)
def test_holm_is_never_more_lenient_than_the_false_discovery_rate(family: list[float | None]) -> None:
    for strict, lenient in zip(known(holm(family)), known(benjamini_hochberg(family)), strict=True):
        assert strict >= lenient - 1e-15


@given(FAMILIES, st.randoms())
def test_the_order_of_the_family_does_not_matter(family: list[float | None], random: object) -> None:
    places = list(range(len(family)))
    random.shuffle(places)  # type: ignore[attr-defined]
    adjusted = holm(family)
    assert holm([family[place] for place in places]) == tuple(adjusted[place] for place in places)
