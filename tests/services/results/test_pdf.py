"""What a reader of the PDF alone must be able to tell: when, against what, what was shown and asked, how sure."""

from dataclasses import replace

from libs.contracts.planning import MainEffect
from services.results.domain import wording
from services.results.service.files.pdf import to_pdf
from services.results.service.files.spreadsheet import XlsxRows
from tests.services.results import build
from tests.services.results.test_files import pages, sheet_names, strings
from tests.services.results.test_losses import two_arms
from tests.services.results.test_shown import journey
from tests.services.results.told import Told, analyse, file_of, findings

FACTORS = ("plain-cheap", "plain-dear", "bold-cheap", "bold-dear")


def words(found: Told) -> str:
    """All that stands in it, as one line."""
    return b" ".join(pages(to_pdf(found))).decode("latin-1").replace("\\(", "(").replace("\\)", ")")


def factorial(gap: float = 10.0) -> Told:
    """Four arms; only the style makes a difference, of this size."""
    weights = [dict(zip(FACTORS, one, strict=True)) for one in ((-0.5, -0.5, 0.5, 0.5), (-0.5, 0.5, -0.5, 0.5))]
    contrasts = tuple(
        MainEffect(factor=factor, level=level, reference=reference, weights=one)
        for (factor, level, reference), one in zip(
            (("style", "very_bold", "plain"), ("price", "dear", "cheap")), weights, strict=True
        )
    )
    spent = build.instrument("money_spent", "numeric", role="primary", minimum=0, maximum=100)
    study = build.study(build.plan(FACTORS, [spent], dict.fromkeys(FACTORS, 25), contrasts=contrasts))
    turns = [build.turn(i, FACTORS[i % 4], {"money_spent": 40.0 + gap * (i % 4 > 1) + i % 7}) for i in range(100)]
    return findings(study, turns)


def test_it_says_when_it_was_analysed_and_what_is_the_baseline() -> None:
    said = words(findings(*build.campaign()))
    for part in ("analysed 22 November 2026, 09:00 UTC", "baseline emotional appeal", "emotional appeal (baseline)"):
        assert part in said


def test_it_says_what_was_shown_and_asked() -> None:
    study, turns = build.campaign()
    said = words(findings(study, turns))
    for part in ("miss out on transforming your health...", build.EMAILS["rational_appeal"]):
        assert part in said
    question = study.instruments[0].question
    assert question[:20] in said
    shown = words(findings(build.study(journey()), []))
    assert "reminder" in shown
    assert "only those whose click through at welcome mail is no" in shown
    assert "[cut here; the report in HTML has all 1,200" in shown


def test_it_has_p_values_raw_and_corrected_with_what_they_cannot_say() -> None:
    found = findings(*build.campaign())
    said = words(found)
    assert found.analysis is not None
    for one in found.analysis.comparisons:
        assert wording.p_value(one.p_value) in said
        assert wording.p_value(one.p_adjusted) in said
    assert "would these simulated arms differ again?" in said
    assert "Error rate: 0.05" in said


def test_main_effects_of_a_factorial_design_are_in_it_and_in_the_verdict() -> None:
    found = factorial()
    said = words(found)
    assert "Main effects, over all levels of the other factors" in said
    assert "style: very bold against" in said
    assert found.analysis is not None
    told = "; over all other factors money spent is higher with style very bold than with plain (+9.90, 95% interval"
    assert told in found.analysis.verdict
    assert "; no clear main effect of price — " in found.analysis.verdict


def test_the_workbook_has_main_effects_and_doubts_too() -> None:
    book = file_of(XlsxRows, factorial())
    assert "main_effects" in sheet_names(book)
    assert {"style", "very_bold", "plain"} <= set(strings(book))
    lost = strings(file_of(XlsxRows, findings(*two_arms(40))))
    assert "40% of those asked gave no answer to bought, enough to change what was found" in lost
    assert "doubt: caution" in lost


def test_where_no_factor_matters_the_verdict_says_so_and_elsewhere_it_speaks_of_none() -> None:
    none = factorial(gap=0.0).analysis
    assert none is not None
    assert "; no clear main effect of style or price — " in none.verdict
    assert "main effect" not in analyse(*build.campaign()).verdict


def test_a_heading_stands_on_the_page_of_what_it_is_of() -> None:
    asked = [build.instrument(f"metric_{n}", role="secondary" if n else "primary") for n in range(14)]
    study = build.study(build.plan(("a", "b"), asked, {"a": 9, "b": 9}))
    turns = [build.turn(i, "ab"[i % 2], {one.name: i % 3 == 0 for one in asked}) for i in range(18)]
    shown = [one.decode("latin-1") for one in pages(to_pdf(findings(study, turns)))]
    [differences] = [page for page in shown if "Differences from the baseline" in page]
    assert "metric 0" in differences.partition("Error rate")[2]
    [answers] = [page for page in shown if " Answers " in page]
    assert "metric 0, a" in answers.partition(" Answers ")[2]


def test_a_conversation_without_metrics_has_no_empty_parts() -> None:
    study = build.study(None, instruments=())
    said = words(findings(study, [build.turn(n, "all", {}) for n in range(3)]))
    assert "Estimates" not in said
    assert "Answers" not in said


def test_a_verdict_is_never_cut_however_long_names_are() -> None:
    study, turns = build.campaign()
    assert study.plan is not None
    long = {arm.name: f"{arm.name} " + "of a very long name " * 12 for arm in study.plan.arms}
    arms = tuple(arm.model_copy(update={"name": long[arm.name]}) for arm in study.plan.arms)
    planned = {long[arm]: n for arm, n in study.plan.planned_n.items()}
    plan = study.plan.model_copy(update={"arms": arms, "planned_n": planned})
    found = findings(replace(study, plan=plan), [replace(turn, arm=long[turn.arm]) for turn in turns])
    assert found.analysis is not None
    assert len(found.analysis.verdict) > 600
    assert "effective n 0: no evidence about real people." in words(found).partition("Simulated respondents: every")[0]


def test_texts_of_any_length_fit_on_pages() -> None:
    options = tuple(f"option {n} {'x' * 90}" for n in range(50))
    asked = build.instrument("pick", "choice", role="primary", question="Which is it? " * 300, options=options)
    study = build.study(build.plan(("a", "b"), [asked], {"a": 5, "b": 5}))
    turns = [build.turn(i, "ab"[i % 2], {"pick": options[i % 3]}) for i in range(10)]
    assert "option 0" in words(findings(study, turns))
