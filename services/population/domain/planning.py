"""A sampling plan made sound: margins that can be drawn from, and what of a model's plan could not be used and why."""

from collections.abc import Collection, Mapping, Sequence
from math import fsum

from pydantic import TypeAdapter, ValidationError

from libs.contracts.base import Data
from libs.contracts.demographics import DimensionName, GivenMargin, Template
from libs.contracts.errors import InvalidError
from libs.contracts.protocol import Usage
from libs.minds.sampling_plan import Spread
from services.population.domain.templates import with_margins

FEWEST, MOST = 2, 40
NAME: TypeAdapter[str] = TypeAdapter(DimensionName)
TOLERANCE = 0.1
"""How far a model's shares may sum from 1 and still be meant as shares."""


class Planned(Data):
    """A dimension of the plan, with the shares people are drawn by."""

    name: str
    is_new: bool
    """Not a dimension of the template."""
    shares: dict[str, float]
    reason: str


class Refused(Data):
    """A dimension that a model planned and that is not drawn by."""

    name: str
    why: str


class Plan(Data):
    """What a model planned for a context and a demography, as far as it could be used."""

    model: str
    context: str
    dimensions: tuple[Planned, ...]
    refused: tuple[Refused, ...]
    usage: Usage


def planned(
    spreads: Sequence[Spread],
    template: Template,
    given: Mapping[str, GivenMargin],
    traits: Collection[str],
    *,
    model: str,
    year: int,
) -> tuple[dict[str, GivenMargin], tuple[Planned, ...], tuple[Refused, ...]]:
    """Margins of a plan; `given` ones go before it."""
    margins: dict[str, GivenMargin] = {}
    used: list[Planned] = []
    refused: list[Refused] = []
    for spread in spreads:
        try:
            NAME.validate_python(spread.name)
            if spread.name in given:
                raise ValueError("its margin is given with the population")
            if spread.name in traits:
                raise ValueError("it is a trait")
            margin = _margin(spread, model, year)
            with_margins(template, {spread.name: margin})
        except ValidationError as error:
            refused.append(Refused(name=spread.name, why=str(error.errors()[0]["msg"])))
        except (InvalidError, ValueError) as error:
            refused.append(Refused(name=spread.name, why=str(error)))
        else:
            margins[spread.name] = margin
            is_new = spread.name not in template.dimensions
            used.append(Planned(name=spread.name, is_new=is_new, shares=margin.shares, reason=spread.reason))
    return margins, tuple(used), tuple(refused)


def _margin(spread: Spread, model: str, year: int) -> GivenMargin:
    total = fsum(spread.shares.values())
    if any(share < 0 for share in spread.shares.values()):
        raise ValueError("a share is negative or no number")
    if not FEWEST <= len(spread.shares) <= MOST:
        raise ValueError(f"it has {len(spread.shares)} values; from {FEWEST} to {MOST} can be")
    if abs(total - 1) > TOLERANCE:
        raise ValueError(f"its shares sum to {total:.3g}, not to 1")
    return GivenMargin(
        shares={value: share / total for value, share in spread.shares.items()},
        source=f"planned by the model {model}; no statistics stand behind it",
        year=year,
        note=spread.reason,
    )
