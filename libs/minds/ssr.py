"""Semantic similarity rating: where words stand on a scale, by their likeness to statements that say its steps.

The method of B. F. Maier et al. 2025, "LLMs reproduce human purchase intent via semantic similarity elicitation of
Likert ratings" (arXiv:2510.08338): the probability of a step is the cosine of its statement and the words, above that
of the least similar statement; the mean over several sets of statements. Their scales have as many steps as
statements. On any other the cosines are interpolated between the statements, which is ours. Embeddings come from the
caller.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from libs.contracts.instruments import Instrument
from libs.minds.elicitation import Distribution, draw, normalised
from libs.minds.retrieval import Vector, cosines
from libs.minds.scales import values_of
from libs.minds.turn import Turn, TurnError


def texts_to_rate(turn: Turn, instruments: Sequence[Instrument]) -> tuple[str, ...]:
    """The texts whose embeddings `rated` needs: what was said, and the anchors; none when nothing is to be rated."""
    said = [turn.statements[instrument.name] for instrument in instruments if instrument.name in turn.statements]
    return tuple(dict.fromkeys([*said, *anchors_of(turn, instruments)]))


def anchors_of(turn: Turn, instruments: Sequence[Instrument]) -> tuple[str, ...]:
    """The anchor statements of what is to be rated: the same for everybody who was asked the same."""
    return tuple(
        statement
        for instrument in instruments
        if instrument.name in turn.statements
        for statements in instrument.anchors or ()
        for statement in statements
    )


def rated(turn: Turn, instruments: Sequence[Instrument], embeddings: Mapping[str, Vector], place: str) -> Turn:
    """The turn with an answer to every question that was answered in words and can be rated.

    One that cannot be is missing and said to be `unrated`. Raises `TurnError` when no answer at all is left.
    """
    answers, distributions, unrated = dict(turn.answers), dict(turn.distributions), dict[str, str]()
    for instrument in instruments:
        if instrument.name not in turn.statements:
            continue
        try:
            distribution = rating(instrument, turn.statements[instrument.name], embeddings)
        except TurnError as error:
            unrated[instrument.name] = error.reason
            del answers[instrument.name]
        else:
            answers[instrument.name] = draw(instrument, distribution, place)
            distributions[instrument.name] = distribution
    if unrated and not answers:
        raise TurnError("; ".join(unrated.values()))
    return replace(turn, answers=answers, distributions=distributions, unrated=unrated)


def rating(instrument: Instrument, said: str, embeddings: Mapping[str, Vector]) -> Distribution:
    """Probability by step of the scale. Raises `TurnError` when a text has no embedding, or one of another length."""
    values = list(values_of(instrument))
    sets = instrument.anchors or ()
    texts = [said, *(statement for statements in sets for statement in statements)]
    vectors = [embeddings[text] for text in texts if text in embeddings]
    if not sets or len(vectors) < len(texts) or len({len(vector) for vector in vectors}) != 1:
        raise TurnError(f"{instrument.name}: the words cannot be rated without embeddings of them and of their anchors")
    weights = dict.fromkeys(values, 0.0)
    for statements in sets:
        near = cosines(embeddings[said], [embeddings[statement] for statement in statements])
        likeness = [_at(near, place / max(1, len(values) - 1)) for place in range(len(values))]
        for value, share in zip(values, _above_least(likeness), strict=True):
            weights[value] += share
    return normalised(weights)


def _above_least(likeness: Sequence[float]) -> list[float]:
    """Shares of what each is above the least; equal ones when there is nothing to tell them apart."""
    least = min(likeness)
    above = [value - least for value in likeness]
    total = sum(above)
    return [value / total if total > 0 else 1 / len(above) for value in above]


def _at(values: Sequence[float], share: float) -> float:
    """The value at a share of the way, on straight lines between those there are."""
    position = share * (len(values) - 1)
    before = min(int(position), len(values) - 1)
    after = min(before + 1, len(values) - 1)
    return values[before] + (position - before) * (values[after] - values[before])
