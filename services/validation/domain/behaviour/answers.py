"""What answers show of the one who answers: agreement with everything, contradictions, the pull of a place in a list.

Scales are taken from 0 to 1. All of it is about these agents among themselves: people contradict themselves too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.errors import InvalidError
from libs.contracts.instruments import Answer, Instrument, MetricType
from services.validation.domain.answers import is_valid
from services.validation.domain.records import Turn

Answered = Mapping[str, Mapping[str, Answer]]
"""Last answer by agent and metric."""
SCALED = {MetricType.ORDINAL, MetricType.NUMERIC, MetricType.BINARY}
ENOUGH = 5
"""Expected choices of a place in a list below which chance is not told from a pull."""


class PairConsistency(Data):
    """Two items that ask the same, in the same direction or in opposite ones."""

    items: tuple[str, str]
    is_reversed: bool
    agents: int
    disagreement: float | None = Field(description="Mean distance of the two answers, the one turned around; 0 to 1.")
    contradictions: float | None = Field(description="Share of agents more than half a scale apart.")
    yes_saying: float | None = Field(
        description="Of reversed items: mean agreement with both less the middle (-0.5 to 0.5); above 0 is yes-saying."
    )
    yes_saying_interval: tuple[float, float] | None


class AskedAgain(Data):
    """A metric that the same agents answered more than once."""

    metric: str
    agents: int
    same: float = Field(description="Share of agents whose first and last answer are the same.")


class OptionOrder(Data):
    """Whether the place of an option decides: agents see options in orders of their own."""

    metric: str
    agents: int
    first: float = Field(description="Share who chose what stood first.")
    last: float
    expected: float = Field(description="The share of every place if it did not matter.")
    p_value: float | None = Field(description="Of all places being chosen alike; null with too few answers.")


def pair_consistency(
    pair: tuple[str, str],
    instruments: Mapping[str, Instrument],
    answered: Answered,
    talked: Mapping[str, str],
    *,
    is_reversed: bool,
) -> PairConsistency:
    """Both items of every agent who answered both. Raises `InvalidError` for what is no scale of the simulation.

    `talked` names the unit of agents who heard each other: the interval of yes-saying takes the mean of each as one.
    """
    from libs.stats import Moments, mean_interval

    field = "reverse_keyed" if is_reversed else "repeated"
    for name in pair:
        if name not in instruments or instruments[name].type not in SCALED:
            allowed = tuple(sorted(one.name for one in instruments.values() if one.type in SCALED))
            raise InvalidError(field, f"{name!r} is no scale of the simulation", allowed)
    both = [
        (talked.get(agent, agent), first, second)
        for agent, answers in answered.items()
        if (first := place(instruments[pair[0]], answers.get(pair[0]))) is not None
        and (second := place(instruments[pair[1]], answers.get(pair[1]))) is not None
    ]
    gaps = [abs(first - (1 - second if is_reversed else second)) for _, first, second in both]
    by_unit: dict[str, list[float]] = {}
    for unit, first, second in both:
        by_unit.setdefault(unit, []).append((first + second) / 2 - 0.5)
    agreement = Moments.of([fmean(own) for own in by_unit.values()]) if is_reversed else None
    return PairConsistency(
        items=pair,
        is_reversed=is_reversed,
        agents=len(both),
        disagreement=fmean(gaps) if gaps else None,
        contradictions=sum(gap > 0.5 for gap in gaps) / len(gaps) if gaps else None,
        yes_saying=agreement.mean if agreement else None,
        yes_saying_interval=mean_interval(agreement) if agreement else None,
    )


def asked_again(turns: Sequence[Turn], instruments: Mapping[str, Instrument]) -> list[AskedAgain]:
    """Every metric that somebody answered twice: their first and their last answer."""
    given: dict[str, dict[str, list[Answer]]] = {}
    for turn in sorted(turns, key=lambda turn: (turn.responded_at, turn.step_id)):
        for metric, value in turn.answers.items():
            if value is not None and metric in instruments:
                given.setdefault(metric, {}).setdefault(turn.agent_id, []).append(value)
    found = []
    for metric, by_agent in sorted(given.items()):
        several = [values for values in by_agent.values() if len(values) > 1]
        if several:
            same = sum(values[0] == values[-1] for values in several) / len(several)
            found.append(AskedAgain(metric=metric, agents=len(several), same=same))
    return found


def option_order(turns: Sequence[Turn], instruments: Mapping[str, Instrument]) -> list[OptionOrder]:
    """Where what was chosen last, or put first, stood for the agent who chose; χ² against all places alike.

    An agent sees one order however often it is asked, so that its choices are not independent: it counts once.
    """
    from libs.stats import goodness_of_fit

    found = []
    for metric, instrument in sorted(instruments.items()):
        if instrument.type not in {MetricType.CHOICE, MetricType.RANKING}:
            continue
        last = {
            turn.agent_id: seen
            for turn in sorted(turns, key=lambda turn: (turn.responded_at, turn.step_id, turn.arm))
            if (seen := _place_seen(turn, instrument)) is not None
        }
        places = list(last.values())
        k = len(instrument.options)
        if places:
            counts = Counter(places)
            observed = [counts[index] for index in range(k)]
            test = goodness_of_fit(observed, [1.0] * k) if len(places) >= ENOUGH * k else None
            found.append(
                OptionOrder(
                    metric=metric,
                    agents=len(places),
                    first=observed[0] / len(places),
                    last=observed[-1] / len(places),
                    expected=1 / k,
                    p_value=test.p_value if test else None,
                )
            )
    return found


def yes_saying(instruments: Mapping[str, Instrument], answered: Answered) -> float | None:
    """Mean place over all scales of all agents, less the middle: above 0 agents agree more than they disagree."""
    places = [
        own
        for answers in answered.values()
        for name, value in answers.items()
        if name in instruments
        and instruments[name].type is MetricType.ORDINAL
        and (own := place(instruments[name], value)) is not None
    ]
    return fmean(places) - 0.5 if places else None


def last_answers(turns: Sequence[Turn]) -> Answered:
    """The last answer of every agent to every metric, by agent."""
    found: dict[str, dict[str, Answer]] = {}
    for turn in sorted(turns, key=lambda turn: (turn.responded_at, turn.step_id)):
        given = {name: value for name, value in turn.answers.items() if value is not None}
        found.setdefault(turn.agent_id, {}).update(given)
    return dict(sorted(found.items()))


def place(instrument: Instrument, value: Answer) -> float | None:
    """Where an answer is on its scale, from 0 to 1."""
    if value is None or not is_valid(instrument, value) or not isinstance(value, bool | int | float):
        return None
    if instrument.minimum is None or instrument.maximum is None:
        return float(value) if isinstance(value, bool) else None
    return (float(value) - instrument.minimum) / (instrument.maximum - instrument.minimum)


def _place_seen(turn: Turn, instrument: Instrument) -> int | None:
    seen = (turn.said.option_orders or {}).get(instrument.name)
    value = turn.answers.get(instrument.name)
    chosen = value[0] if isinstance(value, list | tuple) and value else value
    return seen.index(chosen) if seen and isinstance(chosen, str) and chosen in seen else None
