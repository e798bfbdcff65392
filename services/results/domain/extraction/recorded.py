"""Fields that were recorded with the turns: metrics, what was said, thought and felt, who the agent is.

Of several turns the latest that has a value counts. A metric of the study goes before anything else of its name.
"""

from collections.abc import Callable, Iterable, Sequence

from libs.contracts.instruments import Answer, Instrument, MetricType
from services.results.domain.extraction.model import Value
from services.results.domain.records import Turn

Turns = Sequence[Turn]
Getter = Callable[[Turns], Value]
RATED = {MetricType.ORDINAL, MetricType.NUMERIC}
RATING = "rating"
NOT_RECORDED = "the agent's turns have no such value"


def _latest(name: str) -> Getter:
    def get(turns: Turns) -> Value:
        value: Value = next((found for turn in reversed(turns) if (found := getattr(turn, name)) is not None), None)
        return value

    return get


def _said(turns: Turns) -> Value:
    return [turn.response for turn in turns if turn.response]


def _demographics(turns: Turns) -> Value:
    return dict(turns[-1].demographic_profile)


def _answers(turns: Turns) -> Value:
    found: dict[str, Answer] = {}
    for turn in turns:
        found |= {name: answer for name, answer in turn.answers.items() if answer is not None or name not in found}
    return {name: _plain(answer) for name, answer in found.items()}


WELL_KNOWN: dict[str, Getter] = {
    "response": _latest("response"),
    "responses": _said,
    "reasoning": _latest("reasoning"),
    "sentiment": _latest("sentiment"),
    "confidence": _latest("confidence"),
    "answers": _answers,
    "demographics": _demographics,
    "demographic_profile": _demographics,
    "agent_id": _latest("agent_id"),
    "name": _latest("name"),
    "segment": _latest("segment"),
    "arm": _latest("arm"),
    "model": _latest("model"),
    "status": _latest("status"),
}


class Recorded:
    """The recorded fields of one study, as far as some of its turns show them."""

    def __init__(self, instruments: Iterable[Instrument], turns: Turns = ()) -> None:
        self._instruments = tuple(instruments)
        self._metrics = dict.fromkeys(instrument.name for instrument in self._instruments)
        self._attributes: set[str] = set()
        self.add(turns)

    def add(self, turns: Turns) -> None:
        """Some more of its turns."""
        for turn in turns:
            self._metrics |= dict.fromkeys(turn.answers)
            self._attributes.update(turn.demographic_profile)

    @property
    def names(self) -> list[str]:
        """Every field that can be had."""
        rating = [RATING] if self.rating else []
        return [*dict.fromkeys([*self._metrics, *rating, *WELL_KNOWN, *sorted(self._attributes)])]

    @property
    def rating(self) -> Instrument | None:
        """The metric a rating is: the first one on a scale, a primary one first."""
        rated = [instrument for instrument in self._instruments if instrument.type in RATED]
        return next((one for one in rated if one.role == "primary"), rated[0] if rated else None)

    def has(self, field: str) -> bool:
        """True when the field is recorded."""
        return field in self._metrics or field in WELL_KNOWN or field in self._attributes or self._is_rating(field)

    def is_exact(self, field: str) -> bool:
        """True when no reading of words could give anything else: a metric, or who somebody is."""
        return field in self._metrics or field in self._attributes or field in {"agent_id", "name", "segment", "arm"}

    def get(self, field: str, turns: Turns) -> tuple[Value, str | None]:
        """The value in an agent's turns, oldest first, and what has to be said about it."""
        if field in self._metrics:
            value, note = _metric(field, turns), None
        elif self._is_rating(field):
            assert self.rating is not None
            value, note = _metric(self.rating.name, turns), f"the metric {self.rating.name}"
        elif field in WELL_KNOWN:
            value, note = WELL_KNOWN[field](turns), None
        else:
            value, note = turns[-1].demographic_profile.get(field), None
        return value, NOT_RECORDED if value is None else note

    def _is_rating(self, field: str) -> bool:
        return field == RATING and self.rating is not None


def _metric(name: str, turns: Turns) -> Value:
    answers = [turn.answers[name] for turn in turns if name in turn.answers]
    return _plain(next((answer for answer in reversed(answers) if answer is not None), None))


def _plain(answer: Answer) -> Value:
    return list(answer) if isinstance(answer, tuple) else answer
