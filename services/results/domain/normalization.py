"""Free texts in few labels: what is counted, and how it is done without a model.

Without a model texts are alike when they share words (stop words and endings aside) or spelling: their similarity is
the larger of the Jaccard index of their words and the Dice coefficient of their letter trigrams. Texts are joined by
average linkage while their groups' mean similarity is at least 0.4; a group is called like its most frequent text. Of
more groups than labels the largest keep theirs and the rest is Other. The same texts always give the same labels, in
any order.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.results.domain.extraction.rules import stop_words

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, np.dtype[Any]]

OTHER = "Other"
THRESHOLD = 0.4
MOST_COMPARED = 800
"""Different texts that are compared with each other; of more, the rarest join the nearest group or are Other."""
_WORD = re.compile(r"[^\W_]+")
_ENDINGS = ("ations", "ation", "ings", "ing", "ers", "ies", "ed", "es", "er", "ly", "s", "e", "y")
_SHORTEST_STEM = 4


@dataclass(frozen=True, slots=True)
class Normalized:
    """The label of every text: as many labels as there were texts, in their order."""

    labels: tuple[str, ...]
    mapping: dict[str, str]
    normalized: tuple[str, ...]
    unassigned: int
    """Different texts that are Other because a model gave them no label."""


def normalized(texts: Sequence[str], mapping: Mapping[str, str], unassigned: int = 0) -> Normalized:
    """What a mapping of different texts gives; whatever has no label is Other. Larger labels come first, Other last."""
    full = {text: mapping.get(text, OTHER) for text in dict.fromkeys(texts)}
    counts = Counter(full[text] for text in texts)
    labels = sorted(counts, key=lambda label: (label == OTHER, -counts[label], label))
    return Normalized(tuple(labels), full, tuple(full[text] for text in texts), unassigned)


def different(texts: Sequence[str]) -> list[tuple[str, int]]:
    """The different texts with something in them, and how often each occurs, the most frequent first."""
    counts = Counter(text for text in texts if text.strip())
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def by_likeness(texts: Sequence[str], n: int) -> Normalized:
    """At most `n` labels, without a model."""
    from libs.stats import average_linkage

    counted = different(texts)
    forms: dict[str, list[str]] = {}
    for text, _ in counted:
        forms.setdefault(_form(text), []).append(text)
    compared = list(forms)[:MOST_COMPARED]
    similarity = _similarities(compared, compared)
    cluster = average_linkage(similarity, THRESHOLD)
    found = dict(zip(compared, cluster, strict=True)) | _nearest(list(forms)[MOST_COMPARED:], compared, cluster)
    counts = dict(counted)
    groups: dict[int, list[str]] = {}
    for form, number in found.items():
        groups.setdefault(number, []).extend(forms[form])
    named = {_name(group, counts): group for group in groups.values()}
    largest = sorted(named, key=lambda name: (-sum(counts[text] for text in named[name]), name))
    kept = largest if len(largest) + _has_blank(texts, found, forms) <= n else largest[: n - 1]
    return normalized(texts, {text: name for name in kept for text in named[name]})


def _has_blank(texts: Sequence[str], found: Mapping[str, int], forms: Mapping[str, Sequence[str]]) -> bool:
    """True when something is Other whatever the groups are."""
    return len(found) < len(forms) or any(not text.strip() for text in texts)


def _name(group: Sequence[str], counts: Mapping[str, int]) -> str:
    return min(group, key=lambda text: (-counts[text], len(text), text)).strip()


def _nearest(rare: Sequence[str], compared: Sequence[str], cluster: Sequence[int]) -> dict[str, int]:
    """The group of the most similar text for each of these, where it is similar enough."""
    found: dict[str, int] = {}
    for start in range(0, len(rare), MOST_COMPARED):
        some = rare[start : start + MOST_COMPARED]
        similarity = _similarities(some, compared)
        for form, row in zip(some, similarity, strict=True):
            best = int(row.argmax())
            if row[best] >= THRESHOLD:
                found[form] = cluster[best]
    return found


def _similarities(forms: Sequence[str], others: Sequence[str]) -> "Matrix":
    """Each form with each of the others."""
    import numpy as np

    common, total = _overlaps([_words(form) for form in forms], [_words(form) for form in others])
    jaccard = common / np.maximum(total - common, 1)
    common, total = _overlaps([_trigrams(form) for form in forms], [_trigrams(form) for form in others])
    dice = 2 * common / np.maximum(total, 1)
    similarity: Matrix = np.maximum(jaccard, dice)
    return similarity


def _overlaps(sets: Sequence[frozenset[str]], others: Sequence[frozenset[str]]) -> tuple["Matrix", "Matrix"]:
    """How many members each set has in common with each of the others, and how many both have when added up."""
    import numpy as np

    places = {member: place for place, member in enumerate(sorted(frozenset().union(*sets, *others)))}

    def rows(given: Sequence[frozenset[str]]) -> "Matrix":
        matrix = np.zeros((len(given), len(places)), dtype=np.float32)
        for row, members in enumerate(given):
            matrix[row, [places[member] for member in members]] = 1
        return matrix

    left, right = rows(sets), rows(others)
    return (left @ right.T).astype(float), left.sum(axis=1)[:, None].astype(float) + right.sum(axis=1)[None]


def _form(text: str) -> str:
    """The words of a text in lower case, one space apart; the text itself where it has none."""
    return " ".join(_WORD.findall(text.casefold())) or text.strip()


def _words(form: str) -> frozenset[str]:
    words = [word for word in form.split() if word not in stop_words()] or form.split()
    return frozenset(_stem(word) for word in words)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def _trigrams(form: str) -> frozenset[str]:
    padded = f" {form} "
    return frozenset(padded[place : place + 3] for place in range(len(padded) - 2))
