"""Themes of free texts: coded twice, and shown with how well both codings agree.

By rules: each half of the texts gives a codebook of its own (texts that share words, by spherical k-means on tf-idf),
and both codebooks code all texts. There are as many themes as repeat best when the texts are halved in other ways;
agreement is of halves that were not chosen by, so that choosing cannot flatter it (after Tibshirani and Walther, JCGS
14 (2005) 511-528). By a model: two passes that see labels and texts in different orders. Agreement says that a coding
can be repeated, never that it is right.

Texts are the units: one per agent and arm, the agent's last one. English stop words are left out; other languages keep
theirs and get poorer themes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.evidence import Interval
from services.results.domain.extraction.rules import stop_words
from services.results.domain.records import Study, Turn
from services.results.domain.replies import RESPONSE, Reply, text_of

if TYPE_CHECKING:
    import numpy as np

    Matrix = np.ndarray[Any, np.dtype[Any]]

OTHER = "Other"
USABLE, TENTATIVE = 0.8, 0.667
"""Krippendorff, Content Analysis (2019), ch. 12."""
MOST_TEXTS = 1_000
FEWEST_TEXTS = 20
MOST_THEMES = 8
MOST_WORDS = 3
VOCABULARY = 600
COMMONEST = 0.7
"""Share of the texts beyond which a word tells them apart no more."""
ROUNDS = 10
NEARLY = 0.02
"""More themes are taken where they repeat as well as fewer."""
HALVINGS = (2, 3, 5)
"""Texts that stay together when their number of themes is chosen; the agreement is of every other text."""
_WORD = re.compile(r"[^\W\d_]{3,}")
RULES = "rules: texts that share words"
Standing = Literal["usable", "tentative", "too_low", "unknown"]
NOTES: dict[Standing, str] = {
    "usable": "Both codings agree well enough to be used.",
    "tentative": "Both codings agree well enough for tentative conclusions only.",
    "too_low": "Both codings agree too little to be used: another coding would put many texts elsewhere.",
    "unknown": "How well both codings agree cannot be told: there is only one theme, or too few texts.",
}


class Agreement(Data):
    """Cohen's kappa of both codings."""

    value: float | None
    interval: Interval | None
    standing: Standing


class Theme(Data):
    """One theme: how many texts have it, and whether both codings mean the same by it."""

    label: str
    n: int = Field(description="Texts by the first coding.")
    n_again: int = Field(description="Texts by the second coding.")
    n_both: int = Field(description="Texts by both.")
    share: float = Field(description="Of all texts, by the first coding.")
    by_arm: dict[str, int] = Field(description="Texts by the first coding, by arm.")
    agents: tuple[str, ...] = Field(default=(), description="Whose texts they are, by the first coding.")
    agreement: Agreement = Field(description="Of this theme against all others.")


class Themes(Data):
    """The themes of one field, in two codings."""

    field: str = Field(description="A text metric, or `response`: what was said.")
    coder: str = Field(description="A model, or by which rules.")
    n: int = Field(description="Texts that were coded.")
    of: int = Field(description="Texts that there were.")
    agreement: Agreement
    alpha: float | None = Field(description="Krippendorff's alpha, nominal.")
    note: str = Field(description="Whether the themes may be used.")
    themes: tuple[Theme, ...] = Field(description="The largest first, Other last.")


class Text(NamedTuple):
    """What was written in an arm, and by whom."""

    arm: str
    words: str
    agent_id: str = ""


class Coded(NamedTuple):
    """The labels of the same texts, twice."""

    first: Sequence[str]
    again: Sequence[str]


class Written(NamedTuple):
    """The texts of a field that are coded, of so many that there are."""

    texts: Sequence[Text]
    of: int


class Chosen(NamedTuple):
    """Whose texts of a field are coded, and in which arms, of so many that there are."""

    places: Collection[tuple[str, str]]
    of: int


def fields_of(study: Study) -> tuple[str, ...]:
    """What has themes: text metrics, and what was said."""
    return (*(one.name for one in study.instruments if one.type == "text"), RESPONSE)


