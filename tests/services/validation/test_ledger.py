"""What the ledger teaches, and which calibration counts."""

from datetime import UTC, datetime
from statistics import stdev

import pytest

from libs.contracts.comparisons import MetricDeclaration
from libs.contracts.errors import InvalidError
from libs.stats.shipped import shipped
from services.validation.domain.comparison.compare import compare
from services.validation.domain.comparison.reading import read_sample
from services.validation.domain.ledger.entries import Entry, entries_in, entries_of, entry_from
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


LINE = {
    **{"study": "s", "outcome": "q", "simulator": "m", "human_mean": "3.2", "human_sd": "1.1", "human_n": "200"},
    **{"simulated_mean": "3.5", "simulated_sd": "0.6", "simulated_n": "500"},
}
SHARE = {
    **{"human_mean": "0.33", "human_sd": "0.47", "human_count": "66", "human_n": "200"},
    **{"simulated_mean": "0.4", "simulated_sd": "0.49"},
}
SCALE = {"scale_low": "1", "scale_high": "5"}


def imported(**changes: str) -> list[Entry]:
    line = {**LINE, **changes}
    return entries_in("\n".join(",".join(cells) for cells in (line.keys(), line.values())), {}, "published", NOW)


@pytest.mark.parametrize(
    ("column", "cell", "allowed"),
    [
        ("human_mean", "nan", "a number from -1,000,000,000 to 1,000,000,000"),
        ("simulated_mean", "-inf", "a number from -1,000,000,000 to 1,000,000,000"),
        ("human_mean", "1e300", "a number from -1,000,000,000 to 1,000,000,000"),
        ("human_sd", "-0.1", "a number from 0 to 1,000,000,000"),
        ("simulated_sd", "sNaN", "a number from 0 to 1,000,000,000"),
        ("human_n", "0", "a whole number from 1 to 1,000,000,000"),
        ("simulated_n", "2.5", "a whole number from 1 to 1,000,000,000"),
        ("human_effect_d", "1e308", "a number from -100 to 100"),
        ("human_count", "-1", "a whole number from 0 to 1,000,000,000"),
    ],
)
def test_a_figure_that_cannot_be_is_refused_with_what_is_allowed(column: str, cell: str, allowed: str) -> None:
    with pytest.raises(InvalidError, match=f"row 2: {column} is '{cell}', not {allowed}") as refused:
        imported(**{column: cell})
    assert refused.value.errors[0].allowed == (allowed,)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"human_sd": "1e-300"}, "the means are 0.3 apart and human_sd is 1e-300"),
        ({"human_n": "1"}, "human_sd is 1.1, but human_n is 1"),
        ({**SCALE, "human_mean": "5.1"}, "human_mean is 5.1, outside of the scale from 1 to 5"),
        ({**SCALE, "simulated_sd": "2.1"}, "simulated_sd is 2.1: on a scale from 1 to 5 it is 1.951 at most"),
        ({**SCALE, "scale_high": "1"}, "scale_low is 1, not below scale_high, which is 1"),
        ({"scale_low": "1"}, "scale_low and scale_high belong together"),
        ({**SHARE, "human_mean": "0.34"}, r"human_mean is 0.34, but human_count of human_n \(66 of 200\) is 0.33"),
        ({**SHARE, "simulated_mean": "1.2"}, "simulated_mean is 1.2, outside of the scale from 0 to 1"),
        ({**SHARE, "human_count": "201"}, "human_count is 201 and human_n is 200"),
        ({**SHARE, "human_n": ""}, "human_count is 66 and human_n is not given"),
        ({**SHARE, "human_sd": "0.52"}, "human_sd is 0.52: on a scale from 0 to 1 it is 0.4732 at most"),
    ],
)
def test_a_line_that_contradicts_itself_is_refused(changes: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidError, match=f"row 2: {told}"):
        imported(**changes)


def test_rounding_contradicts_nothing_and_what_is_checked_by_is_not_kept() -> None:
    assert len(imported(**SHARE)) == len(imported(**SCALE)) == 1
    [half] = imported(**{**SHARE, "human_count": "1", "human_n": "3", "human_sd": "0.58"})
    assert half.human_n == 3
    [widest] = imported(**{**SCALE, "human_mean": "3.0", "human_sd": "2.01", "human_n": "200"})
    assert widest.human_sd == 2.01
    assert imported(**SCALE)[0].id == imported()[0].id


def test_what_people_and_agents_choose_has_the_sample_deviation_whatever_their_numbers() -> None:
    metric = MetricDeclaration.model_validate({"name": "brand", "type": "choice", "scale": ["A", "B"]})
    human, simulated = (read_sample(metric, ["A"] * a + ["B"] * b) for a, b in ((12, 18), (120, 180)))
    [one, _] = entries_of(compare(metric, human, simulated), metric, "s", "m", NOW)
    assert one.human_sd == pytest.approx(stdev([1] * 12 + [0] * 18))
    assert one.simulated_sd == pytest.approx(stdev([1] * 120 + [0] * 180))


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
