"""One person before one stimulus: utilities, and the law of each answer that follows from them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libs.contracts.instruments import Instrument, MetricType
from services.models.domain.offline import speech
from services.models.domain.offline.laws import Binary, Choice, Law, Numeric, Ordinal, Ranking, Wording
from services.models.domain.offline.lexicon import OPTION_POLARITY, words
from services.models.domain.offline.persona import read_persona
from services.models.domain.offline.stages import Stage, stage_of
from services.models.domain.offline.stimulus import NO_STIMULUS, Stimulus, read_stimulus
from services.models.domain.offline.utilities import Utilities, active_effects, evaluate

DISPOSITION_WEIGHT = 1.5
"""Weight of the disposition in a metric that is named after it."""
OPTION_MATCH = 1.0
"""Weight of the match between what an option is about and the person (the same terms as in `value`)."""
OPTION_POLARITY_WEIGHT = 0.9
"""Weight of the location η for an option that says yes (+) or no (−)."""
OPTION_MENTION = 0.8
"""Weight of the share of an option's words that stand in the stimulus."""
DEFAULT_ORDINAL = (1, 7)
DEFAULT_NUMERIC = (0.0, 100.0)
_WIDEST_ORDINAL = 10_000


@dataclass(frozen=True, slots=True)
class Mind:
    """What decides the answers of one person before one stimulus, everything but the errors."""

    dispositions: Mapping[str, float]
    stimulus: Stimulus
    utilities: Utilities
    alone: Utilities
    """The utilities of the same person before no stimulus: what a negative control reads."""

    @property
    def sentiment(self) -> float:
        """Feeling about the stimulus in [-1, 1]: tanh(0.7 · value)."""
        return math.tanh(0.7 * self.utilities.value)

    def location(self, stage: Stage, level: float) -> float:
        """η of a metric at this stage."""
        if stage.disposition is not None:
            return level + stage.polarity * DISPOSITION_WEIGHT * self.dispositions[stage.disposition]
        utilities = self.utilities if stage.sees_stimulus else self.alone
        return level + stage.polarity * utilities.combined(stage.loadings)

    def law(self, instrument: Instrument) -> Law | None:
        """The law of a metric's answer; null when there is nothing to choose from (no option, no integer in range)."""
        stage = stage_of(instrument)
        on_scale = self.location(stage, stage.scale_level)
        match instrument.type:
            case MetricType.BINARY:
                return Binary(self.location(stage, stage.yes_no_level))
            case MetricType.ORDINAL:
                return _ordinal(on_scale, instrument)
            case MetricType.NUMERIC:
                return Numeric(on_scale, *_numeric_range(instrument))
            case MetricType.CHOICE:
                return Choice(self._options(instrument, stage, on_scale)) if instrument.options else None
            case MetricType.RANKING:
                return Ranking(self._options(instrument, stage, on_scale)) if instrument.options else None
            case MetricType.TEXT:
                return Wording(speech.sentences(self.dispositions, self.stimulus, stage, self.sentiment))

    def _options(self, instrument: Instrument, stage: Stage, location: float) -> dict[str, float]:
        """V of each option: match with the person + polarity · η + mention in the stimulus."""
        vocabulary = self.stimulus.vocabulary if stage.sees_stimulus else frozenset[str]()
        return {
            option: OPTION_MATCH * _match(self.dispositions, option)
            + OPTION_POLARITY_WEIGHT * _polarity(option) * location
            + OPTION_MENTION * _mention(option, vocabulary)
            for option in instrument.options
        }


def meet(persona: object, stimulus: object) -> Mind:
    """Let a persona (a block, or anything) meet a stimulus (a block, a text, or nothing)."""
    dispositions = read_persona(persona)
    seen = read_stimulus(stimulus)
    alone = evaluate(dispositions, active_effects(NO_STIMULUS))
    utilities = evaluate(dispositions, active_effects(seen)) if seen.factors else alone
    return Mind(dispositions, seen, utilities, alone)


def funnel(instruments: Sequence[Instrument]) -> list[tuple[Instrument, str | None]]:
    """The metrics, each after the one it requires, with the requirement that holds for it.

    A requirement that is not asked in the same turn counts as met (null); so does one that would close a circle, for
    the metric of the circle that is asked first.
    """
    pending: dict[str, Instrument] = {}
    for instrument in instruments:
        pending.setdefault(instrument.name, instrument)
    placed: dict[str, tuple[Instrument, str | None]] = {}
    while pending:
        ready = [name for name, instrument in pending.items() if instrument.requires not in pending]
        for name in ready or list(pending)[:1]:
            instrument = pending.pop(name)
            placed[name] = (instrument, instrument.requires if instrument.requires in placed else None)
    return list(placed.values())


def _ordinal(location: float, instrument: Instrument) -> Ordinal | None:
    low = DEFAULT_ORDINAL[0] if instrument.minimum is None else math.ceil(max(-1e15, min(1e15, instrument.minimum)))
    high = (
        low + DEFAULT_ORDINAL[1] - DEFAULT_ORDINAL[0]
        if instrument.maximum is None
        else math.floor(max(-1e15, min(1e15, instrument.maximum)))
    )
    return Ordinal(location, low, min(high, low + _WIDEST_ORDINAL)) if low <= high else None


def _numeric_range(instrument: Instrument) -> tuple[float, float]:
    low = DEFAULT_NUMERIC[0] if instrument.minimum is None else instrument.minimum
    high = low + DEFAULT_NUMERIC[1] if instrument.maximum is None else instrument.maximum
    return (low, high) if low <= high else (high, low)


def _match(dispositions: Mapping[str, float], option: str) -> float:
    """Terms of `value` in which what the option is about meets a disposition."""
    effects = active_effects(read_stimulus({"content": option, "channel": option}))
    return math.fsum(
        effect.value * strength * dispositions[effect.persona]
        for effect, strength in effects
        if effect.persona and effect.stimulus
    )


def _polarity(option: str) -> int:
    """+1 for an option that says yes, −1 for one that says no ("not likely" too), 0 otherwise."""
    found = words(option)
    polarity = next((sign for word in found if (sign := OPTION_POLARITY.get(word, 0))), 0)
    return -abs(polarity) if "not" in found else polarity


def _mention(option: str, vocabulary: frozenset[str]) -> float:
    """Share of the option's words that stand in the stimulus."""
    found = words(option)
    return sum(word in vocabulary for word in found) / len(found) if found else 0.0
