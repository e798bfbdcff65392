"""A few individuals in their own words; a fixed spread over the arms, not the most striking ones."""

from collections.abc import Sequence

from libs.contracts.names import in_words, titled
from libs.pages.elements import said
from libs.pages.markup import EMPTY, Html, tag
from services.results.domain import wording
from services.results.domain.findings import Findings
from services.results.domain.records import Profile, Turn
from services.results.domain.report.parts import chip, section

MOST = 8
PERSONA = ("age", "gender", "occupation", "employment", "education", "marital_status", "region")


def voices(findings: Findings) -> Html:
    """Evenly spaced agents of each arm."""
    cards = [_card(findings, turn) for turn in choose(findings.gathered.voices, findings.arms)]
    lead = (
        "Evenly spaced over the arms by agent number, not picked for effect. These people do not exist: the words "
        "are a model's, made from the persona above them."
    )
    return section(findings, "voices", "Voices", lead, tag("div", *cards, class_="cards"))


def choose(turns: Sequence[Turn], arms: Sequence[str], most: int = MOST) -> list[Turn]:
    """At most this many answered turns with words, as evenly spread over arms and agents as can be."""
    speaking = [turn for turn in turns if turn.is_answered and turn.response]
    shown = min(most, len(speaking))
    chosen: list[Turn] = []
    for index, arm in enumerate(arms):
        own = [turn for turn in speaking if turn.arm == arm]
        quota = min(len(own), (shown - len(chosen)) // (len(arms) - index) or 1)
        chosen += [own[place * len(own) // quota] for place in range(quota)] if quota else []
    return chosen[:most]


def persona_line(segment: str | None, profile: Profile) -> str:
    """Age, gender, occupation, … as far as they are known, four at most; else whatever is."""
    known = [key for key in PERSONA if key in profile] or sorted(profile)[:4]
    parts = [str(profile[key]) for key in known[:4]]
    return " · ".join([*parts, *([in_words(segment)] if segment else [])])


def _card(findings: Findings, turn: Turn) -> Html:
    head = tag("p", tag("b", said(turn.name)), " ", tag("span", turn.agent_id, class_="quiet"))
    line = tag("p", said(persona_line(turn.segment, turn.demographic_profile)), class_="quiet")
    quote = tag("blockquote", said(turn.response or ""))
    reasoning = (
        tag("p", tag("span", "thought ", class_="eyebrow"), said(turn.reasoning), class_="thought")
        if turn.reasoning
        else EMPTY
    )
    given = [(i.name, turn.answers[i.name]) for i in findings.study.instruments if i.name in turn.answers]
    answers = [
        tag("span", said(titled(name)), " ", tag("b", said(wording.answer(value))), class_="answer")
        for name, value in given
    ]
    return tag(
        "article",
        chip(findings, turn.arm),
        head,
        line,
        quote,
        reasoning,
        tag("p", *answers, class_="answers"),
        class_="card voice",
    )
