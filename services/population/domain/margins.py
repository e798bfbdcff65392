"""The receipt of a population: for every margin what was expected, what was drawn, and where the figure comes from.

Errors are differences of shares: 0.01 is one percentage point. `expected` is the template's margin among those who are
eligible. It is what was drawn from the specification; people who were changed afterwards are counted as they were.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from libs.contracts.base import Data
from libs.contracts.demographics import Status
from services.population.domain.people import Design
from services.population.domain.population import REST, Understood, understood

Numbers = NDArray[np.float64]


class ValueShare(Data):
    """One value: its share as expected, as drawn, and as drawn and weighted."""

    value: str
    expected: float
    drawn: float
    weighted: float


class MarginError(Data):
    """One margin with its provenance, and how far the people are from it."""

    dimension: str
    status: Status
    source: str
    year: int
    licence: str
    note: str
    values: list[ValueShare]
    max_error: float
    mean_error: float
    max_error_weighted: float
    mean_error_weighted: float


class SegmentError(Data):
    """One segment, or the rest: how many of those eligible it stands for, and how far its people are from them."""

    segment: str
    size: int
    share_of_eligible: float
    max_error: float
    mean_error: float


class WeightReport(Data):
    """What unequal weights cost. `covers` is false where some who are eligible had no chance to be drawn.

    `raked` are the dimensions whose margins the weights meet.
    """

    effective_n: float
    design_effect: float
    smallest: float
    largest: float
    covers: bool
    raked: list[str]


class EligibilityReport(Data):
    """Who could be drawn: the constraints, and the share of the template's people who meet those of demography."""

    understood: list[Understood]
    share: float


class JointReport(Data):
    """One published joint, and the largest error of its cells in the distribution that people are drawn from."""

    of: str
    given: str
    source: str
    year: int
    licence: str
    note: str
    max_error: float


class TieReport(Data):
    """What a dimension hangs on, and whether survey rows or assumptions of ours say how."""

    dimension: str
    hangs_on: list[str]
    status: str
    source: str


class MarginReport(Data):
    """Margin errors of a population, over all dimensions and by dimension, joint and segment."""

    template: str
    size: int
    max_error: float
    mean_error: float
    max_error_weighted: float
    mean_error_weighted: float
    eligibility: EligibilityReport | None
    weights: WeightReport
    dimensions: list[MarginError]
    segments: list[SegmentError]
    joints: list[JointReport]
    ties: list[TieReport]


def report(design: Design) -> MarginReport:
    """The receipt of everybody a design draws."""
    weights = design.weighting.weights
    dimensions = [_dimension(design, name, weights) for name in design.template.dimensions]
    largest = [float(margin.max_error) for margin in dimensions]
    weighted = [float(margin.max_error_weighted) for margin in dimensions]
    return MarginReport(
        template=design.template.name,
        size=design.size,
        max_error=max(largest),
        mean_error=_mean([margin.mean_error for margin in dimensions]),
        max_error_weighted=max(weighted),
        mean_error_weighted=_mean([margin.mean_error_weighted for margin in dimensions]),
        eligibility=_eligibility(design),
        weights=WeightReport(
            effective_n=round(design.weighting.effective_n, 2),
            design_effect=round(design.weighting.design_effect, 4),
            smallest=round(float(weights.min()), 4),
            largest=round(float(weights.max()), 4),
            covers=design.weighting.covers,
            raked=list(design.weighting.raked),
        ),
        dimensions=dimensions,
        segments=_segments(design),
        joints=_joints(design),
        ties=_ties(design),
    )


def _dimension(design: Design, name: str, weights: Numbers) -> MarginError:
    margin, expected = design.template.dimensions[name], design.expected[name]
    codes = np.concatenate([group.stratum.codes[name] for group in design.groups])
    drawn = np.bincount(codes, minlength=len(expected)) / design.size
    weighted = np.bincount(codes, weights=weights, minlength=len(expected)) / weights.sum()
    rows = zip(margin.values, expected, drawn, weighted, strict=True)
    return MarginError(
        dimension=name,
        status=margin.status,
        source=margin.source,
        year=margin.year,
        licence=margin.licence,
        note=margin.note,
        values=[ValueShare(value=v, expected=_digits(e), drawn=_digits(d), weighted=_digits(w)) for v, e, d, w in rows],
        max_error=_digits(np.abs(drawn - expected).max()),
        mean_error=_digits(np.abs(drawn - expected).mean()),
        max_error_weighted=_digits(np.abs(weighted - expected).max()),
        mean_error_weighted=_digits(np.abs(weighted - expected).mean()),
    )


def _segments(design: Design) -> list[SegmentError]:
    found = []
    for group in design.groups:
        errors = []
        for name in design.template.dimensions:
            expected = group.stratum.expected(name)
            drawn = np.bincount(group.stratum.codes[name], minlength=len(expected)) / group.size
            errors.append(np.abs(drawn - expected))
        found.append(
            SegmentError(
                segment=group.name or REST,
                size=group.size,
                share_of_eligible=_digits(group.stratum.share / design.eligible.share),
                max_error=_digits(max(error.max() for error in errors)),
                mean_error=_mean([float(error.mean()) for error in errors]),
            )
        )
    return found


def _eligibility(design: Design) -> EligibilityReport | None:
    if not design.eligible.constraints:
        return None
    return EligibilityReport(
        understood=[understood(constraint, design.template) for constraint in design.eligible.constraints],
        share=_digits(design.eligible.share),
    )


def _joints(design: Design) -> list[JointReport]:
    found = []
    for joint in design.template.joints:
        shares = design.joint.network.shares(joint.given, joint.of)
        rows, columns = design.joint.values[joint.given], design.joint.values[joint.of]
        errors = []
        for value, stated in joint.rows.items():
            row = shares[rows.index(value)]
            for column, share in stated.items():
                members = [columns.index(member) for member in design.template.dimensions[joint.of].members(column)]
                errors.append(abs(float(row[members].sum() / row.sum()) - share) if row.sum() else 0.0)
        provenance = {name: getattr(joint, name) for name in ("of", "given", "source", "year", "licence", "note")}
        found.append(JointReport(**provenance, max_error=_digits(max(errors))))
    return found


def _ties(design: Design) -> list[TieReport]:
    found = []
    for name, rules in design.joint.ties.rules.items():
        hangs_on = ["age_band" if rule.parent == "age" else rule.parent for rule in rules]
        known = [parent for parent in hangs_on if parent in design.template.dimensions]
        if name in design.template.dimensions and known:
            basis = design.joint.ties.basis[name]
            found.append(TieReport(dimension=name, hangs_on=known, status=basis.status, source=basis.source))
    return found


def _mean(errors: Sequence[float]) -> float:
    return _digits(sum(errors) / len(errors))


def _digits(share: float | np.floating) -> float:
    return round(float(share), 6)
