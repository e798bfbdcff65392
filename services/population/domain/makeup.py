"""What others are told of how the people of a population came to be. Texts are cut, so that the message stays small."""

from collections.abc import Sequence

from libs.contracts.people import Agent
from libs.contracts.population import LONGEST_SAID, GivenSource, Makeup, SegmentMakeup, Worth
from libs.minds.text import plain
from services.population.domain.imports import IMPORTED
from services.population.domain.people import Design
from services.population.domain.population import Population

MOST_PARTS = 20
"""Parts of one segment's words that were not understood."""


def of_drawn(population: Population, design: Design) -> Makeup:
    """Of people who were drawn by this design."""
    spec, weighting = population.spec, design.weighting
    return Makeup(
        way="drawn",
        base=spec.demographic_base,
        title=design.template.title,
        seed=population.seed,
        eligible=tuple(_cut(constraint.text) for constraint in design.eligible.constraints),
        margins=tuple(
            GivenSource(dimension=name, source=margin.source, year=margin.year)
            for name, margin in (spec.margins or {}).items()
        ),
        segments=_segments(population),
        worth=_worth(weighting.effective_n, weighting.design_effect),
        described_as=_cut(population.plan.context) if population.plan else None,
        planned_by=population.plan.model if population.plan else None,
        read_by=spec.model if population.learned else None,
        written_by=population.personas.model if population.personas else None,
    )


def of_imported(population: Population, people: Sequence[Agent]) -> Makeup:
    """Of people who came from files."""
    return Makeup(
        way="imported",
        base=IMPORTED,
        title=None,
        seed=None,
        eligible=(),
        margins=(),
        segments=_segments(population),
        worth=_worth_of([agent.weight for agent in people]),
        described_as=None,
        planned_by=None,
        read_by=None,
        written_by=None,
    )


def _segments(population: Population) -> tuple[SegmentMakeup, ...]:
    return tuple(
        SegmentMakeup(
            name=segment.name,
            size=segment.size,
            particularities=_cut(segment.particularities),
            not_understood=tuple(_cut(part) for part in reading.not_understood[:MOST_PARTS]),
            fragments=tuple(segment.fragments),
        )
        for segment, reading in zip(population.spec.segments, population.readings, strict=True)
    )


def _worth_of(weights: Sequence[float | None]) -> Worth | None:
    """Of weights that were given; whoever has none stands for one."""
    if not any(weights):
        return None
    from libs.stats.weighting import design_effect, effective_n

    known = [weight or 1.0 for weight in weights]
    return _worth(effective_n(known), design_effect(known))


def _worth(effective: float, effect: float) -> Worth | None:
    """What weights cost; nothing where everybody weighs alike."""
    worth = Worth(effective_n=round(effective, 2), design_effect=round(effect, 4))
    return worth if worth.design_effect > 1 else None


def _cut(text: str) -> str:
    return plain(text, LONGEST_SAID)