def choose(field: str, replies: Sequence[Reply]) -> Chosen:
    """One text of an agent in an arm, in the order of agents; evenly spread where there are many."""
    of = sum(1 for _ in _places(field, replies))
    kept = min(MOST_TEXTS, of)
    wanted = {place * of // kept for place in range(kept)}
    return Chosen({pair for place, pair in enumerate(_places(field, replies)) if place in wanted}, of)


def _places(field: str, replies: Sequence[Reply]) -> Iterator[tuple[str, str]]:
    for _, given in groupby(replies, key=attrgetter("own")):
        own = [reply for reply in given if field in reply.written]
        for arm in sorted({reply.arm for reply in own}):
            yield own[0].agent_id, arm


def read(field: str, chosen: Chosen, turns: Iterable[Turn]) -> list[Text]:
    """The last text of each who was chosen, of all turns of some agents in canonical order."""
    found = {}
    for turn in turns:
        words = text_of(turn, field)
        if words is not None and (turn.agent_id, turn.arm) in chosen.places:
            found[turn.agent_id, turn.arm] = Text(turn.arm, words, turn.agent_id)
    return [text for _, text in sorted(found.items())]


def themes_by_rules(written: Mapping[str, Written]) -> list[Themes]:
    """Of every field with enough texts that have anything in common."""
    found = []
    for field, (texts, of) in written.items():
        coded = code(texts) if len(texts) >= FEWEST_TEXTS else None
        if coded is not None:
            found.append(themes_of(field, RULES, texts, coded, of=of))
    return found


def themes_of(field: str, coder: str, texts: Sequence[Text], coded: Coded, *, of: int) -> Themes:
    """What two codings of the same texts amount to."""
    from libs.stats import krippendorff_alpha

    counts = Counter(coded.first)
    names = {*coded.first, *coded.again}
    labels = sorted(names, key=lambda label: (label == OTHER, -counts[label], label))
    places = {label: place for place, label in enumerate(labels)}
    first, again = ([places[label] for label in coding] for coding in coded)
    table = _crossed(first, again, len(labels))
    agreement = _agreement(table)
    return Themes(
        field=field,
        coder=coder,
        n=len(texts),
        of=of,
        agreement=agreement,
        alpha=krippendorff_alpha([[float(one) for one in coding] for coding in (first, again)]),
        note=NOTES[agreement.standing],
        themes=tuple(_theme(label, places[label], table, texts, coded.first) for label in labels),
    )


def code(texts: Sequence[Text]) -> Coded | None:
    """Both codings by rules; None where texts share no words."""
    vectors, names = _vectors(texts)
    if not names:
        return None
    repeats = {k: _repeats(vectors, k) for k in range(2, MOST_THEMES + 1)}
    k = max(k for k, found in repeats.items() if found >= max(repeats.values()) - NEARLY)
    first, again, centres = _twice(vectors, k, 1)
    labels = [*_named(centres, names), OTHER]
    return Coded([labels[place] for place in first], [labels[place] for place in again])


def _vectors(texts: Sequence[Text]) -> "tuple[Matrix, list[str]]":
    """Words of each text by tf-idf, all of the same length; texts without any of them are zero."""
    import numpy as np

    words = [{_stem(word) for word in _words(text.words)} for text in texts]
    counts = Counter(word for own in words for word in own)
    usual = [word for word, n in counts.most_common() if 1 < n <= COMMONEST * len(texts)]
    kept = sorted(usual, key=lambda word: (-counts[word], word))[:VOCABULARY]
    places = {word: place for place, word in enumerate(kept)}
    vectors = np.zeros((len(texts), len(kept)), dtype=np.float32)
    for row, own in enumerate(words):
        for word in own & places.keys():
            vectors[row, places[word]] = np.log(len(texts) / counts[word])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    spelt = _spelt(texts)
    return vectors / np.where(lengths > 0, lengths, 1), [spelt[word] for word in kept]


def _twice(vectors: "Matrix", k: int, width: int) -> "tuple[list[int], list[int], Matrix]":
    """All texts by the codebook of one half and by that of the other, whose themes are called like the most alike ones
    of the first; and the centres of the first. `k` stands for none. So many texts stay together as `width` says."""
    import numpy as np

    half = np.arange(len(vectors)) // width % 2 == 0
    centres, others = _centres(vectors[half], k), _centres(vectors[~half], k)
    first, again = _nearest(vectors, centres), _nearest(vectors, others)
    overlap = np.zeros((k, k), dtype=int)
    for one, other in zip(first, again, strict=True):
        if one < k and other < k:
            overlap[one, other] += 1
    names = {k: k}
    for _ in range(k):
        one, other = (int(place) for place in np.unravel_index(overlap.argmax(), overlap.shape))
        names[other] = one
        overlap[one, :] = overlap[:, other] = -1
    return first, [names[place] for place in again], centres


def _centres(vectors: "Matrix", k: int) -> "Matrix":
    """Spherical k-means; it begins with texts that are like many others and unlike each other. Nothing is drawn."""
    import numpy as np

    density = vectors @ vectors.sum(axis=0)
    centres = vectors[[int(density.argmax())]]
    while len(centres) < k:
        apart = 1 - (vectors @ centres.T).max(axis=1)
        centres = np.vstack([centres, vectors[int((density * apart).argmax())]])
    for _ in range(ROUNDS):
        members = np.eye(k, dtype=np.float32)[(vectors @ centres.T).argmax(axis=1)]
        sums = members.T @ vectors
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        moved = np.where(lengths > 0, sums / np.where(lengths > 0, lengths, 1), centres)
        if np.allclose(moved, centres):
            break
        centres = moved
    return centres


def _nearest(vectors: "Matrix", centres: "Matrix") -> list[int]:
    """The most alike centre of each text; one more than there are where it is like none."""
    likeness = vectors @ centres.T
    best = likeness.argmax(axis=1)
    return [int(place) if row[place] > 0 else len(centres) for place, row in zip(best, likeness, strict=True)]


def _repeats(vectors: "Matrix", k: int) -> float:
    """How well so many themes repeat in the middle one of several halvings, as one number to choose by."""
    from libs.stats import cohens_kappa

    found = []
    for width in HALVINGS:
        first, again, _ = _twice(vectors, k, width)
        kappa = cohens_kappa(_crossed(first, again, k + 1))
        found.append(-1.0 if kappa is None else round(kappa.value, 6))
    return sorted(found)[len(found) // 2]


def _named(centres: "Matrix", names: Sequence[str]) -> list[str]:
    """Each theme by its weightiest words; of two alike the second gets a number."""
    found: list[str] = []
    for centre in centres:
        order = sorted(range(len(names)), key=lambda place: (-centre[place], names[place]))
        label = ", ".join(names[place] for place in order[:MOST_WORDS] if centre[place] > 0)
        found.append(label if label not in found else f"{label} ({found.count(label) + 1})")
    return found


def _crossed(first: Sequence[int], again: Sequence[int], k: int) -> list[list[int]]:
    """How many texts have each theme in the first coding (rows) and in the second one."""
    table = [[0] * k for _ in range(k)]
    for one, other in zip(first, again, strict=True):
        table[one][other] += 1
    return table


def _agreement(table: Sequence[Sequence[int]]) -> Agreement:
    from libs.stats import cohens_kappa

    kappa = cohens_kappa(table)
    if kappa is None or sum(map(sum, table)) < FEWEST_TEXTS:
        return Agreement(value=kappa and kappa.value, interval=kappa and kappa.interval, standing="unknown")
    low = kappa.interval[0] if kappa.interval else kappa.value
    standing: Standing = "too_low"
    if kappa.value >= TENTATIVE:
        standing = "usable" if kappa.value >= USABLE and low >= TENTATIVE else "tentative"
    return Agreement(value=kappa.value, interval=kappa.interval, standing=standing)


def _theme(
    label: str, place: int, table: Sequence[Sequence[int]], texts: Sequence[Text], first: Sequence[str]
) -> Theme:
    n, n_again, n_both = sum(table[place]), sum(row[place] for row in table), table[place][place]
    total = len(texts)
    rest = [[n_both, n - n_both], [n_again - n_both, total - n - n_again + n_both]]
    own = [text for text, given in zip(texts, first, strict=True) if given == label]
    return Theme(
        label=label,
        n=n,
        n_again=n_again,
        n_both=n_both,
        share=n / total,
        by_arm=dict(sorted(Counter(text.arm for text in own).items())),
        agents=tuple(dict.fromkeys(text.agent_id for text in own)),
        agreement=_agreement(rest),
    )


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.casefold()) if word not in stop_words()]


def _spelt(texts: Sequence[Text]) -> dict[str, str]:
    """The most frequent spelling of each stem."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for word in _words(text.words):
            counts[_stem(word)][word] += 1
    return {stem: min(own, key=lambda word: (-own[word], len(word), word)) for stem, own in counts.items()}


def _stem(word: str) -> str:
    for ending in ("ings", "ing", "ed", "es", "ly", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
