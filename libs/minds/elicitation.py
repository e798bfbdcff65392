"""Answers that are drawn: from probabilities an agent states, or from a rating of its words.

A drawn answer depends on the place of its turn, the metric and the probabilities alone. Probabilities stand by value:
"true" and "false", the whole numbers of a scale, the options; always in that order.
"""

import math
from collections.abc import Mapping
from hashlib import blake2b

from libs.contracts.instruments import Answer, Instrument, MetricType
from libs.minds.scales import values_of
from libs.minds.text import shown
from libs.minds.values import number_of, truth_of

Distribution = dict[str, float]
TOLERANCE = 0.1
"""How far stated probabilities may add up to something else than 1 before they are refused and not rescaled."""
DIGITS = 9


def read_distribution(instrument: Instrument, stated: object) -> Distribution:
    """The probabilities a model stated, as shares or in percent. Raises `ValueError` naming the metric.

    Values it did not mention have none. Probabilities that add up to nearly 1 (or 100) are scaled to do so.
    """
    values = values_of(instrument)
    if isinstance(stated, list) and len(stated) == len(values):
        stated = dict(zip(values, stated, strict=True))
    if instrument.type is MetricType.BINARY and (share := _share(stated)) is not None and share <= 1:
        stated = {"true": share, "false": 1 - share}
    if not isinstance(stated, Mapping):
        raise ValueError(f"{instrument.name}: {shown(stated)} gives no probability for each of {', '.join(values)}")
    found = dict.fromkeys(values, 0.0)
    for name, probability in stated.items():
        value, share = _called(instrument, values, str(name)), _share(probability)
        if value is None:
            raise ValueError(f"{instrument.name}: {shown(name)} is not one of {', '.join(values)}")
        if share is None or share < 0:
            raise ValueError(f"{instrument.name}: {shown(probability)} is no probability")
        found[value] += share
    total = math.fsum(found.values())
    whole = next((whole for whole in (1.0, 100.0) if abs(total / whole - 1) <= TOLERANCE), None)
    if whole is None:
        raise ValueError(f"{instrument.name}: the probabilities add up to {total:.6g}, not to 1")
    return normalised(found)


def normalised(weights: Mapping[str, float]) -> Distribution:
    """Weights as probabilities. They need to be ≥ 0 and not all 0."""
    total = math.fsum(weights.values())
    return {value: round(weight / total, DIGITS) for value, weight in weights.items()}


def draw(instrument: Instrument, distribution: Distribution, place: str) -> Answer:
    """One answer, each as likely as its probability says; always the same at one place."""
    values = values_of(instrument)
    point = _uniform(place, instrument.name) * math.fsum(distribution.values())
    for value, probability in distribution.items():
        point -= probability
        if point < 0:
            return values[value]
    return values[max(distribution, key=lambda value: distribution[value])]


def _called(instrument: Instrument, values: Mapping[str, Answer], name: str) -> str | None:
    """The value that a name means: in any case, "yes" for true, "3.0" for 3."""
    if name in values:
        return name
    if instrument.type is MetricType.BINARY and (truth := truth_of(name)) is not None:
        return str(truth).lower()
    if instrument.type is MetricType.ORDINAL and (number := number_of(name, instrument.maximum)) is not None:
        return next((value for value, answer in values.items() if answer == number), None)
    fitting = [value for value in values if value.strip().casefold() == name.strip().casefold()]
    return fitting[0] if len(fitting) == 1 else None


def _share(probability: object) -> float | None:
    if isinstance(probability, str) and probability.strip().endswith("%"):
        percent = number_of(probability.strip().removesuffix("%"), None)
        return None if percent is None else percent / 100
    return number_of(probability, None)


def _uniform(place: str, metric: str) -> float:
    """A number in [0, 1)."""
    digest = blake2b(f"{place}\x1f{metric}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2.0**53
