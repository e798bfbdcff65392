"""Finding what matters among memories: how near they are to a question, how recent, and how much they meant.

Nearness is the cosine of embeddings when there is a vector for every text concerned, else BM25 over word stems
(Robertson and Zaragoza 2009; k₁ = 1.2, b = 0.75). The two are never mixed in one search. The three parts are added as
in Park et al. 2023, "Generative agents", with nearness scaled to [0, 1] over the memories and weighing most.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import mul

from libs.minds.semantic import Recollection

Vector = Sequence[float]
MOST_RELEVANT = 7
FADING = 0.9
"""What is left of recency after one round."""
RECENCY_WEIGHT = SALIENCE_WEIGHT = 0.25
_K1, _B = 1.2, 0.75
_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+")
_SUFFIXES = ("ingly", "edly", "ing", "ies", "ed", "es", "ly", "s")
_SHORTEST_STEM = 3
_STOP_WORDS = frozenset(
    _WORD.findall(
        "a about am an and any are as at be been but by can could did do does for from had has have he her him his how"
        " i if in is it its me my no not of on or our she so that the their them they this to us was we were what when"
        " which who why will with would you your"
    )
)


def relevant(
    query: str,
    memories: Sequence[Recollection],
    embeddings: Mapping[str, Vector] | None = None,
    *,
    most: int = MOST_RELEVANT,
    only_matching: bool = False,
) -> list[Recollection]:
    """The memories that matter most to a question, best first; ties go to the later one.

    `embeddings` gives vectors by text, for the query and every memory. `only_matching` leaves out memories that share
    nothing with the query (by embeddings everything shares something).
    """
    vectors = _vectors([query, *(memory["text"] for memory in memories)], embeddings)
    near = cosines(vectors[0], vectors[1:]) if vectors else bm25(query, [memory["text"] for memory in memories])
    now = max((memory["last"] for memory in memories), default=0)
    scores = [
        nearness + RECENCY_WEIGHT * FADING ** (now - memory["last"]) + SALIENCE_WEIGHT * memory["salience"]
        for nearness, memory in zip(_scaled(near), memories, strict=True)
    ]
    places = [place for place in range(len(memories)) if vectors or near[place] > 0 or not only_matching]
    best = sorted(places, key=lambda place: (-scores[place], -memories[place]["last"], -place))
    return [memories[place] for place in best[:most]]


@lru_cache(maxsize=4_096)
def stems(text: str) -> tuple[str, ...]:
    """Stems of the words that mean something: English endings are cut, unspaced scripts give pairs of characters."""
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        if _UNSPACED.fullmatch(word):
            found += [word[place : place + 2] for place in range(max(1, len(word) - 1))]
        elif word not in _STOP_WORDS:
            found.append(_stem(word))
    return tuple(found)


def cosine(one: Vector, other: Vector) -> float:
    """The cosine of the angle between two vectors of equal length; 0 when one has no length."""
    return cosines(one, [other])[0]


def cosines(one: Vector, others: Sequence[Vector]) -> list[float]:
    """The cosines between one vector and each of several."""
    length = _length(one)
    found = []
    for other in others:
        lengths = length * _length(other)
        found.append(sum(map(mul, one, other)) / lengths if lengths else 0.0)
    return found


def _length(vector: Vector) -> float:
    return math.sqrt(sum(map(mul, vector, vector)))


def _stem(word: str) -> str:
    """Rough on purpose: only words that share a stem need to come out the same."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _SHORTEST_STEM:
            word = word.removesuffix(suffix) + ("i" if suffix == "ies" else "")
            break
    if len(word) > _SHORTEST_STEM:
        word = word.removesuffix("e") if not word.endswith("y") else f"{word[:-1]}i"
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] == word[-2] else word


def _vectors(texts: Sequence[str], embeddings: Mapping[str, Vector] | None) -> list[Vector]:
    """The vectors of all texts, or none at all."""
    found = [embeddings[text] for text in texts if text in embeddings] if embeddings else []
    return found if len(found) == len(texts) and len({len(vector) for vector in found}) == 1 else []


def bm25(query: str, texts: Sequence[str]) -> list[float]:
    """How well the words of each text answer a query, ≥ 0; 0 when they share none."""
    documents = [Counter(stems(text)) for text in texts]
    mean = sum(document.total() for document in documents) / len(documents) if documents else 0.0
    scores = [0.0] * len(documents)
    for stem in dict.fromkeys(stems(query)):
        holding = sum(stem in document for document in documents)
        weight = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
        for place, document in enumerate(documents):
            if (count := document[stem]) > 0:
                scores[place] += weight * count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * document.total() / mean))
    return scores


def _scaled(values: Sequence[float]) -> list[float]:
    """Onto [0, 1]; equal values all count as near when they are above 0."""
    lowest, highest = min(values, default=0.0), max(values, default=0.0)
    if highest == lowest:
        return [float(value > 0) for value in values]
    return [(value - lowest) / (highest - lowest) for value in values]
