"""Ways of saying an age in English, and what years each one means.

"over 65" starts at 66, "65 and over" at 65. Figures followed by %, k or a currency are no ages.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from libs.contracts.demographics import ADULT, OLDEST

DASH = r"\s*(?:-|–|—|to|and|until|through)\s*"
UNIT = r"(?:[\s-]*(?:years?(?:[\s-]+old|[\s-]+of[\s-]+age)?|yrs?|y/?o|yo)\b)"
OLD = r"(?:[\s-]*(?:(?:years?|yrs?)[\s-]+(?:old|of[\s-]+age)|y/?o)\b)"
NUMBER = r"\d{1,3}(?!\d)(?!\s*[%k$€£])(?!,\d)"
DECADES = {"twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80}
PARTS = {"early": (0, 3), "mid": (4, 6), "late": (7, 9), "": (0, 9)}


class Said(NamedTuple):
    """One way of saying an age: its words, and how they give first and last year."""

    pattern: re.Pattern[str]
    years: Callable[[re.Match[str]], tuple[int, int]]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(
        text.replace("NUMBER", NUMBER).replace("DASH", DASH).replace("UNIT", UNIT).replace("OLD", OLD), re.IGNORECASE
    )


def _range(match: re.Match[str]) -> tuple[int, int]:
    low, high = (int(number) for number in match.groups() if number)
    return low, high


def _only(match: re.Match[str]) -> int:
    return next(int(number) for number in match.groups() if number)


def _decade(match: re.Match[str]) -> tuple[int, int]:
    part, number, word = match.groups()
    start = int(number) if number else DECADES[word.lower()]
    first, last = PARTS[(part or "").lower()]
    return start + first, start + last


WAYS: tuple[Said, ...] = (
    Said(_pattern(r"(?:^|(?<=\band\s))(NUMBER)DASH(NUMBER)UNIT?(?=\s*$|\s+and\b)"), _range),
    Said(_pattern(r"\b(?:aged?|ages|between)\s+(?:of\s+)?(?:between\s+)?(NUMBER)DASH(NUMBER)UNIT?"), _range),
    Said(_pattern(r"\b(NUMBER)DASH(NUMBER)UNIT"), _range),
    Said(
        _pattern(r"\b(?:aged?\s+)?(NUMBER)UNIT?\s*(?:\+OLD?|(?:and|or|&)\s+(?:over|older|above|up)\bOLD?)"),
        lambda match: (_only(match), OLDEST),
    ),
    Said(_pattern(r"\b(?:at least|from|minimum)\s+(?:aged?\s+)?(NUMBER)UNIT"), lambda match: (_only(match), OLDEST)),
    Said(
        _pattern(r"\b(?:aged?\s+)?(NUMBER)UNIT?\s+(?:and|or|&)\s+(?:under|younger|below)\b"),
        lambda match: (0, _only(match)),
    ),
    Said(_pattern(r"\b(?:at most|up to|maximum)\s+(?:aged?\s+)?(NUMBER)UNIT"), lambda match: (0, _only(match))),
    Said(
        _pattern(r"\b(?:aged?\s+)?(?:over|older than|above|more than|past)\s+(?:the age of\s+)?(NUMBER)UNIT?"),
        lambda match: (_only(match) + 1, OLDEST),
    ),
    Said(
        _pattern(r"\b(?:aged?\s+)?(?:under|younger than|below|less than)\s+(?:the age of\s+)?(NUMBER)UNIT?"),
        lambda match: (0, _only(match) - 1),
    ),
    Said(_pattern(rf"\b(?:in\s+their\s+)?(?:(early|mid|late)[\s-]+)?(?:([2-9]0)'?s|({'|'.join(DECADES)}))\b"), _decade),
    Said(_pattern(r"\baged?\s+(NUMBER)UNIT?"), lambda match: (_only(match), _only(match))),
    Said(_pattern(r"\b(NUMBER)UNIT"), lambda match: (_only(match), _only(match))),
    Said(_pattern(r"\byoung (?=professionals?|workers?|couples?|parents?|women|men)"), lambda _: (ADULT, 35)),
    Said(_pattern(r"\byoung (?:adults?|people)\b"), lambda _: (ADULT, 35)),
    Said(_pattern(r"\bmiddle[- ]aged\b"), lambda _: (40, 60)),
    Said(_pattern(r"\b(?:seniors?|senior citizens?|older adults?|elderly|of pension age)\b"), lambda _: (65, OLDEST)),
    Said(_pattern(r"\b(?:teenagers?|teens|minors|under[- ]?age)\b"), lambda _: (0, ADULT - 1)),
)
