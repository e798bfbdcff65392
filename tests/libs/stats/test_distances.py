"""Distances against scipy; their intervals and noise against what drawing many samples shows."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from libs.stats import (
    Grouped,
    Measure,
    compare_shares,
    divergence_of,
    gap_of,
    jensen_shannon,
    kolmogorov_smirnov,
    moved,
    through,
    total_variation,
    variation_of,
    wasserstein,
)

COUNTS = st.lists(st.integers(0, 500), min_size=2, max_size=8).filter(any)
PLACES = np.arange(1, 6, dtype=np.float64)
SHARES: dict[str, Measure] = {"total_variation": variation_of}
MEASURES: dict[str, Measure] = {
    "total_variation": variation_of,
    "jensen_shannon": divergence_of,
    "wasserstein": moved(PLACES),
    "kolmogorov_smirnov": gap_of,
}


@given(COUNTS, st.randoms())
def test_distances_of_shares_are_scipys(counts: list[int], draw: random.Random) -> None:
    other = draw.sample(counts, len(counts))
    shares = [[count / sum(given) for count in given] for given in (counts, other)]
    assert jensen_shannon(counts, other) == pytest.approx(jensenshannon(*shares, base=2), abs=1e-7)
    assert jensen_shannon(counts, [3 * count for count in counts]) == pytest.approx(0, abs=1e-7)
    assert total_variation(counts, other) == pytest.approx(sum(abs(p - q) for p, q in zip(*shares, strict=True)) / 2)


def test_classes_without_a_common_member_are_as_far_apart_as_can_be() -> None:
    assert total_variation([5, 0], [0, 9]) == 1
    assert jensen_shannon([5, 0], [0, 9]) == 1
    assert kolmogorov_smirnov([1, 2], [3, 4]) == 1


def test_distances_of_numbers_are_scipys() -> None:
    draw = random.Random(3)
    x, y = [draw.randint(18, 80) for _ in range(200)], [draw.randint(25, 90) for _ in range(150)]
    assert kolmogorov_smirnov(x, y) == pytest.approx(stats.ks_2samp(x, y).statistic)
    assert wasserstein(x, y) == pytest.approx(stats.wasserstein_distance(x, y))


@given(st.floats(-9, 9))
def test_a_shift_in_either_direction_moves_everybody_by_its_size(shift: float) -> None:
    x = np.array([1.0, 1.5, 4.0, 8.0])
    assert wasserstein(x + shift, x) == pytest.approx(abs(shift), abs=1e-9)


def test_nobody_is_at_no_distance() -> None:
    assert total_variation([0, 0], [1, 2]) is None
    assert jensen_shannon([1, 2], [0, 0]) is None
    assert kolmogorov_smirnov([], [1]) is None
    assert wasserstein([1], []) is None
    with pytest.raises(ValueError, match=r"^counts:"):
        compare_shares(MEASURES, [0, 0], [1, 1], seed=1)


def test_different_supports_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^baseline:"):
        total_variation([1, 2], [1])
    with pytest.raises(ValueError, match=r"^baseline:"):
        compare_shares(MEASURES, [1, 2], [1], seed=1)


@pytest.mark.parametrize(
    "truth", [[0.25, 0.25, 0.2, 0.2, 0.1], [0.1, 0.2, 0.3, 0.25, 0.15], [0.02, 0.03, 0.9, 0.03, 0.02]]
)
def test_the_interval_of_a_distance_holds_the_true_one_at_least_nine_times_in_ten(truth: list[float]) -> None:
    people, runs = np.array([0.1, 0.2, 0.3, 0.25, 0.15]), 150
    true = {name: float(measure(np.array([truth]), people[None, :])[0]) for name, measure in MEASURES.items()}
    draw, held = np.random.default_rng(3), dict.fromkeys(MEASURES, 0)
    for run in range(runs):
        found = compare_shares(MEASURES, draw.multinomial(80, truth), draw.multinomial(60, people), seed=run, draws=300)
        for name, one in found.items():
            held[name] += one.interval[0] - 1e-9 <= true[name] <= one.interval[1]
    assert {name: share / runs for name, share in held.items() if share / runs < 0.88} == {}


def test_two_samples_of_the_same_people_are_further_apart_than_their_noise_once_in_twenty() -> None:
    people, draw, runs = np.array([0.1, 0.2, 0.3, 0.25, 0.15]), np.random.default_rng(4), 200
    pairs = [(draw.multinomial(80, people), draw.multinomial(400, people)) for _ in range(runs)]
    beyond = [
        compare_shares({"tv": variation_of}, *pair, seed=run, draws=300)["tv"].p_value < 0.05
        for run, pair in enumerate(pairs)
    ]
    assert 0.01 < np.mean(beyond) < 0.11


def test_identical_samples_are_at_no_distance_and_within_their_noise() -> None:
    found = compare_shares(MEASURES, [5, 9, 20, 8, 8], [5, 9, 20, 8, 8], seed=1)
    for one in found.values():
        assert (one.value, one.corrected, one.interval[0], one.p_value) == (0, 0, 0, 1)
        assert 0 < one.noise_mean < one.noise_upper


def test_features_make_distances_of_what_the_support_stands_for() -> None:
    """Rankings a > b and b > a, seen as who is first: the same shares in another order of the support."""
    first = through(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]), variation_of)
    assert first(np.array([[0.5, 0.5, 0.0]]), np.array([[0.0, 0.5, 0.5]]))[0] == pytest.approx(0)


def test_the_same_seed_gives_the_same_interval_however_wide_the_support() -> None:
    wide = np.random.default_rng(1).integers(0, 3, 20_000)
    one, two = (compare_shares({"ks": gap_of}, wide, wide[::-1], seed=7, draws=120) for _ in range(2))
    assert one == two


def test_answers_of_one_unit_are_no_more_of_them() -> None:
    """Forty people who say five times what they said once are forty people."""
    counts, baseline = [10, 14, 16], [60, 80, 60]
    places = np.repeat([0, 1, 2], counts)
    once = compare_shares(SHARES, counts, baseline, seed=1)["total_variation"]
    five = Grouped(np.repeat(places, 5), np.repeat(np.arange(40), 5), np.full(200, 0.2), 3)
    again = compare_shares(SHARES, five, baseline, seed=1)["total_variation"]
    many = compare_shares(SHARES, [5 * count for count in counts], baseline, seed=1)["total_variation"]
    assert again.value == pytest.approx(once.value)
    assert again.noise_upper == pytest.approx(once.noise_upper, rel=0.1)
    assert many.noise_upper < 0.8 * once.noise_upper
    width = once.interval[1] - once.interval[0]
    assert again.interval[1] - again.interval[0] == pytest.approx(width, rel=0.1)
    assert many.interval[1] - many.interval[0] < 0.8 * width


def test_a_unit_counts_once_however_much_it_said() -> None:
    talkative = Grouped(np.array([0, 1, 2, 2, 2, 2]), np.array([0, 1, 2, 2, 2, 2]), np.array([1, 1, *[0.25] * 4]), 3)
    assert talkative.shares.tolist() == pytest.approx([1 / 3] * 3)
    assert compare_shares(SHARES, talkative, [5, 5, 5], seed=1)["total_variation"].value == pytest.approx(0)
