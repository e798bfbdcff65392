"""Whether an effect survives another configuration: model, way of asking, order of options, wording, seed.

A simulated effect that turns around with the seed or the model is no finding about anything. Agreement is the share of
configurations whose effect has the sign of most of them; below four fifths it is flagged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from statistics import median

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.errors import InvalidError
from libs.contracts.evidence import Analysis, Comparison, Evidence
from libs.contracts.experiments import RobustnessSpec
from libs.contracts.instruments import LONGEST_STATED, Instrument, MetricType, OptionOrder

FLAGGED_BELOW = 0.8
DEFAULT_SEEDS = 3
SEED_LIMIT = 2**31


class Asking(Data):
    """How an execution asks; null is as it was designed."""

    elicitation: str | None = Field(default=None, description="Null: as designed.")
    option_order: OptionOrder | None = Field(default=None, description="Null: every agent has an order of its own.")
    wording: str | None = Field(default=None, description="The name of the wording; null: in the words of the design.")
    questions: dict[str, str] | None = Field(default=None, description="The questions of the wording, by metric.")


AS_DESIGNED = Asking()


class Configuration(Asking):
    """One of the executions."""

    simulation_id: str
    model: str
    seed: int


@dataclass(frozen=True, slots=True)
class Robustness:
    """A set of executions that differ in nothing but their configuration."""

    id: str
    intervention_id: str
    requested_at: datetime
    configurations: tuple[Configuration, ...]


class RobustEffect(Data):
    """An arm against the baseline, in every configuration."""

    metric: str
    option: str | None
    role: str
    arm: str
    baseline: str
    differences: dict[str, float] = Field(description="By simulation.")
    sign_agreement: float = Field(description="Share of configurations with the more frequent sign.")
    lowest: float
    median: float
    highest: float
    is_flagged: bool = Field(description="Fewer than four fifths agree, or there is one configuration only.")
    evidence: Evidence = Field(description="Of the weakest configuration.")


def planned(spec: RobustnessSpec, seed: int, asked: Sequence[Instrument]) -> list[tuple[str, int, Asking]]:
    """Model, seed and way of asking of every configuration. Raises `InvalidError` for words of what is not asked."""
    names = [instrument.name for instrument in asked]
    for place, wording in enumerate(spec.wordings):
        for name in wording.questions:
            if name not in names:
                raise InvalidError(f"wordings.{place}.questions", f"{name!r} is not asked", names)
    seeds = spec.seeds or [(seed + offset) % SEED_LIMIT for offset in range(DEFAULT_SEEDS)]
    elicitations: list[str | None] = [*spec.elicitations] or [None]
    orders = [None if order == "own" else order for order in spec.option_orders] or [None]
    ways = [
        Asking(
            elicitation=elicitation,
            option_order=order,
            wording=wording.name if wording else None,
            questions=dict(wording.questions) if wording else None,
        )
        for elicitation, order, wording in product(elicitations, orders, [None, *spec.wordings])
    ]
    return list(product(spec.models, seeds, ways))


def asked_so(instruments: Sequence[Instrument], asking: Asking) -> tuple[Instrument, ...]:
    """The instruments asked in this way, as far as each of them can be."""
    return tuple(_asked_so(one, asking) for one in instruments)


def _asked_so(one: Instrument, asking: Asking) -> Instrument:
    changes: dict[str, object] = {}
    if asking.elicitation is not None and _can_be_stated(one):
        wanted = None if asking.elicitation == "direct" else asking.elicitation
        changes |= {"elicitation": wanted, "anchors": None}
    if asking.option_order is not None and one.options:
        changes["option_order"] = asking.option_order
    if asking.questions is not None and one.name in asking.questions:
        changes["question"] = asking.questions[one.name]
    return one.model_copy(update=changes) if changes else one


def robust_effects(analyses: Mapping[str, Analysis]) -> tuple[RobustEffect, ...]:
    """Every comparison that all of these analyses have, by simulation."""
    found: dict[tuple[str, str | None, str], dict[str, Comparison]] = {}
    for simulation_id, analysis in sorted(analyses.items()):
        for one in analysis.comparisons:
            if one.difference is not None:
                found.setdefault((one.metric, one.option, one.arm), {})[simulation_id] = one
    return tuple(_effect(mine) for mine in found.values() if len(mine) == len(analyses))


def _effect(mine: Mapping[str, Comparison]) -> RobustEffect:
    first = next(iter(mine.values()))
    differences = {simulation_id: one.difference or 0.0 for simulation_id, one in mine.items()}
    values = list(differences.values())
    agreement = max(sum(value > 0 for value in values), sum(value < 0 for value in values)) / len(values)
    return RobustEffect(
        metric=first.metric,
        option=first.option,
        role=first.role,
        arm=first.arm,
        baseline=first.baseline,
        differences=differences,
        sign_agreement=agreement,
        lowest=min(values),
        median=median(values),
        highest=max(values),
        is_flagged=agreement < FLAGGED_BELOW or len(values) < 2,
        evidence=min((one.evidence for one in mine.values()), key=lambda each: (-ord(each.grade), each.effective_n)),
    )


def _can_be_stated(metric: Instrument) -> bool:
    steps = round((metric.maximum or 0) - (metric.minimum or 0)) + 1
    is_short = metric.type is MetricType.ORDINAL and steps <= LONGEST_STATED
    return is_short or metric.type in {MetricType.BINARY, MetricType.CHOICE}
