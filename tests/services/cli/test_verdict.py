"""The printed verdict: every number beside its evidence, and no text that moves the terminal."""

import io
from typing import Any

import pytest
from rich.console import Console

from libs.contracts.evidence import (
    Analysis,
    Comparison,
    Estimate,
    Evidence,
    FactorEffect,
    NonInferiority,
    SampleRatioCheck,
)
from libs.contracts.findings import Way
from libs.contracts.protocol import NO_USAGE
from services.cli.verdict import clean, simulated, verdict

BETTER: dict[str, Way] = {"open_rate": "higher", "annoyance": "lower"}
CAVEAT = "Uncalibrated: read the direction, not the size."
CHECK = SampleRatioCheck(planned={"a": 62, "b": 63}, completed={"a": 62, "b": 63}, p_value=0.93, is_flagged=False)
EVIDENCE = Evidence(
    grade="C",
    effective_n=15.2,
    effective_n_basis="Median of 163 paired outcomes.",
    caveat=CAVEAT,
    clusters=125,
    attrition={"a": 0.0, "b": 0.0},
    sample_ratio=CHECK,
    correction="Holm over 1 comparison",
    looks=1,
)


def estimate(arm: str, value: float | None, **changes: Any) -> Estimate:
    base = {
        "metric": "open_rate",
        "option": None,
        "arm": arm,
        "measure": "proportion",
        "n": 62,
        "value": value,
        "standard_deviation": None,
        "interval": None if value is None else (value - 0.1, value + 0.1),
        "confidence_level": 0.95,
        "method": "Wilson",
        "evidence": EVIDENCE,
    }
    return Estimate.model_validate(base | changes)


COMPARISON = Comparison(
    metric="open_rate",
    option=None,
    role="primary",
    arm="b",
    baseline="a",
    difference=0.21,
    interval=(0.04, 0.37),
    confidence_level=0.95,
    relative_lift=0.5,
    relative_lift_interval=None,
    effect_size=0.4,
    effect_size_name="Cohen's h",
    p_value=0.01,
    p_adjusted=0.0004,
    method="two proportions",
    finding="higher",
    evidence=EVIDENCE,
)


def analysis(**changes: Any) -> dict[str, Any]:
    base = Analysis(
        plan_hash="ab" * 32,
        plan_frozen_at=None,
        model="offline",
        assigned={"a": 62, "b": 63},
        answered={"a": 62, "b": 63},
        failed={"a": 0, "b": 0},
        estimates=(estimate("a", 0.42), estimate("b", 0.63)),
        comparisons=(COMPARISON,),
        sample_ratio=CHECK,
        verdict="b is opened more often than a (grade C).",
        usage=NO_USAGE,
    )
    return base.model_copy(update=changes).model_dump(mode="json")


def printed(document: dict[str, Any], width: int = 132) -> str:
    output = io.StringIO()
    Console(file=output, width=width, highlight=False).print(verdict(document, BETTER, width))
    return output.getvalue()


def test_estimates_comparison_grade_effective_n_and_caveat_are_printed() -> None:
    text = printed(analysis())
    assert "b is opened more often than a (grade C)." in text
    assert "42.0% [32.0%, 52.0%]" in text
    assert "+21.0 pp [+4.0, +37.0]" in text
    assert "+50%" in text
    assert "< 0.001" in text
    row = next(line for line in text.splitlines() if "+21.0 pp" in line)
    assert "higher" in row
    assert "C, 15.2" in row
    assert CAVEAT in text
    assert "Plan abababababab" in text


def test_who_was_simulated_is_printed_with_what_was_not_understood() -> None:
    told = {
        "name": "Custom\x1b[2Jers",
        "size": 1_250,
        "made": "Drawn from uk_demographics with seed 7.",
        "described_as": None,
        "weights": None,
        "eligible": ["adults"],
        "margins": [],
        "segments": [
            {"name": "families", "size": 60, "particularities": "parents [red]", "not_understood": ["of [red]"]},
            {"name": "others", "size": 9, "particularities": None, "not_understood": None},
        ],
    }
    output = io.StringIO()
    Console(file=output, width=132, highlight=False).print(simulated(told))
    assert output.getvalue().splitlines() == [
        "Custom [2Jers: 1,250 people. Drawn from uk_demographics with seed 7.",
        "Who could be drawn: adults",
        "  families (60): parents [red]",
        "  Not understood, so nobody was drawn by it: of [red]",
        "  others (9)",
    ]


def test_a_mean_is_printed_with_its_scale_and_with_how_many_gave_it() -> None:
    liked = {"metric": "liked", "measure": "mean", "interval": (4.7, 5.6), "scale": (1, 10), "n": 12}
    text = printed(analysis(estimates=(estimate("a", 0.42), estimate("a", 5.5, **liked)), comparisons=()))
    row = next(line for line in text.splitlines() if "liked" in line)
    assert "liked (1 to 10)" in row
    assert "5.50 [4.70, 5.60] n = 12" in row


def test_options_are_printed_in_words() -> None:
    price = {"metric": "price_perception", "option": "too_cheap"}
    of_both = (estimate("a", 0.42, **price), estimate("b", 0.63, **price))
    text = printed(analysis(estimates=of_both, comparisons=(COMPARISON.model_copy(update=price),)))
    assert text.count("price perception: too cheap") == 2


