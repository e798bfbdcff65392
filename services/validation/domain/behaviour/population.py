"""Whether the agents are as many people as they seem: alike in words, alike in answers, and growing more alike.

Each persona may be played well and the population collapse all the same; so this is looked at for all together.
"""

import math
from collections.abc import Sequence
from itertools import combinations
from random import Random
from statistics import fmean

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.instruments import Instrument, MetricType
from libs.minds.repetition import TOO_SIMILAR, likeness
from services.validation.domain.answers import is_valid
from services.validation.domain.behaviour.answers import Answered, place
from services.validation.domain.records import Turn

MOST_COMPARED = 120
SEED = 11


class Collapse(Data):
    """How much of what people could be the agents are. Coverage, uniformity, complexity: arXiv:2604.24698."""

    agents: int
    coverage: float | None = Field(
        description="Share of the possible answers to each metric that anybody gave, on average."
    )
    uniformity: float | None = Field(
        description="Evenness of the answers (1: all alike frequent), on average over metrics."
    )
    complexity: float | None = Field(
        description="Independent directions in which agents differ, as a share of the scales: (Σ λ)² / Σ λ² / k."
    )
    distinct_profiles: float | None = Field(
        description="Equally frequent sets of answers that would be as varied, as a share of the agents."
    )
    same_words: float | None = Field(description="Share of pairs of agents who say nearly the same.")
    mean_likeness: float | None = Field(description="Mean likeness of the words of two agents, from 0 to 1.")
    explained_by_segment: float | None = Field(
        description="η² of answers by segment less that of chance, on average: near 0 personas make no difference."
    )


class Divergence(Data):
    """Whether agents grow alike: mean likeness of what different agents say, round by round."""

    rounds: dict[int, float]
    change: float | None = Field(description="Last less first round; above 0 they converge. Null with one round.")


def collapse(turns: Sequence[Turn], instruments: Sequence[Instrument], answered: Answered) -> Collapse:
    """The population as a whole."""
    texts = {turn.agent_id: turn.said.response for turn in turns if turn.said.response}
    likes = _likenesses(list(texts.values()))
    return Collapse(
        agents=len(answered),
        coverage=_mean([_coverage(one, answered) for one in instruments]),
        uniformity=_mean([_uniformity(one, answered) for one in instruments]),
        complexity=_complexity(instruments, answered),
        distinct_profiles=_profiles(answered),
        same_words=sum(like > TOO_SIMILAR for like in likes) / len(likes) if likes else None,
        mean_likeness=fmean(likes) if likes else None,
        explained_by_segment=_explained(turns, instruments, answered),
    )


def divergence(turns: Sequence[Turn]) -> Divergence:
    """Likeness of different agents' words in each round."""
    by_round: dict[int, dict[str, str]] = {}
    for turn in turns:
        if turn.said.response:
            by_round.setdefault(turn.round, {})[turn.agent_id] = turn.said.response
    rounds = {
        number: fmean(likes)
        for number, texts in sorted(by_round.items())
        if (likes := _likenesses(list(texts.values())))
    }
    ends = list(rounds.values())
    return Divergence(rounds=rounds, change=ends[-1] - ends[0] if len(ends) > 1 else None)


def _likenesses(texts: Sequence[str]) -> list[float]:
    """Of all pairs, or of those of a drawn part where there are many."""
    shown = list(texts) if len(texts) <= MOST_COMPARED else Random(SEED).sample(list(texts), MOST_COMPARED)  # noqa: S311
    return [likeness(one, other) for one, other in combinations(shown, 2)]


def _labels(instrument: Instrument, answered: Answered) -> list[str]:
    values = [answers.get(instrument.name) for answers in answered.values()]
    return [repr(value) for value in values if value is not None and is_valid(instrument, value)]


def _possible(instrument: Instrument) -> int | None:
    match instrument.type:
        case MetricType.BINARY:
            return 2
        case MetricType.CHOICE:
            return len(instrument.options)
        case MetricType.ORDINAL if instrument.minimum is not None and instrument.maximum is not None:
            return int(instrument.maximum - instrument.minimum) + 1
        case _:
            return None


def _coverage(instrument: Instrument, answered: Answered) -> float | None:
    given, possible = _labels(instrument, answered), _possible(instrument)
    return len(set(given)) / min(possible, len(given)) if given and possible else None


def _uniformity(instrument: Instrument, answered: Answered) -> float | None:
    given, possible = _labels(instrument, answered), _possible(instrument)
    if not given or not possible or possible < 2:
        return None
    from libs.stats import diversity

    found = diversity([given.count(label) for label in set(given)])
    return found.entropy / math.log2(possible) if found else None


def _complexity(instruments: Sequence[Instrument], answered: Answered) -> float | None:
    """The participation ratio of the correlations of all scales that vary; None with fewer than two."""
    import numpy as np

    scales = [one for one in instruments if one.type in {MetricType.ORDINAL, MetricType.NUMERIC, MetricType.BINARY}]
    rows = [[place(one, answers.get(one.name)) for one in scales] for answers in answered.values()]
    whole = np.array([row for row in rows if None not in row], dtype=np.float64).reshape(-1, len(scales))
    if len(whole) < 3 or len(scales) < 2:
        return None
    varying = whole[:, whole.std(axis=0) > 0]
    if varying.shape[1] < 2:
        return None
    weights = np.linalg.eigvalsh(np.corrcoef(varying.T))
    return float(weights.sum() ** 2 / (weights**2).sum()) / len(scales)


def _profiles(answered: Answered) -> float | None:
    from libs.stats import diversity

    given = [repr(sorted(answers.items())) for answers in answered.values() if answers]
    found = diversity([given.count(one) for one in set(given)]) if given else None
    return found.effective_classes / len(given) if found else None


def _explained(turns: Sequence[Turn], instruments: Sequence[Instrument], answered: Answered) -> float | None:
    from libs.stats import correlation_ratio

    segments = {turn.agent_id: turn.segment or "" for turn in turns}
    codes = {name: index for index, name in enumerate(sorted(set(segments.values())))}
    found = []
    for one in instruments:
        pairs = [
            (codes[segments[agent]], own)
            for agent, answers in answered.items()
            if agent in segments and (own := place(one, answers.get(one.name))) is not None
        ]
        ratio = correlation_ratio([code for code, _ in pairs], [own for _, own in pairs]) if len(pairs) > 2 else None
        found.append(ratio.excess if ratio else None)
    return _mean(found)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
