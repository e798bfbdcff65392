"""Who may be drawn at all: a screen read into constraints that hold for everybody, in every segment and the rest.

What is not understood of a screen is refused: people who should have been screened out would be drawn silently.
"""

from dataclasses import dataclass

from libs.contracts.demographics import ADULT, OLDEST, Screen, Template
from libs.contracts.errors import InvalidError
from services.population.domain.joint import Joint
from services.population.domain.particularities import Constraint, read
from services.population.domain.restrictions import restrict
from services.population.domain.traits import load_trait_model

FIELD = "eligibility"


@dataclass(frozen=True, slots=True)
class Eligible:
    """The constraints of a screen, and the share of the template's people who meet them.

    Bounds of traits do not count in the share: everybody drawn is given traits within them.
    """

    constraints: tuple[Constraint, ...] = ()
    share: float = 1.0


def screened(screen: Screen | None, joint: Joint) -> Eligible:
    """A screen for the people of a template. Raises `InvalidError` naming the field and what is allowed."""
    if screen is None:
        return Eligible()
    reading = read(screen.text, joint.template)
    if reading.not_understood:
        words = ", ".join(repr(part) for part in reading.not_understood)
        message = f"not understood: {words}; say it in other words or as values of a dimension"
        raise InvalidError(FIELD, message, sorted(joint.template.dimensions))
    constraints = (*reading.understood, *_ages(screen), *_values(screen, joint.template), *_traits(screen))
    restrictions = restrict(constraints, joint, FIELD)
    return Eligible(constraints, joint.keeping(restrictions.ages, restrictions.allowed)[1])


def _ages(screen: Screen) -> list[Constraint]:
    if screen.minimum_age is None and screen.maximum_age is None:
        return []
    low, high = screen.minimum_age or ADULT, screen.maximum_age or OLDEST
    if low > high:
        raise InvalidError(f"{FIELD}.minimum_age", f"{low} is more than maximum_age, {high}")
    return [Constraint(f"age {low} to {high}", "age", minimum=low, maximum=high)]


def _values(screen: Screen, template: Template) -> list[Constraint]:
    found = []
    for name, wanted in screen.values.items():
        dimension = template.dimensions.get(name)
        if dimension is None:
            raise InvalidError(f"{FIELD}.values", f"there is no dimension {name!r}", sorted(template.dimensions))
        if unknown := [value for value in wanted if not dimension.members(value)]:
            allowed = (*dimension.values, *dimension.levels)
            raise InvalidError(f"{FIELD}.values.{name}", f"{unknown[0]!r} is no value of {name}", allowed)
        members = frozenset(member for value in wanted for member in dimension.members(value))
        found.append(Constraint(f"{name}: {', '.join(wanted)}", name, members))
    return found


def _traits(screen: Screen) -> list[Constraint]:
    known = load_trait_model().traits
    found = []
    for name, bounds in screen.traits.items():
        if name not in known:
            raise InvalidError(f"{FIELD}.traits", f"there is no trait {name!r}", sorted(known))
        if bounds.minimum > bounds.maximum:
            raise InvalidError(f"{FIELD}.traits.{name}", "minimum is more than maximum")
        words = f"{name} {bounds.minimum:g} to {bounds.maximum:g}"
        found.append(Constraint(words, name, minimum=bounds.minimum, maximum=bounds.maximum, is_trait=True))
    return found
