"""Full names that no two people of a population share, without looking at anybody else.

Each person's index is sent through a pseudo-random permutation of all full names of a pool. Two pools never have both
a given name and a family name in common (checked when loading), so people of different pools cannot meet either.
"""

import json
import unicodedata
from collections.abc import Sequence
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Literal

from pydantic import Field

from libs.contracts.base import Body
from services.population.domain.draws import permuted

FOLDER = Path(__file__).parent.parent / "names"
Gender = Literal["female", "male"]
GENDERS: tuple[Gender, ...] = ("female", "male")


class NamePool(Body):
    """Given names by gender, and family names, by gender where the language has it so."""

    note: str = ""
    female: tuple[str, ...] = Field(min_length=1)
    male: tuple[str, ...] = Field(min_length=1)
    family: tuple[str, ...] | dict[Gender, tuple[str, ...]]

    def given(self, gender: Gender) -> tuple[str, ...]:
        """Given names of a gender."""
        return self.female if gender == "female" else self.male

    def families(self, gender: Gender) -> tuple[str, ...]:
        """Family names as this gender has them."""
        return self.family[gender] if isinstance(self.family, dict) else self.family

    def full_name(self, gender: Gender, place: int, size: int, key: int) -> str:
        """The name of the person at this place (from 0) of a population; middle names appear when names run short."""
        given, families = self.given(gender), self.families(gender)
        pairs = len(given) * len(families)
        layers = -(-size // pairs)
        layer, pair = divmod(permuted(place, pairs * layers, key), pairs)
        first, family = divmod(pair, len(families))
        middles = []
        while layer:
            layer, step = divmod(layer, len(given))
            middles.append(given[(first + step) % len(given)])
        return " ".join((given[first], *middles, families[family]))


def name_key(name: str) -> str:
    """A name as it is searched for and sorted by."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def load_names(folder: Path = FOLDER) -> dict[str, NamePool]:
    """Every name pool of a folder by name. Raises `ValueError` for names that are listed twice in a pool."""
    pools = {
        path.stem: NamePool.model_validate(json.loads(path.read_text("utf-8")))
        for path in sorted(folder.glob("*.json"))
    }
    for name, pool in pools.items():
        for names in (pool.female + pool.male, pool.families("female"), pool.families("male")):
            if len(set(names)) != len(names):
                raise ValueError(f"names/{name}.json: {_repeated(names)!r} is listed twice")
    return pools


def check_apart(pools: dict[str, NamePool]) -> None:
    """Raises `ValueError` when people of two pools could get the same full name."""
    sides = [(name, gender) for name in sorted(pools) for gender in GENDERS]
    for (one, first), (other, second) in combinations_with_replacement(sides, 2):
        given = set(pools[one].given(first)) & set(pools[other].given(second))
        families = set(pools[one].families(first)) & set(pools[other].families(second))
        if one != other and given and families:
            raise ValueError(f"names: {min(given)} {min(families)} is possible in {one} and in {other}")


def _repeated(names: Sequence[str]) -> str:
    return next(name for name in names if names.count(name) > 1)
