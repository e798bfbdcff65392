"""Engagement and sentiment by arm, and what goes with who people are: exploratory, without a test."""

from libs.contracts.names import in_words, titled
from libs.pages.elements import said, table
from libs.pages.markup import EMPTY, Html
from services.results.domain import wording
from services.results.domain.description import Description
from services.results.domain.findings import Findings
from services.results.domain.moods import stands_out
from services.results.domain.report.parts import chip, section
from services.results.domain.report.plots import together

MOST = 12
LEAD = (
    "Engagement is a scale of our own from 0 to 1 (answered, how far the funnel went, how strongly felt, how sure, how "
    "much was said); sentiment is stated, from -1 to 1. Below: which attributes of people go with which metric, "
    "strongest first, where it is more than three times what pairings at random would show. Nobody planned these "
    "comparisons."
)


def moods(findings: Findings, description: Description) -> Html:
    """Both tables."""
    if not description.moods:
        return EMPTY
    head = ("Arm", "Engagement", "Interval", "Sentiment", "Interval", "Negative", "Neutral", "Positive")
    rows = [
        (
            chip(findings, mood.arm),
            wording.number(mood.engagement.value),
            wording.estimate_interval("mean", mood.engagement.interval),
            wording.number(mood.sentiment.value),
            wording.estimate_interval("mean", mood.sentiment.interval),
            mood.negative,
            mood.neutral,
            mood.positive,
        )
        for mood in description.moods
    ]
    by_arm = table("Engagement and sentiment by arm", head, rows, numbers_from=1)
    return section(
        findings, "moods", "Engagement and sentiment", LEAD, by_arm, together(findings), _associations(description)
    )


def _associations(description: Description) -> Html:
    strongest = sorted(description.associations, key=lambda one: (one.by_chance - abs(one.value), one.attribute))
    rows = [
        (
            said(in_words(one.attribute)),
            said(titled(one.metric, one.option)),
            wording.number(one.value),
            wording.number(one.by_chance),
            one.n,
        )
        for one in strongest[:MOST]
        if stands_out(one.value, one.by_chance)
    ]
    head = ("Attribute", "Metric", "Strength", "By chance", "n")
    return table("What goes with who people are", head, rows, numbers_from=2) if rows else EMPTY
