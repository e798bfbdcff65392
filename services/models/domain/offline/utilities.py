"""The three utilities of a person before a stimulus: attention (noticing), interest (going further), value (worth it).

U = intercept + Σ coefficient · stimulus factor · disposition, over the rows of `coefficients.EFFECTS`. Nothing random.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from services.models.domain.offline.coefficients import EFFECTS, INTERCEPTS, Effect
from services.models.domain.offline.stimulus import NO_STIMULUS, Stimulus


@dataclass(frozen=True, slots=True)
class Utilities:
    """Attention, interest and value of one person before one stimulus, in logits."""

    attention: float
    interest: float
    value: float

    def combined(self, loadings: tuple[float, float, float]) -> float:
        """The utility of a metric that loads on the three like this."""
        return self.attention * loadings[0] + self.interest * loadings[1] + self.value * loadings[2]


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of a utility: how much it adds, and the words for it."""

    effect: Effect
    amount: float
    text: str


@lru_cache(maxsize=2_048)
def active_effects(stimulus: Stimulus) -> tuple[tuple[Effect, float], ...]:
    """The rows a stimulus leaves standing, each with its stimulus factor."""
    found = ((effect, stimulus.factors.get(effect.stimulus, 0.0) if effect.stimulus else 1.0) for effect in EFFECTS)
    return tuple((effect, strength) for effect, strength in found if strength)


def evaluate(dispositions: Mapping[str, float], effects: tuple[tuple[Effect, float], ...]) -> Utilities:
    """The utilities of a person with these dispositions."""
    attention, interest, value = INTERCEPTS.attention, INTERCEPTS.interest, INTERCEPTS.value
    for effect, strength in effects:
        amount = strength * dispositions[effect.persona] if effect.persona else strength
        if amount:
            attention += effect.attention * amount
            interest += effect.interest * amount
            value += effect.value * amount
    return Utilities(attention, interest, value)


def reasons(
    dispositions: Mapping[str, float],
    effects: tuple[tuple[Effect, float], ...],
    loadings: tuple[float, float, float],
) -> list[Reason]:
    """The terms of a combined utility that are not 0, largest first; equal ones in the order of the table."""
    found = []
    for effect, strength in effects:
        disposition = dispositions[effect.persona] if effect.persona else 1.0
        weight = effect.attention * loadings[0] + effect.interest * loadings[1] + effect.value * loadings[2]
        amount = weight * strength * disposition
        if amount:
            found.append(Reason(effect, amount, effect.because if disposition > 0 else effect.because_low))
    return sorted(found, key=lambda reason: -abs(reason.amount))


WITHOUT_STIMULUS = active_effects(NO_STIMULUS)
