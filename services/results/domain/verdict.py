"""The one sentence a reader may quote: what differs, by how much, how sure, and what that is worth.

It never says "significant" and never leaves out that the respondents are simulated. The headline is the primary
metric's clearest comparison; the other arms on the same outcome follow, then everything else that is clear.
"""

from collections.abc import Iterator, Mapping, Sequence

from libs.contracts.evidence import AboutPeople, Analysis, Comparison, Estimate, Evidence, FactorEffect, Shift
from libs.contracts.findings import CLEAR, Way, finding_in_words, harm_of, left_open
from libs.contracts.ids import ONLY_ARM
from libs.contracts.names import capital, in_words, titled
from services.results.domain import wording

NAMED_ARMS = 4
"""Arms whose comparison on the outcome of the headline is told, with that of the headline."""
NAMED_AFTERWARDS = 2
WORTH = {
    "A": "rectified with human answers",
    "B": "calibrated on past comparisons",
    "C": "uncalibrated: direction only",
}
NO_EVIDENCE = "no evidence about real people"
UNEQUAL = "the arms lost people unequally, so the difference may come from who is missing"


def write_verdict(analysis: Analysis, overall: Evidence, better: Mapping[str, Way], *, is_paired: bool = False) -> str:
    """The verdict of an analysis whose own verdict is still empty; `overall` is the evidence of the whole study.

    `better`: which way is good, of the metrics of which it is said. `is_paired`: the same people answered in
    every arm, and are counted once.
    """
    answered = overall.clusters if is_paired else sum(analysis.answered.values())
    if answered == 0:
        asked = wording.plural(sum(analysis.assigned.values()), "simulated agent")
        return f"Nobody answered: none of {asked} finished a turn, so nothing can be concluded — {_worth(overall)}."
    if not analysis.comparisons:
        return _alone(analysis, answered, overall)
    lead = _lead(analysis.comparisons)
    if lead is None:
        return (
            f"The arms cannot be compared: too few of {_people(answered)} gave an answer that counts — "
            f"{_worth(overall)}."
        )
    arms, harmed = _other_arms(analysis, lead), _harmed(analysis, better)
    clauses = [
        _headline(analysis, lead),
        *(_arm(analysis, one) for one in arms),
        *_guardrails(analysis, harmed, better),
        *_afterwards(analysis, lead, [lead, *arms, *harmed]),
        *_main_effects(analysis),
    ]
    if lead.about_people is not None:
        clauses.append(_of_people(analysis, lead, lead.about_people))
    least = min(lead.evidence, overall, key=lambda evidence: evidence.effective_n)
    if least.grade > lead.evidence.grade:
        clauses.append(
            f"other arms are known less well than {in_words(lead.arm)}, which is grade {lead.evidence.grade}"
        )
    if analysis.sample_ratio.is_flagged:
        clauses.append(UNEQUAL)
    clauses += _lost(analysis)
    return f"{capital('; '.join(clauses))} — {_people(answered)}{_units(answered, overall)}, {_worth(least)}."


def find_estimate(analysis: Analysis, metric: str, option: str | None, arm: str) -> Estimate:
    """The estimate of an outcome in an arm; every comparison has one for each of its arms."""
    return next(e for e in analysis.estimates if (e.metric, e.option, e.arm) == (metric, option, arm))


def is_clear(one: Comparison | FactorEffect) -> bool:
    """True when the finding is a difference."""
    return one.finding in CLEAR


def _of_people(analysis: Analysis, lead: Comparison, about: AboutPeople) -> str:
    measure = find_estimate(analysis, lead.metric, lead.option, lead.arm).measure
    value = wording.difference(measure, about.value)
    interval = wording.difference_interval(measure, about.interval)
    return f"among people {value} ({wording.level(about.confidence_level)} interval {interval})"


def _alone(analysis: Analysis, answered: int, overall: Evidence) -> str:
    shown = next((e for e in analysis.estimates if e.value is not None), None)
    if shown is None:
        return f"{_people(answered)} answered; no metric of this study gives a number — {_worth(overall)}."
    same = [e for e in analysis.estimates if e.metric == shown.metric and e.arm == shown.arm and e.value is not None]
    best = max(same, key=lambda e: e.value or 0.0) if shown.measure == "proportion" else shown
    change = next((one for one in analysis.changes or () if _key(one) == _key(best)), None)
    what = titled(best.metric, best.option)
    where = "" if best.arm == ONLY_ARM else f" in the arm {in_words(best.arm)}"
    found = []
    if change is None or change.n < best.evidence.clusters:
        value = f"{wording.estimate(best.measure, best.value)}{_on_scale(best)}"
        found.append(f"{what} is {value} ({_how_sure(best)}){where}")
    if change is not None:
        start = f"no clear change in {what}: it went" if _is_unclear(change) else f"{what} went"
        found.append(f"{start} {_went(change, best)}{where}")
    clauses = [f"{found[0]}, with nothing to compare it with", *found[1:]]
    return (
        f"{capital('; '.join([*clauses, *_lost(analysis)]))} — "
        f"{_people(answered)}{_units(answered, overall)}, {_worth(best.evidence)}."
    )


