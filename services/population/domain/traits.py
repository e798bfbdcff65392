"""Numeric traits in [-1, 1]: attributes and fragments move them, individuals vary, particularities bound them.

Sums are squashed (tanh), and bounds are met by squeezing the scale: nothing is cut off, so people of a "tech-savvy"
segment with three fragments still differ from each other.
"""

import json
import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from random import Random

from libs.contracts.base import Body
from libs.contracts.demographics import Template

FILE = Path(__file__).parent.parent / "data" / "traits.json"
Effects = dict[str, float]
Bounds = Mapping[str, tuple[float, float]]
BIG_FIVE = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
RANKED = {"education_rank": "education", "income_rank": "income_band"}


class TraitModel(Body):
    """Known traits with their meaning, and what attributes do to them."""

    note: str
    spread: float
    traits: dict[str, str]
    effects: dict[str, dict[str, Effects | float]]


class Traits:
    """The trait model made ready for one template."""

    def __init__(self, model: TraitModel, template: Template) -> None:
        self.names = tuple(model.traits)
        self._spread = model.spread
        self._effects: dict[str, dict[str, Effects]] = {}
        for name, effects in model.effects.items():
            if name in RANKED:
                dimension = RANKED[name]
                scores = template.dimensions[dimension].scores()
                slopes = {trait: slope for trait, slope in effects.items() if isinstance(slope, float | int)}
                self._effects[dimension] = {
                    value: {trait: score * slope for trait, slope in slopes.items()} for value, score in scores.items()
                }
            else:
                self._effects[name] = {value: moved for value, moved in effects.items() if isinstance(moved, dict)}

    def draw(
        self, profile: Mapping[str, str], fragments: Iterable[Mapping[str, float]], bounds: Bounds, random: Random
    ) -> dict[str, float]:
        """One person's traits, rounded to a thousandth."""
        traits = {name: random.gauss(0.0, self._spread) for name in self.names}
        moves = [self._effects[name].get(profile[name], {}) for name in self._effects if name in profile]
        for effects in (*moves, *fragments):
            for name, effect in effects.items():
                traits[name] += effect
        for name, value in traits.items():
            value = math.tanh(value)
            if name in bounds:
                low, high = bounds[name]
                value = low + (value + 1) / 2 * (high - low)
            traits[name] = round(value, 3)
        return traits


@lru_cache(maxsize=1)
def load_trait_model(file: Path = FILE) -> TraitModel:
    """The trait model that comes with the service."""
    return TraitModel.model_validate(json.loads(file.read_text("utf-8")))
