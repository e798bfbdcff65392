"""Findings as people read them. The values of the API stay `higher` and `lower`; of a mean rank lower is better.

A guardrail is there to be unharmed, so no clear difference is not enough of it: what was planned is its margin.
"""

from typing import Literal

from libs.contracts.evidence import Comparison
from libs.contracts.names import in_words

CLEAR = ("higher", "lower")
Way = Literal["higher", "lower"]
Harm = Literal["shown", "not_ruled_out", "ruled_out"]


def finding_in_words(measure: str, finding: str) -> str:
    """`higher`, `no clear difference`; of a mean rank, where 1 is the best place, `ranked better` or `ranked worse`."""
    if measure == "mean_rank" and finding in CLEAR:
        return "ranked better" if finding == "lower" else "ranked worse"
    return in_words(finding)


def harm_of(one: Comparison, finding: str, good: Way | None) -> Harm | None:
    """What is known of the harm to a guardrail with this finding; None of anything else, and where nothing is known.

    A harm below the margin is none, clear or not. Where people answered, their interval says whether it may reach it.
    """
    if one.role != "guardrail" or one.is_control or good is None:
        return None
    test, is_shown = one.non_inferiority, finding in CLEAR and finding != good
    if test is None:
        return "shown" if is_shown else None
    is_below = test.is_non_inferior
    if one.about_people is not None:
        low, high = one.about_people.interval
        is_below = (-low if good == "higher" else high) < test.margin
    return "ruled_out" if is_below else "shown" if is_shown else "not_ruled_out"


def left_open(one: Comparison, good: Way, *, is_share: bool) -> str:
    """How bad a guardrail may be, whose harm is not ruled out: `may be lower by 0.3 or more`."""
    assert one.non_inferiority is not None
    margin = one.non_inferiority.margin
    size = f"{margin * 100:g} pp" if is_share else f"{margin:g}"
    return f"may be {'lower' if good == 'higher' else 'higher'} by {size} or more"
