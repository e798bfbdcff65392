"""What a design can find, said before it runs."""

import pytest
from statsmodels.stats.power import TTestIndPower

from services.intervention.domain.power import expected_n, screen
from tests.services.intervention.test_design import made


def test_the_power_of_a_mean_is_that_of_the_t_test_at_the_strictest_step_of_the_correction() -> None:
    variants = [{"name": name, "content": name} for name in ("a", "b", "c")]
    found = screen(made(variants=variants, mde={"purchase_intent": 0.4}), {"a": 100, "b": 90, "c": 120})
    [power] = found.metrics
    assert (power.n, power.baseline_n, power.alpha) == (90, 100, pytest.approx(0.025))
    assert power.power == pytest.approx(TTestIndPower().power(0.4, 90, 0.025, ratio=100 / 90), abs=1e-6)


def test_the_needed_people_have_a_power_of_four_fifths_and_one_fewer_have_not() -> None:
    design = made(success_metrics=["sign_up_rate"], mde={"sign_up_rate": 0.12}, baseline_rates={"sign_up_rate": 0.2})
    needed = screen(design, {"a": 10, "b": 10}).metrics[0].needed_n
    assert needed is not None
    powers = [screen(design, {"a": n, "b": n}).metrics[0].power for n in (needed - 1, needed)]
    assert powers[0] is not None
    assert powers[1] is not None
    assert powers[0] < 0.8 <= powers[1]


def test_a_hopeless_design_is_said_to_be_one_with_the_people_it_would_need() -> None:
    found = screen(made(), expected_n(made(), 60))
    assert found.is_hopeless
    [warning] = found.warnings
    assert "Hopeless" in warning
    assert f"{found.metrics[0].needed_n} people in each arm" in warning


def test_a_design_that_more_likely_finds_its_effect_than_not_is_weak_below_a_power_of_four_fifths() -> None:
    needed = screen(made(), expected_n(made(), 60)).metrics[0].needed_n
    assert needed is not None
    few, enough = (screen(made(), {"a": n, "b": n}) for n in (needed - 1, needed))
    assert (few.is_hopeless, len(few.warnings)) == (False, 1)
    assert few.warnings[0].startswith("Weak: the power to find an effect of 0.2 standard deviations in purchase_intent")
    assert enough.warnings == ()


def test_a_ranking_has_the_power_of_the_place_of_an_option() -> None:
    ranking = {"name": "first", "type": "ranking", "options": ["x", "y", "z"], "question": "What comes first?"}
    [found] = screen(made(success_metrics=[ranking]), {"a": 100, "b": 100}).metrics
    assert (found.metric, found.unit, found.alpha) == ("first", "standard_deviations", pytest.approx(0.05 / 3))
    assert found.power == pytest.approx(TTestIndPower().power(0.2, 100, 0.05 / 3, ratio=1), abs=1e-6)


def test_enough_people_are_no_reason_for_a_warning() -> None:
    found = screen(made(), expected_n(made(), 2_000))
    assert (found.is_hopeless, found.warnings) == (False, ())


def test_pairing_needs_fewer_people_in_all_than_one_arm_of_a_randomised_design() -> None:
    power = screen(made(), {"a": 50, "b": 50}).metrics[0]
    assert power.needed_n is not None
    assert power.needed_n_within is not None
    assert power.needed_n_within < power.needed_n


def test_within_everybody_counts_in_every_arm() -> None:
    paired = made(design="within")
    assert expected_n(paired, 80) == {"a": 80, "b": 80}
    between, within = screen(made(), {"a": 80, "b": 80}), screen(paired, {"a": 80, "b": 80})
    assert (within.metrics[0].power or 0) > (between.metrics[0].power or 0)


def test_a_default_effect_says_that_it_is_one() -> None:
    given, assumed = (
        screen(made(mde=mde), {"a": 9, "b": 9}).metrics[0].mde_basis for mde in ({"purchase_intent": 1}, {})
    )
    assert (given, assumed.startswith("default: 0.2 standard deviations")) == ("given", True)


def test_controls_have_no_power_and_one_arm_compares_nothing() -> None:
    found = screen(made(controls=["had_breakfast"]), {"a": 50, "b": 50})
    assert [one.metric for one in found.metrics] == ["purchase_intent"]
    alone = screen(made(variants=[{"name": "a", "content": "A"}]), {"a": 50})
    assert (alone.metrics, len(alone.warnings)) == ((), 1)


def test_an_arm_of_one_has_no_power_that_could_be_computed() -> None:
    found = screen(made(), {"a": 1, "b": 0})
    assert found.metrics[0].power is None
    assert "cannot be computed" in found.warnings[0]


def test_the_power_of_a_rare_answer_is_that_of_the_exact_test_it_gets() -> None:
    rates = {"sign_up_rate": 0.01}
    design = made(success_metrics=["sign_up_rate"], mde={"sign_up_rate": 0.09}, baseline_rates=rates)
    [power] = screen(design, {"a": 30, "b": 30}).metrics
    assert power.power == pytest.approx(0.056, abs=0.001)  # the normal formula promises 0.33
    assert power.needed_n is not None
    [enough] = screen(design, {"a": power.needed_n, "b": power.needed_n}).metrics
    assert (enough.power or 0) >= 0.8
