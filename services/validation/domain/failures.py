"""What kind of failure a failed turn was, by the words that the platform gives as its reason, and words out of role."""

import re
from typing import Literal

Kind = Literal["refused", "cut_off", "unreadable", "not_answered"]
_REFUSED = re.compile(r"\brefused\b|content filter", re.IGNORECASE)
_CUT_OFF = re.compile(r"cut off", re.IGNORECASE)
_NOT_ANSWERED = re.compile(
    r"budget|timed? ?out|time-out|did not answer|not reach|unavailable|no reason|waits for this turn|given up|"
    r"rate limit|\b(429|5\d\d)\b",
    re.IGNORECASE,
)
_OUT_OF_ROLE = re.compile(
    r"\b(as an? (ai|assistant|(large )?language model)|i(?:['’]m| am) an? (ai|(large )?language model)|as a simulated|"
    r"i(?:['’]m| am) sorry,? but i can(?:not|['’]t)|i can(?:not|['’]t) (assist|help with that|comply))\b",
    re.IGNORECASE,
)


def failure_kind(reason: str | None) -> Kind:
    """Refused by the model or a filter, cut off, never answered; else what came could not be read as an answer."""
    text = reason or ""
    if _REFUSED.search(text):
        return "refused"
    if _CUT_OFF.search(text):
        return "cut_off"
    return "not_answered" if not text or _NOT_ANSWERED.search(text) else "unreadable"


def speaks_out_of_role(text: str | None) -> bool:
    """True for the words of an assistant in the mouth of a person."""
    return text is not None and _OUT_OF_ROLE.search(text) is not None
