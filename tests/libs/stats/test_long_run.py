"""The trials of `python -m bench statistics` in a small form: gross errors show in eighty studies of the offline model.

Bounds are the 99.9 % range of a binomial count around 5 and 95 %. The full form and its figures: docs/benchmarks.md.
"""

import math

import pytest

from bench.statistics import CAUTIOUS, COVERAGE, FIXED, REJECTIONS, VALID, peeking
from bench.trials import rate_of_coverage, rate_of_rejections

RUNS = 80
LOOKED_AT = 30
pytestmark = pytest.mark.timeout(300)
SLOW = {"mean of 20 personas, bootstrap"}


def most(rate: float, runs: int) -> float:
    return rate + 3.29 * math.sqrt(rate * (1 - rate) / runs)


@pytest.fixture(scope="module")
def rejections() -> dict[str, float]:
    return rate_of_rejections(REJECTIONS | CAUTIOUS, RUNS)


@pytest.fixture(scope="module")
def coverage() -> dict[str, float]:
    return rate_of_coverage({name: of for name, of in COVERAGE.items() if name not in SLOW}, RUNS)


@pytest.fixture(scope="module")
def looks() -> dict[str, float]:
    return peeking(LOOKED_AT)


@pytest.mark.parametrize("name", [*REJECTIONS, *CAUTIOUS])
def test_a_test_rarely_finds_an_effect_that_is_not_there(rejections: dict[str, float], name: str) -> None:
    assert rejections[name] <= most(0.05, RUNS)


def test_tests_find_such_an_effect_in_one_of_twenty_studies_on_average(rejections: dict[str, float]) -> None:
    """The tests share the studies, so their mean is no surer than a few of them."""
    assert 0.03 < sum(rejections[name] for name in REJECTIONS) / len(REJECTIONS) < 0.08


@pytest.mark.parametrize("name", [name for name in COVERAGE if name not in SLOW])
def test_an_interval_holds_the_truth(coverage: dict[str, float], name: str) -> None:
    assert 1 - coverage[name] <= most(0.05, RUNS)


@pytest.mark.parametrize("name", VALID)
def test_looking_all_the_time_finds_no_more_with_always_valid_intervals(looks: dict[str, float], name: str) -> None:
    assert looks[name] <= most(0.05, LOOKED_AT)


@pytest.mark.parametrize("name", FIXED)
def test_looking_all_the_time_finds_too_much_with_those_of_a_fixed_n(looks: dict[str, float], name: str) -> None:
    assert looks[name] > 0.1
