"""How the study went and what it was: losses by arm, failures, the frozen plan, and what is needed to run it again."""

from collections import Counter

from libs.contracts.names import in_words
from libs.pages.charts import bar
from libs.pages.elements import facts, said, table
from libs.pages.markup import Html, join, tag
from services.results.domain import wording
from services.results.domain.findings import FORMAT, Findings
from services.results.domain.report.parts import chip, colour_of, section


def health(findings: Findings) -> Html:
    """Did everybody who was assigned answer, and equally in every arm?"""
    heads, check = findings.heads, findings.evidence.sample_ratio
    rows = [
        (
            chip(findings, arm),
            tag("div", _completion(findings, arm), class_="mini"),
            heads.assigned[arm],
            heads.answered[arm],
            heads.failed[arm],
            wording.percent(findings.evidence.attrition.get(arm)),
        )
        for arm in findings.arms
    ]
    head = ("Arm", "", "Assigned", "Answered", "Failed", "Attrition")
    body = table("Agents by arm", head, rows, numbers_from=2)
    lead = "Arms that lose different people are no longer comparable, whatever their numbers say."
    return section(
        findings, "health", "Health", lead, body, _ratio(check.p_value, check.is_flagged), _failures(findings)
    )


def plan(findings: Findings) -> Html:
    """What was fixed before anybody saw anything."""
    frozen = findings.study.plan
    if frozen is None:
        lead = "This simulation had no intervention: nothing was planned or compared, and everybody is in one arm."
        return section(findings, "plan", "Plan", lead)
    lead = (
        f"Frozen {frozen.frozen_at:%-d %B %Y, %H:%M:%S} UTC, before the first exposure; the hash is of this very plan."
    )
    listing = facts(
        (
            ("Plan hash (SHA-256)", tag("code", findings.study.plan_hash)),
            ("Design", f"{frozen.design} agents, assigned at random with seed {frozen.seed}"),
            ("Target segments", said(in_words(", ".join(frozen.target_segments)) or "everybody")),
            ("Planned n", said(", ".join(f"{in_words(arm)} {n:,}" for arm, n in frozen.planned_n.items()))),
            ("Error rate", f"{frozen.alpha:g}"),
            ("Correction", said(frozen.correction)),
            ("Stopping rule", said(frozen.stopping_rule)),
        )
    )
    return section(findings, "plan", "Plan", lead, listing)


def provenance(findings: Findings) -> Html:
    """What this run was, to the last number that matters for repeating it."""
    study, usage = findings.study, findings.gathered.usage
    models = findings.gathered.models or (study.model,)
    listing = facts(
        (
            ("Model asked for", said(study.model)),
            ("Model that answered", said(", ".join(models))),
            ("Seed", f"{study.seed}"),
            ("Looks at the data", f"{findings.evidence.looks}"),
            ("Model calls", f"{usage.calls:,} new, {usage.cached_calls:,} from the ledger"),
            ("Tokens", f"{usage.prompt_tokens:,} in, {usage.completion_tokens:,} out"),
            ("Cost", f"{usage.cost_usd:,.2f} USD"),
            ("Simulation", tag("code", study.simulation_id)),
            ("Intervention", tag("code", study.intervention_id or wording.NOTHING)),
            ("Population", tag("code", study.population_id)),
            ("Version", f"Rehearsal {findings.version}, format {FORMAT}"),
        )
    )
    lead = "The same study with the same seed and model gives the same answers, byte for byte."
    return section(findings, "run", "Run", lead, listing)


def _completion(findings: Findings, arm: str) -> Html:
    assigned, answered = findings.heads.assigned[arm], findings.heads.answered[arm]
    label = f"{in_words(arm)}: {answered} of {assigned} answered"
    return bar(answered / assigned if assigned else 0.0, colour_of(findings, arm), label, height=12)


def _ratio(p_value: float | None, is_flagged: bool) -> Html:
    if p_value is None:
        return tag("p", "Sample ratio: nothing to check yet, or only one arm.", class_="quiet")
    words = (
        "the arms lost people unequally (alarm below 0.001). A difference may come from who is missing."
        if is_flagged
        else "no sign that the arms lost people unequally (alarm below 0.001)."
    )
    return tag(
        "p",
        tag("b", "Sample ratio "),
        f"p = {wording.p_value(p_value)}: {words}",
        class_="alarm" if is_flagged else None,
    )


def _failures(findings: Findings) -> Html:
    reasons = Counter(findings.gathered.failures)
    if not reasons:
        return tag("p", "No turn failed.", class_="quiet")
    items = [
        tag("li", said(reason), f" — {wording.plural(count, 'turn')}") for reason, count in reasons.most_common(10)
    ]
    return join(tag("h3", "Why turns failed"), tag("ul", *items))
