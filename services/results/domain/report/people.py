"""Who was simulated, and what was said of them that drew nobody."""

from libs.contracts.names import in_words
from libs.pages.elements import facts, said, table
from libs.pages.markup import EMPTY, Html, join, tag
from services.results.domain import people, wording
from services.results.domain.findings import Findings
from services.results.domain.people import People
from services.results.domain.report.parts import section

LEAD = (
    "The population as it was asked for and drawn. None of these people exist; where words were not understood, a "
    "segment is not what it is called."
)
REST = "everybody else"


def population(findings: Findings) -> Html:
    """Nothing where no more than the population's id is known."""
    found = findings.study.people
    if found is None:
        return EMPTY
    listing = facts((name, said(words)) for name, words in people.facts(found))
    return section(findings, "people", "People", LEAD, _unread(found), listing, _segments(found))


def _unread(found: People) -> Html:
    parts = people.unread(found)
    if not parts:
        return EMPTY
    items = [tag("li", tag("b", said(segment)), ": ", said(words)) for segment, words in parts]
    head = tag("p", tag("b", "Not understood, so nobody was drawn by it:"), class_="alarm")
    return join(head, tag("ul", *items))


def _segments(found: People) -> Html:
    if not found.segments:
        return EMPTY
    rows = [
        (
            said(in_words(one.name)),
            one.size,
            said(one.particularities or wording.NOTHING),
            said(", ".join(one.fragments or ()) or wording.NOTHING),
        )
        for one in found.segments
    ]
    rest = [(REST, found.rest, wording.NOTHING, wording.NOTHING)] if found.rest else []
    head = ("Segment", "People", "Described as", "Fragments")
    return table("Segments", head, [*rows, *rest], numbers_from=len(head))
