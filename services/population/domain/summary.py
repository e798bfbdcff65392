"""Counts and sums of people, added up block by block, so that showing a segment never reads its people again."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from libs.contracts.people import Agent


@dataclass(slots=True)
class Summary:
    """People of one segment (or of the rest) so far."""

    size: int = 0
    ages: int = 0
    """Sum of ages, in years."""
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    traits: Counter[str] = field(default_factory=Counter)
    """Sum of each trait, in thousandths: whole numbers add up the same in any order."""
    stated: Counter[str] = field(default_factory=Counter)
    """People with a number for each trait: who was drawn has all of them, who was imported may not."""

    def add(self, agent: Agent) -> None:
        """Count one person."""
        self.size += 1
        self.ages += agent.age
        for dimension, value in agent.demographic_profile.items():
            if isinstance(value, str):
                self.counts.setdefault(dimension, Counter())[value] += 1
        for trait, number in agent.traits.items():
            self.traits[trait] += round(number * 1000)
            self.stated[trait] += 1

    def include(self, other: "Summary") -> None:
        """Add the people of another summary."""
        self.size += other.size
        self.ages += other.ages
        for dimension, counts in other.counts.items():
            self.counts.setdefault(dimension, Counter()).update(counts)
        for trait, total in other.traits.items():
            self.traits[trait] += total
        for trait, people in other.stated.items():
            self.stated[trait] += people

    def mean_traits(self) -> dict[str, float]:
        """Mean of each trait over those who have it."""
        return {
            trait: round(total / 1000 / self.stated[trait], 3)
            for trait, total in self.traits.items()
            if self.stated[trait]
        }


def difference(before: Mapping[str | None, Summary], after: Mapping[str | None, Summary]) -> dict[str | None, Summary]:
    """What must be added to the summaries of the same people once their traits are others; nobody is counted again."""
    added: dict[str | None, Summary] = {}
    for segment, summary in after.items():
        added[segment] = Summary(traits=Counter(summary.traits), stated=Counter(summary.stated))
        added[segment].traits.subtract(before[segment].traits)
        added[segment].stated.subtract(before[segment].stated)
    return added


def summarise(agents: Iterable[Agent]) -> dict[str | None, Summary]:
    """One summary for each segment that has people among these; None is the rest."""
    summaries: dict[str | None, Summary] = {}
    for agent in agents:
        summaries.setdefault(agent.segment, Summary()).add(agent)
    return summaries
