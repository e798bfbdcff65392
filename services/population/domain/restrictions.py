"""Constraints put together: what they leave of ages, values and traits, or which of them exclude each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from libs.contracts.demographics import ADULT, OLDEST
from libs.contracts.errors import InvalidError
from services.population.domain.joint import Joint
from services.population.domain.particularities import Constraint

PAIRS_AT_MOST = 66


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Years of age (all when None), values by dimension, and bounds by trait that everybody drawn satisfies."""

    ages: frozenset[int] | None = None
    allowed: dict[str, frozenset[str]] = field(default_factory=dict)
    traits: dict[str, tuple[float, float]] = field(default_factory=dict)


def restrict(constraints: Sequence[Constraint], joint: Joint, field_name: str) -> Restrictions:
    """All constraints at once. Raises `InvalidError` naming the phrases nobody can satisfy together."""
    for constraint in constraints:
        if constraint.dimension == "age" and not _ages(constraint):
            message = f"{constraint.text!r} holds no adults; people are {ADULT} to {OLDEST} years old"
            raise InvalidError(field_name, message, [f"{ADULT}-{OLDEST}"])
    if not _possible(constraints, joint):
        phrases = ", ".join(repr(constraint.text) for constraint in _quarrel(constraints, joint))
        raise InvalidError(field_name, f"nobody can be all of this at once: {phrases}")
    return _together(constraints)


def _ages(constraint: Constraint) -> frozenset[int]:
    low, high = int(constraint.minimum or 0), int(constraint.maximum or 0)
    return frozenset(range(max(low, ADULT), min(high, OLDEST) + 1))


def _together(constraints: Sequence[Constraint]) -> Restrictions:
    ages: frozenset[int] | None = None
    allowed: dict[str, frozenset[str]] = {}
    traits: dict[str, tuple[float, float]] = {}
    for constraint in constraints:
        name = constraint.dimension
        if constraint.is_trait:
            low, high = traits.get(name, (-1.0, 1.0))
            least = constraint.minimum if constraint.minimum is not None else -1.0
            most = constraint.maximum if constraint.maximum is not None else 1.0
            traits[name] = (max(low, least), min(high, most))
        elif name == "age":
            ages = _ages(constraint) if ages is None else ages & _ages(constraint)
        else:
            allowed[name] = constraint.allowed & allowed.get(name, constraint.allowed)
    return Restrictions(ages, allowed, traits)


def _possible(constraints: Sequence[Constraint], joint: Joint) -> bool:
    together = _together(constraints)
    if any(low > high for low, high in together.traits.values()):
        return False
    if together.ages == frozenset() or not all(together.allowed.values()):
        return False
    return joint.keeping(together.ages, together.allowed)[1] > 0


def _quarrel(constraints: Sequence[Constraint], joint: Joint) -> Sequence[Constraint]:
    """The first two that exclude each other, or all of them when it takes more than two."""
    for number, pair in enumerate(combinations(constraints, 2)):
        if number == PAIRS_AT_MOST:
            break
        if not _possible(pair, joint):
            return pair
    return constraints