def test_no_line_is_empty_where_there_is_no_plan() -> None:
    assert not printed(analysis(plan_hash=None)).endswith("\n\n")


def test_a_metric_nobody_answered_has_no_number() -> None:
    text = printed(analysis(estimates=(estimate("a", None), estimate("b", 0.63)), comparisons=()))
    row = next(line for line in text.splitlines() if "open rate" in line)
    assert "–" in row
    assert CAVEAT in text


def test_unequal_losses_and_failures_are_said_aloud() -> None:
    flagged = CHECK.model_copy(update={"is_flagged": True})
    text = printed(analysis(sample_ratio=flagged, failed={"a": 3, "b": 1}))
    assert "lost people unequally" in text
    assert "4 turns failed" in text


def test_text_of_others_can_neither_move_the_cursor_nor_style_itself() -> None:
    assert clean("evil\x1b[2Jname\nnext") == "evil [2Jname next"
    text = printed(analysis(verdict="[red]b\x1b[31m is better[/red]"))
    assert "\x1b" not in text
    assert "[red]b [31m is better[/red]" in text


def test_names_that_look_like_markup_are_printed_as_they_are() -> None:
    odd = COMPARISON.model_copy(update={"arm": "[bold]b[/]", "metric": "[/red]"})
    assert "[bold]b[/]" in printed(analysis(comparisons=(odd,)))


def test_eighty_columns_are_enough() -> None:
    long = {"metric": "main_worry", "option": "spending too much", "arm": "time_saved_by_one_tap"}
    text = printed(analysis(comparisons=(COMPARISON, COMPARISON.model_copy(update=long))), width=80)
    assert text.count("C, 15.2") == 2
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    for part in ("+21.0 pp", "[+4.0, +37.0]", "higher", "< 0.001", "C, 15.2"):
        assert part in text


def test_metrics_and_arms_are_said_in_words_as_in_the_verdict_above_them() -> None:
    named = {"metric": "open_rate", "arm": "cheap_mail", "baseline": "dear_mail"}
    told = (estimate("dear_mail", 0.42, metric="open_rate"), estimate("cheap_mail", 0.63, metric="open_rate"))
    text = printed(analysis(estimates=told, comparisons=(COMPARISON.model_copy(update=named),)))
    assert "Differences from dear mail" in text
    assert "open rate (primary): cheap mail" in text
    assert "_" not in text


def test_a_ranking_says_what_its_numbers_are() -> None:
    place = estimate("a", 1.8, metric="priorities", option="cheaper_fares", measure="mean_rank", interval=(1.5, 2.1))
    row = next(line for line in printed(analysis(estimates=(place,))).splitlines() if "cheaper" in line)
    assert "priorities: cheaper fares (mean place, 1 is first)" in row
    assert "1.80" in row


def test_a_lower_mean_rank_is_called_ranked_better() -> None:
    ranked = {"metric": "priorities", "option": "cheaper_fares"}
    places = tuple(estimate(arm, value, measure="mean_rank", **ranked) for arm, value in (("a", 2.55), ("b", 1.76)))
    better = COMPARISON.model_copy(update={**ranked, "difference": -0.79, "interval": (-1, -0.6), "finding": "lower"})
    row = next(
        line for line in printed(analysis(estimates=places, comparisons=(better,))).splitlines() if "-0.79" in line
    )
    assert "ranked better" in row
    assert "lower" not in row


@pytest.mark.parametrize(
    ("finding", "is_non_inferior", "says"),
    [
        ("higher", None, "higher: harm"),
        ("lower", None, "lower"),
        ("no_clear_difference", False, "no clear difference, harm not ruled out"),
        ("no_clear_difference", True, "no clear difference, harm ruled out"),
    ],
)
def test_what_is_known_of_the_harm_to_a_guardrail_stands_beside_its_finding(
    finding: str, is_non_inferior: bool | None, says: str
) -> None:
    test = is_non_inferior is not None and NonInferiority(
        margin=0.05, p_value=0.5, is_non_inferior=is_non_inferior, method="two one-sided tests"
    )
    guard = {"metric": "annoyance", "role": "guardrail", "finding": finding, "non_inferiority": test or None}
    text = printed(analysis(comparisons=(COMPARISON.model_copy(update=guard),)), width=160)
    row = next(line for line in text.splitlines() if "annoyance (guardrail)" in line)
    assert row.split("< 0.001")[1].split("C, 15.2")[0].strip() == says


def test_main_effects_of_a_factorial_are_printed() -> None:
    effect = FactorEffect(
        metric="open_rate",
        option=None,
        factor="perk",
        level="pay",
        reference="none [bold]",
        difference=-0.048,
        interval=(-0.078, -0.019),
        confidence_level=0.95,
        p_value=0.002,
        p_adjusted=0.004,
        finding="lower",
        method="contrast",
        evidence=EVIDENCE,
    )
    row = next(
        line for line in printed(analysis(factor_effects=(effect,))).splitlines() if "perk pay vs none [bold]" in line
    )
    assert "-4.8 pp [-7.8, -1.9]" in row
    assert "0.004" in row
    assert "lower" in row
    assert "C, 15.2" in row
