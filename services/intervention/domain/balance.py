"""How alike the arms came out before anything happened: the table that a reader of a trial looks at first.

Standardised mean differences from the baseline, (m - m₀) / √((s² + s₀²) / 2), also of shares: Austin, Communications in
Statistics 38 (2009) 1228-1234. No p-values: after randomisation every difference is chance by construction.
"""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from libs.contracts.planning import AttributeValue, Balance, is_number
from services.intervention.domain.assignment import Assigned, Person, by_id
from services.intervention.domain.targeting import SEGMENT

MOST_VALUES = 12
MOST_ROWS = 100


def balance(
    people: Iterable[Person], assignments: Iterable[Assigned], arms: Sequence[str], baseline: str
) -> tuple[Balance, ...]:
    """Every attribute that differs between people at all; of one with many values the most frequent ones.

    Each of the people is assigned once.
    """
    members = sorted(people, key=by_id)
    own = [assignment.arm for assignment in sorted(assignments, key=by_id)]
    rows: list[Balance] = []
    for name, value, scores in _columns(members):
        by_arm: dict[str, array[float]] = defaultdict(lambda: array("d"))
        for arm, score in zip(own, scores, strict=True):
            if score is not None:
                by_arm[arm].append(score)
        row = _row(name, value, {arm: by_arm[arm] for arm in arms}, baseline)
        if row is not None:
            rows.append(row)
    return tuple(rows[:MOST_ROWS])


def _columns(people: Sequence[Person]) -> Iterable[tuple[str, str | None, Iterable[float | None]]]:
    """(attribute, value, score of each): the number itself, or whether somebody has the value."""
    for name in sorted({SEGMENT, *(name for person in people for name in person.profile)}):
        values = [_value(person, name) for person in people]
        first = next((value for value in values if value is not None), None)
        if all(value is None or value == first for value in values):
            continue
        if all(value is None or is_number(value) for value in values):
            yield name, None, (None if value is None else float(value) for value in values)
            continue
        counts = Counter(str(value) for value in values if value is not None)
        frequent = sorted(counts, key=lambda value: (-counts[value], value))[:MOST_VALUES]
        for value in sorted(frequent):
            yield name, value, (None if one is None else float(str(one) == value) for one in values)


def _value(person: Person, name: str) -> AttributeValue | None:
    return (person.segment or "unsegmented") if name == SEGMENT else person.profile.get(name)


def _row(name: str, value: str | None, by_arm: Mapping[str, Sequence[float]], baseline: str) -> Balance | None:
    """None where an arm has nobody with the attribute."""
    if not all(by_arm.values()):
        return None
    means = {arm: sum(scores) / len(scores) for arm, scores in by_arm.items()}
    differences = [
        _standardised(by_arm[arm], by_arm[baseline], means[arm] - means[baseline]) for arm in by_arm if arm != baseline
    ]
    worst = max(differences, key=abs, default=0.0)
    rounded = {arm: round(mean, 6) for arm, mean in means.items()}
    return Balance(attribute=name, value=value, means=rounded, difference=round(worst, 6))


def _standardised(scores: Sequence[float], reference: Sequence[float], difference: float) -> float:
    spread = math.sqrt((_variance(scores) + _variance(reference)) / 2)
    return difference / spread if spread else 0.0


def _variance(scores: Sequence[float]) -> float:
    mean = sum(scores) / len(scores)
    return sum((score - mean) ** 2 for score in scores) / max(1, len(scores) - 1)
