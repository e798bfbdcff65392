"""The offline model as a probability model: what it draws is what it says is true."""

import math

import pytest

from libs.contracts.instruments import Instrument, MetricType
from services.models.domain.offline.laws import Binary, Choice, Law, Numeric, Ordinal, Ranking
from services.models.domain.offline.noise import Noise

DRAWS = 4_000
OPTIONS = {"a": 0.0, "b": 0.8, "c": -0.5, "d": 0.3}


def _draws(law: Law) -> list[object]:
    return [law.draw(Noise(f"call {i}"), "metric") for i in range(DRAWS)]


def _close(values: list[float], expected: float) -> bool:
    """Within 4.5 standard errors: fails by chance about once in 150,000 (and the draws are seeded)."""
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    return abs(mean - expected) <= 4.5 * math.sqrt(variance / len(values)) + 1e-9


@pytest.mark.parametrize("location", [-3.0, -0.4, 0.0, 1.7])
@pytest.mark.parametrize(
    "law_of",
    [
        Binary,
        lambda location: Ordinal(location, 1, 10),
        lambda location: Ordinal(location, -2, 2),
        lambda location: Ordinal(location, 4, 4),
        lambda location: Numeric(location, 0.0, 30.0),
        lambda location: Numeric(location, -5.0, 1_000.0),
    ],
)
def test_the_mean_of_many_draws_is_the_expectation(law_of, location):
    law = law_of(location)
    assert _close([float(draw) for draw in _draws(law)], law.expected()[None])


def test_each_option_is_chosen_as_often_as_expected():
    law = Choice(OPTIONS)
    draws = _draws(law)
    assert math.isclose(sum(law.expected().values()), 1.0)
    for option, share in law.expected().items():
        assert _close([float(draw == option) for draw in draws], share)


def test_each_option_has_the_mean_rank_expected():
    law = Ranking(OPTIONS)
    draws = _draws(law)
    assert all(sorted(draw) == sorted(OPTIONS) for draw in draws)
    for option, rank in law.expected().items():
        assert _close([float(draw.index(option) + 1) for draw in draws], rank)


def test_the_margin_of_a_yes_is_its_probability():
    law = Binary(0.9)
    assert law.margin(True) == law.expected()[None]
    assert law.margin(False) == pytest.approx(1 - law.margin(True))


def _mean(probabilities):
    return math.fsum(float(value) * share for value, share in probabilities.items())


@pytest.mark.parametrize("location", [-2.0, 0.0, 0.7])
def test_the_probabilities_of_a_law_have_its_expectation(location):
    assert Binary(location).probabilities()["true"] == Binary(location).expected()[None]
    for law in (Ordinal(location, 1, 7), Ordinal(location, -3, 3), Ordinal(location, 2, 2)):
        assert math.isclose(math.fsum(law.probabilities().values()), 1.0)
        assert math.isclose(_mean(law.probabilities()), law.expected()[None], abs_tol=1e-12)
    choice = Choice({"a": location, "b": 0.4})
    assert choice.probabilities() == choice.expected()


@pytest.mark.parametrize("extreme", [-800.0, 800.0])
def test_extreme_utilities_do_not_overflow(extreme):
    noise = Noise("call")
    assert Binary(extreme).draw(noise, "m") is (extreme > 0)
    assert Ordinal(extreme, 1, 7).draw(noise, "m") == (7 if extreme > 0 else 1)
    assert 0.0 <= Numeric(extreme, 0.0, 1.0).draw(noise, "m") <= 1.0
    assert Choice({"x": extreme, "y": -extreme}).draw(noise, "m") == ("x" if extreme > 0 else "y")
    assert math.isfinite(Numeric(extreme, -1e308, 1e308).expected()[None])


def test_errors_of_different_calls_and_metrics_are_uncorrelated():
    first = [Noise(f"call {i}").logistic("open_rate") for i in range(DRAWS)]
    for other in (
        [Noise(f"call {i}").logistic("click_through") for i in range(DRAWS)],
        [Noise(f"call {i + 1}").logistic("open_rate") for i in range(DRAWS)],
    ):
        covariance = math.fsum(a * b for a, b in zip(first, other, strict=True)) / DRAWS
        assert abs(covariance) < 4.5 * (math.pi**2 / 3) / math.sqrt(DRAWS)


def test_every_type_has_a_law():
    from services.models.domain.offline.mind import meet

    mind = meet({}, "Hello")
    for kind in MetricType:
        instrument = Instrument(
            name="m",
            type=kind,
            question="?",
            minimum=None,
            maximum=None,
            options=("x", "y") if kind in {MetricType.CHOICE, MetricType.RANKING} else (),
            requires=None,
            role="secondary",
        )
        law = mind.law(instrument)
        assert law is not None
        assert law.draw(Noise("call"), "m") is not None