def _lost(analysis: Analysis) -> list[str]:
    """People who gave no answer in all arms together, where they are many."""
    return [flag.message for flag in analysis.flags or () if flag.severity is not None]


def _key(one: Estimate | Shift) -> tuple[str, str | None, str]:
    return one.metric, one.option, one.arm


def _is_unclear(change: Shift) -> bool:
    return change.interval is not None and change.interval[0] <= 0 <= change.interval[1]


def _went(change: Shift, whole: Estimate) -> str:
    """From where to where, and how sure that is: of those alone who were asked both times, which may be few."""
    ends = [wording.estimate(change.measure, value) for value in (change.first, change.last)]
    size = wording.difference(change.measure, change.difference)
    interval = wording.difference_interval(change.measure, change.interval)
    sure = "no interval" if change.interval is None else f"{wording.level(change.confidence_level)} interval {interval}"
    return (
        f"from {ends[0]} in round {change.first_round} to {ends[1]} in round {change.last_round}"
        f"{_on_scale(whole)}, a change of {size} "
        f"({sure}; {wording.plural(change.n, 'unit')} asked both times)"
    )


def _how_sure(found: Estimate) -> str:
    if found.interval is not None:
        interval = wording.estimate_interval(found.measure, found.interval)
        return f"{wording.level(found.confidence_level)} interval {interval}"
    if found.n > 1 and found.evidence.clusters == 1:
        return "no interval, since they all heard each other and count as one"
    return f"no interval from {wording.plural(found.n, 'answer')}"


def _lead(comparisons: Sequence[Comparison]) -> Comparison | None:
    """The primary metric's comparison that is known best, then the clearest one; any other metric's when no primary one
    could be estimated. What cannot differ leads only where there is nothing else.
    """
    tested = [c for c in comparisons if not c.is_control] or comparisons
    estimable = [c for c in tested if c.finding != "not_estimable"]
    candidates = [c for c in estimable if c.role == "primary"] or estimable
    return min(
        candidates,
        key=lambda c: (
            c.evidence.grade,
            not _is_told(c),
            not is_clear(c),
            1.0 if c.p_adjusted is None else c.p_adjusted,
        ),
        default=None,
    )


def _is_told(c: Comparison) -> bool:
    """Whether a difference among people is known, of which only one side of 0 is left."""
    return c.about_people is not None and not c.about_people.interval[0] <= 0 <= c.about_people.interval[1]


def _headline(analysis: Analysis, lead: Comparison) -> str:
    arm = find_estimate(analysis, lead.metric, lead.option, lead.arm)
    baseline = find_estimate(analysis, lead.metric, lead.option, lead.baseline)
    what, tried, held = titled(lead.metric, lead.option), in_words(lead.arm), in_words(lead.baseline)
    if is_clear(lead):
        start = f"{what} is {finding_in_words(arm.measure, lead.finding)} with {tried} than with {held}"
    else:
        start = f"No clear difference in {what} between {tried} and {held}"
    size = wording.difference(arm.measure, lead.difference)
    is_of_all = lead.pairs is None or lead.pairs >= max(arm.n, baseline.n)
    among = "" if is_of_all else f" in {wording.plural(lead.pairs or 0, 'pair')}"
    return (
        f"{start}: {wording.estimate(arm.measure, arm.value)} against "
        f"{wording.estimate(arm.measure, baseline.value)}{_on_scale(arm)}, "
        f"a difference of {size}{among} ({_sure(analysis, lead, arm.measure)})"
    )


def _sure(analysis: Analysis, one: Comparison, measure: str) -> str:
    """The interval, and why there is no clear difference although it leaves out 0."""
    interval = wording.difference_interval(measure, one.interval)
    shown = f"{wording.level(one.confidence_level)} interval {interval}"
    if is_clear(one) or one.interval is None or one.interval[0] <= 0 <= one.interval[1]:
        return shown
    if one.p_value is None or one.p_value > 1 - one.confidence_level:
        return f"{shown}; its test gives p {wording.p_value(one.p_value)}"
    family = [c for c in analysis.comparisons if c.p_value is not None and bool(c.is_control) is bool(one.is_control)]
    corrected = f"after correction for {wording.plural(len(family), 'comparison')}"
    return f"{shown}; {corrected}, p {wording.p_value(one.p_adjusted)}"


def _on_scale(one: Estimate) -> str:
    return " in mean place, where 1 is first" if one.measure == "mean_rank" else wording.on_scale(one.scale)


def _other_arms(analysis: Analysis, lead: Comparison) -> list[Comparison]:
    """Those on the outcome of the headline whose comparisons are told, what is clear before what is not."""
    outcome, is_control = (lead.metric, lead.option), bool(lead.is_control)
    same = [c for c in analysis.comparisons if (c.metric, c.option) == outcome and bool(c.is_control) is is_control]
    return sorted((c for c in same if c is not lead), key=lambda c: not is_clear(c))[: NAMED_ARMS - 1]


