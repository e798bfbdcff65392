"""What the ledger teaches, and which calibration counts."""

from datetime import UTC, datetime

import pytest

from libs.stats.shipped import shipped
from services.validation.domain.ledger.entries import Entry, entry_from
from services.validation.domain.ledger.fitting import calibrated, choose, fit, leave_out, view
from tests.support.twins import outcomes_by_simulator

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def entry(study: str, human: float, simulated: float, **more: object) -> Entry:
    fields = {
        "human_mean": human,
        "human_sd": 1.0,
        "simulated_mean": simulated,
        "simulated_sd": 0.5,
        "simulated_n": 200,
    }
    known = {"outcome": "q", "simulator": "m", "origin": "import", "source": "test", "recorded_at": NOW}
    return entry_from({"study": study, **known, **fields, "simulated_n": 200, **more})


def test_the_same_figures_are_the_same_entry_whoever_brings_them_and_whenever() -> None:
    one, other = entry("a", 3, 3.5), entry("a", 3, 3.5, source="elsewhere", recorded_at=datetime.now(UTC))
    assert one.id == other.id
    assert one.id != entry("a", 3, 3.6).id != entry("b", 3, 3.6).id


def test_people_who_all_answer_the_same_have_no_bias_in_their_standard_deviations() -> None:
    assert entry("a", 3, 3.5, human_sd=0.0).bias is None
    assert entry("a", 3, 3.5, human_sd=2.0).bias == 0.25
    assert fit("m", [entry("a", 3, 3.5, human_sd=0.0), entry("b", 3, 3.5)]) is None


def test_own_comparisons_count_from_ten_studies_on_and_shipped_ones_until_then() -> None:
    nine = [entry(f"s{place}", 3, 3.1 + place / 10) for place in range(9)]
    assert choose("m", nine)[1] == "borrowed"
    assert choose("GPT5", nine)[1] == "shipped"
    calibration, source = choose("m", [*nine, entry("s9", 3, 3.5)])
    assert (source, calibration.bias.studies) == ("own", 10)
    assert view("m", nine).variant == shipped().borrowed
    assert view("m", [*nine, entry("s9", 3, 3.5)]).left_out is not None


def test_effects_of_two_studies_give_a_slope_that_is_not_yet_enough() -> None:
    entries = [
        entry(f"s{place % 5}", 3, 3.2, outcome=f"q{place}", human_effect=0.2 + place / 50, simulated_effect=0.5)
        for place in range(10)
    ]
    shown = view("m", [*entries, *(entry(f"t{place}", 3, 3.1) for place in range(6))])
    assert shown.source == "own"
    assert shown.effects is not None
    assert shown.effects.slope == pytest.approx(0.58, abs=0.02)
    assert not shown.effects.is_enough


def test_a_calibrated_mean_stays_on_its_scale_and_needs_some_spread() -> None:
    calibration = shipped().variants["persona_summary"]
    low, high = (calibrated(calibration, 4.9, 0.6, 200, (1.0, 5.0)), calibrated(calibration, 3.0, 0.0, 200, (1.0, 5.0)))
    assert low is not None
    assert low.interval[1] == 5.0
    assert high is None
    given = calibrated(calibration, 3.0, 0.0, 200, None, human_sd=1.0)
    assert given is not None
    assert given.interval[1] - given.interval[0] > 2


def test_two_studies_cannot_be_left_out() -> None:
    assert leave_out([entry("a", 3, 3.1), entry("b", 3, 3.2)]) is None


def test_the_shipped_calibration_is_the_one_that_the_public_data_give() -> None:
    """The rows stay where they are; what is shipped can be derived again from them."""
    for simulator, rows in outcomes_by_simulator().items():
        entries = [
            entry(
                row.study,
                row.human_mean,
                row.simulated_mean,
                outcome=row.outcome,
                human_sd=row.human_sd,
                simulated_sd=row.simulated_sd,
                human_effect=row.human_effect,
                simulated_effect=row.simulated_effect,
            )
            for row in rows
        ]
        found, given = fit(simulator, entries), shipped().variants[simulator]
        assert found is not None
        assert found.bias.centre == pytest.approx(given.bias.centre, abs=1e-5)
        assert found.bias.between_sd == pytest.approx(given.bias.between_sd, abs=1e-4)
        assert found.effects is not None
        assert given.effects is not None
        assert found.effects.slope == pytest.approx(given.effects.slope, abs=1e-5)


def test_every_shipped_calibration_holds_nine_human_means_in_ten_and_says_how_wide_it_is() -> None:
    for left in shipped().left_out.values():
        assert left.held >= 0.90
        assert 1.0 < left.half_width < 1.55
        assert left.naive < 0.15
