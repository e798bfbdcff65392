"""What to do and why, and what stands before every finding: the checks of what cannot differ."""

from libs.contracts.decision import Alarm
from libs.contracts.names import in_words, titled
from libs.pages.elements import said, table
from libs.pages.markup import EMPTY, Html, tag
from services.results.domain import wording
from services.results.domain.findings import Findings
from services.results.domain.report.parts import section

LEAD = (
    "By the rule of the plan, at the grade of now. At grade C a simulation gives a direction and nothing else; an "
    "alarm stands before every finding."
)
KINDS = {"control": "negative control", "aa": "A/A copy", "sample_ratio": "sample ratio"}


def decision(findings: Findings) -> Html:
    """The banner with its reasons, and every check whether it was raised or not."""
    found = findings.decision
    if found is None:
        return EMPTY
    reasons = tag("ul", *(tag("li", said(reason)) for reason in found.reasons))
    banner = tag("div", tag("p", said(found.headline), class_="verdict"), reasons, class_=f"panel {found.decision}")
    return section(findings, "decision", "Decision", LEAD, banner, _alarms(findings))


def _alarms(findings: Findings) -> Html:
    rows = [
        (
            KINDS[alarm.kind],
            said(titled(alarm.metric or wording.NOTHING)),
            said(in_words(alarm.arm or wording.NOTHING)),
            _state(alarm),
        )
        for alarm in findings.alarms
    ]
    head = ("What cannot differ", "Metric", "Arm", "Alarm")
    return table("Checks of what cannot differ", head, rows, numbers_from=3) if rows else EMPTY


def _state(alarm: Alarm) -> Html:
    return tag(
        "span", "raised" if alarm.is_raised else "none", class_="finding clear" if alarm.is_raised else "finding"
    )
