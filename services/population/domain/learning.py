"""What a model makes of phrases no rule knows: constraints like any others, once every word of them has been checked.

A constraint that names something the template does not have makes nothing of its phrase: it is not half believed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libs.contracts.demographics import ADULT, OLDEST, Template
from libs.minds.phrase_reading import Said, Translated
from services.population.domain.particularities import STRONG, Constraint, Reading

AGE = "age"
SIDES: Mapping[str, tuple[float | None, float | None]] = {"high": (STRONG, None), "low": (None, -STRONG)}


def about(template: Template, traits: Sequence[str]) -> list[str]:
    """What a constraint can be about."""
    return [AGE, *template.dimensions, *traits]


@dataclass(frozen=True, slots=True)
class Learned:
    """Constraints of a segment's phrases; phrases in `left` say more than that."""

    constraints: tuple[Constraint, ...] = ()
    left: tuple[str, ...] = ()


NOTHING = Learned()


def learned(phrases: Sequence[str], said: Sequence[Translated], template: Template, traits: Sequence[str]) -> Learned:
    """What can be believed of what a model said about these phrases, in their order."""
    constraints: list[Constraint] = []
    left: list[str] = []
    for phrase, translated in zip(phrases, said, strict=True):
        found = [_constraint(phrase, one, template, traits) for one in translated.constraints]
        if None in found:
            continue
        constraints += [one for one in found if one is not None]
        left += [] if translated.is_complete else [phrase]
    return Learned(tuple(constraints), tuple(left))


def completed(reading: Reading, more: Learned) -> Reading:
    """A reading by rules with what a model made of the rest."""
    said = {constraint.text for constraint in more.constraints} - set(more.left)
    rest = tuple(words for words in reading.not_understood if words not in said)
    return Reading((*reading.understood, *more.constraints), rest)


def _constraint(phrase: str, said: Said, template: Template, traits: Sequence[str]) -> Constraint | None:
    if said.about == AGE:
        low = ADULT if said.minimum is None else max(ADULT, round(said.minimum))
        high = OLDEST if said.maximum is None else min(OLDEST, round(said.maximum))
        is_bounded = said.minimum is not None or said.maximum is not None
        return Constraint(phrase, AGE, minimum=low, maximum=high, by="model") if is_bounded and low <= high else None
    if said.about in traits:
        if len(said.values) != 1 or said.values[0] not in SIDES:
            return None
        minimum, maximum = SIDES[said.values[0]]
        return Constraint(phrase, said.about, minimum=minimum, maximum=maximum, is_trait=True, by="model")
    dimension = template.dimensions.get(said.about)
    if dimension is None or not said.values or not set(said.values) <= set(dimension.values):
        return None
    return Constraint(phrase, said.about, frozenset(said.values), by="model")
