"""Who is meant by a target: people by segment and attribute; and what is allowed, once people are known.

Where an attribute is a number a target gives the lowest and the highest value. Age is an attribute like any other.
"""

from collections.abc import Mapping, Sequence

from libs.contracts.errors import InvalidError
from libs.contracts.planning import Attribute, AttributeValue, Target, is_number

MOST_NAMED = 50
SEGMENT = "segment"


def check_attributes(target: Target, field: str, known: Mapping[str, Attribute]) -> None:
    """Raises `InvalidError` naming the first attribute or value that the population does not have."""
    for name, wanted in target.attributes.items():
        place = f"{field}.attributes.{name}"
        if name not in known:
            raise InvalidError(place, f"people of the population have no attribute {name!r}", list(known))
        attribute = known[name]
        if attribute.is_number:
            _check_range(wanted, attribute, place)
            continue
        for value in wanted:
            if value not in attribute.values:
                allowed = [str(one) for one in attribute.values[:MOST_NAMED]]
                raise InvalidError(place, f"nobody has the value {value!r}", allowed)


def check_segments(targets: Sequence[str], segments: Mapping[str, int], field: str = "target_segments") -> None:
    """Raises `InvalidError` naming the first target that is no segment of the population."""
    for position, target in enumerate(targets):
        if target not in segments:
            known = "its segments are allowed" if segments else f"it has none, so leave {field} empty"
            message = f"the population has no segment {target!r}; {known}"
            raise InvalidError(f"{field}.{position}", message, tuple(segments))


def check_strata(by: Sequence[str], known: Mapping[str, Attribute]) -> None:
    """Raises `InvalidError` for a stratum of something that people do not have."""
    for position, name in enumerate(by):
        if name != SEGMENT and name not in known:
            message = f"people of the population have no attribute {name!r}"
            raise InvalidError(f"randomisation.by.{position}", message, [SEGMENT, *known])


def says_something(target: Target | None) -> bool:
    """False for a target that names nothing, which everybody fits."""
    return target is not None and bool(target.segments or target.attributes)


def _check_range(wanted: Sequence[AttributeValue], attribute: Attribute, field: str) -> None:
    lowest, highest = attribute.values[0], attribute.values[-1]
    allowed = [f"{lowest:g}", f"{highest:g}"]
    if len(wanted) > 2 or not all(is_number(one) for one in wanted):
        raise InvalidError(field, "is a number: give [lowest, highest], or one value", allowed)
    if wanted[0] > wanted[-1] or wanted[-1] < lowest or wanted[0] > highest:  # type: ignore[operator]
        raise InvalidError(field, f"nobody is in this range; people are from {lowest:g} to {highest:g}", allowed)