def _arm(analysis: Analysis, one: Comparison) -> str:
    """The comparison of a further arm on the outcome of the headline."""
    arm, found = in_words(one.arm), find_estimate(analysis, one.metric, one.option, one.arm)
    if one.finding == "not_estimable":
        return f"{arm} cannot be compared"
    said = f"{finding_in_words(found.measure, one.finding)} with {arm}"
    size = wording.difference(found.measure, one.difference)
    return f"{said}: {wording.estimate(found.measure, found.value)}, {size} ({_sure(analysis, one, found.measure)})"


def _harmed(analysis: Analysis, better: Mapping[str, Way]) -> list[Comparison]:
    """Guardrails of which harm is shown, or not ruled out."""
    found = ((c, harm_of(c, c.finding, better.get(c.metric))) for c in analysis.comparisons)
    return [c for c, harm in found if harm in {"shown", "not_ruled_out"}]


def _guardrails(analysis: Analysis, harmed: Sequence[Comparison], better: Mapping[str, Way]) -> Iterator[str]:
    """The harm to each guardrail, with every arm that may do it."""
    for metric in dict.fromkeys(c.metric for c in harmed):
        mine, good = [c for c in harmed if c.metric == metric], better[metric]
        name = f"the guardrail {in_words(metric)}"
        measure = find_estimate(analysis, metric, None, mine[0].arm).measure
        for one in filter(is_clear, mine):
            size = f"{wording.difference(measure, one.difference)}, {_sure(analysis, one, measure)}"
            yield f"harm: {name} is {one.finding} with {in_words(one.arm)} than with {in_words(one.baseline)} ({size})"
        unsure = [c for c in mine if not is_clear(c)]
        if unsure:
            arms = wording.listed([in_words(c.arm) for c in unsure])
            worst = left_open(unsure[0], good, is_share=measure == "proportion")
            yield f"harm is not ruled out: {name} {worst} with {arms}"


def _afterwards(analysis: Analysis, lead: Comparison, told: Sequence[Comparison]) -> list[str]:
    """What is clear besides, of the primary metric first, and how much is not."""
    others = [c for c in analysis.comparisons if all(c is not one for one in told)]
    clear = sorted((c for c in others if is_clear(c)), key=lambda c: c.role != "primary")
    clauses = []
    if clear:
        names = [f"{titled(c.metric, c.option)} ({_finding(analysis, c)})" for c in clear[:NAMED_AFTERWARDS]]
        names += [f"{len(clear) - len(names)} more"] if len(clear) > len(names) else []
        clauses.append(f"also clear: {wording.listed(names)}")
    unclear = len(others) - len(clear)
    if unclear and (clear or is_clear(lead)):
        clauses.append(f"{wording.plural(unclear, 'other comparison')} without a clear difference")
    elif unclear:
        clauses.append("nor in any other comparison" if unclear > 1 else "nor in the other comparison")
    return clauses


def _finding(analysis: Analysis, one: Comparison) -> str:
    measure = find_estimate(analysis, one.metric, one.option, one.arm).measure
    return f"{in_words(one.arm)} {finding_in_words(measure, one.finding)}"


def _main_effects(analysis: Analysis) -> Iterator[str]:
    """Of a factorial design: what each factor does to the primary metrics, over all levels of the others."""
    primary = {c.metric for c in analysis.comparisons if c.role == "primary"}
    found = [one for one in analysis.factor_effects or () if one.metric in primary]
    clear = sorted((one for one in found if is_clear(one)), key=lambda one: one.p_value)
    for one in clear[:NAMED_AFTERWARDS]:
        measure = next(e.measure for e in analysis.estimates if (e.metric, e.option) == (one.metric, one.option))
        size = wording.difference(measure, one.difference)
        interval = (
            f"{wording.level(one.confidence_level)} interval {wording.difference_interval(measure, one.interval)}"
        )
        yield (
            f"over all other factors {titled(one.metric, one.option)} is {finding_in_words(measure, one.finding)} with "
            f"{in_words(one.factor)} {in_words(one.level)} than with {in_words(one.reference)} ({size}, {interval})"
        )
    if len(clear) > NAMED_AFTERWARDS:
        yield wording.plural(len(clear) - NAMED_AFTERWARDS, "more clear main effect")
    none = dict.fromkeys(one.factor for one in found if one.factor not in {other.factor for other in clear})
    if none:
        yield f"no clear main effect of {wording.either([in_words(factor) for factor in none])}"


def _people(count: int) -> str:
    return wording.plural(count, "simulated respondent")


def _units(answered: int, overall: Evidence) -> str:
    """How many of them count, where some heard each other."""
    return (
        "" if overall.clusters >= answered else f" who talked and count as {wording.plural(overall.clusters, 'unit')}"
    )


def _worth(evidence: Evidence) -> str:
    claim = WORTH[evidence.grade] if evidence.effective_n > 0 else NO_EVIDENCE
    return f"evidence grade {evidence.grade}, effective n {wording.whole(evidence.effective_n)}: {claim}"
