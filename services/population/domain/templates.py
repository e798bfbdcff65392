"""The demographic templates that ship with us, read from templates/*.json, and margins given for one study.

A file that is no template does not load. A given margin must use the template's values where the template has the
dimension, because rules, levels and sentences speak of these; a dimension the template lacks may have any.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from libs.contracts.demographics import EXACT, Dimension, GivenMargin, Template, Words, age_range
from libs.contracts.errors import InvalidError
from services.population.domain.traits import load_trait_model

FOLDER = Path(__file__).parent.parent / "templates"
OPEN_BAND_DECLINE = 0.9
RESERVED = frozenset({"age", "country"})
"""Attributes of a person that are no dimension."""
WORDS = set(Words.model_fields)


@dataclass(frozen=True, slots=True)
class Known:
    """A template that can be named; `created_at` is None for one that comes with the service."""

    template: Template
    created_at: datetime | None


def year_weight(band: str, age: int) -> float:
    """How common one year of age is within its band: falling by a tenth a year in an open band, else flat."""
    first, _ = age_range(band)
    return OPEN_BAND_DECLINE ** (age - first) if band.endswith("+") else 1.0


def load_templates(folder: Path = FOLDER) -> dict[str, Template]:
    """Every template of a folder by name. Raises pydantic's `ValidationError` for a file that is none."""
    found = [Template.model_validate(json.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("*.json"))]
    return {template.name: template for template in found}


TAKEN = frozenset({"name", "segment", "fragment", "weight", "age_min", "age_max", "sort", "order", "limit", "cursor"})
"""What people are filtered by or shown with besides their attributes."""


def with_margins(template: Template, margins: Mapping[str, GivenMargin]) -> Template:
    """The template with some margins replaced or added. Raises `InvalidError` naming the margin and what is allowed."""
    dimensions = dict(template.dimensions)
    for name, margin in margins.items():
        field, known = f"margins.{name}", template.dimensions.get(name)
        if name in RESERVED:
            raise InvalidError(field, f"{name} is no dimension; age is given as age_band")
        if name in TAKEN or name in load_trait_model().traits:
            raise InvalidError(field, f"{name} is something else that people are told apart by; choose another name")
        values = known.values if known else tuple(margin.shares)
        if unknown := [value for value in margin.shares if value not in values]:
            raise InvalidError(f"{field}.shares", f"{unknown[0]!r} is no value of {name}", values)
        if unspoken := sorted(set(margin.named()) - set(values)):
            raise InvalidError(field, f"levels, aliases, minimum_age, told: {unspoken[0]!r} is no value", values)
        dimensions[name] = _dimension(name, margin, known)
    return template.model_copy(update={"dimensions": dimensions})


def renamed(template: Template, name: str) -> Template:
    """The same under another name."""
    title = f"{template.title}, with margins of one's own"
    return template.model_copy(update={"name": name, "title": title[:300]})


def _dimension(name: str, margin: GivenMargin, known: Dimension | None) -> Dimension:
    """A given margin, scaled to sum to 1; where the template has the dimension its words stay, new ones win."""
    total = margin.total
    scaled = f"The shares summed to {total:.4g} and were scaled to 1." if abs(total - 1) > EXACT else ""
    values = known.values if known else tuple(margin.shares)
    words = known.model_dump(include=WORDS) if known else {"told": {"*": f"{name.replace('_', ' ')}: {{value}}"}}
    provenance = {"status": "given", "source": margin.source, "year": margin.year, "licence": margin.licence}
    return Dimension.model_validate(
        {
            **words,
            **margin.model_dump(include=WORDS & margin.model_fields_set),
            **provenance,
            "note": " ".join(part for part in (margin.note, scaled) if part),
            "shares": {value: margin.shares.get(value, 0.0) / total for value in values},
        }
    )
