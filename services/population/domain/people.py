"""From a specification to people: one `Design` per population, and every person from (specification, seed, index).

Places are dealt in order: the first segment's people come first, the unsegmented rest last. A person's draws use a
generator seeded by seed and index alone, so blocks of any size, on any machine, give the same people.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import cast

from libs.contracts.errors import InvalidError
from libs.contracts.ids import agent_id
from libs.contracts.people import Agent
from libs.contracts.planning import AttributeValue
from libs.contracts.specs import PopulationSpec, SegmentSpec
from libs.minds.merging import MergeConflictError, merge
from services.population.domain.draws import key_of
from services.population.domain.factors import Table
from services.population.domain.fragments import Fragment, contradicted, parts_of
from services.population.domain.learning import NOTHING, Learned, completed
from services.population.domain.library import Library
from services.population.domain.names import Gender
from services.population.domain.particularities import Reading, read
from services.population.domain.population import REST
from services.population.domain.restrictions import Restrictions, restrict
from services.population.domain.sampling import Stratum
from services.population.domain.screening import screened
from services.population.domain.weights import Weighting, weigh


@dataclass(frozen=True, slots=True)
class Group:
    """A segment, or the rest (`name` None), ready to draw from."""

    name: str | None
    size: int
    reading: Reading
    stratum: Stratum
    restrictions: Restrictions
    fragments: tuple[Fragment, ...]
    told: frozenset[str]
    """Parts of a persona that the fragments tell of."""


class Design:
    """A valid specification, ready to draw people."""

    def __init__(
        self, spec: PopulationSpec, seed: int, library: Library, learned: Mapping[int, Learned] | None = None
    ) -> None:
        """Raises `InvalidError` naming the field and what is allowed, for whatever is wrong with the specification."""
        self.base = library.base(spec)
        self.template, self.joint = self.base.template, self.base.joint
        self.size, self._seed, self._learned = spec.size, seed, learned or {}
        self.eligible = screened(spec.screen, self.joint)
        self.groups = [self._segment(place, segment, library) for place, segment in enumerate(spec.segments)]
        rest = spec.size - sum(group.size for group in self.groups)
        if rest:
            restrictions = restrict(self.eligible.constraints, self.joint, "eligibility")
            self.groups.append(self._group(None, rest, Reading(), restrictions, ()))
        self._ends = list(accumulate(group.size for group in self.groups))
        self._name_keys = {
            (pool, gender): key_of(seed, "name", pool, gender)
            for pool in self.base.names
            for gender in ("female", "male")
        }

    def prepare(self) -> None:
        """Draw everybody's attributes; without it the first person asked for takes as long, a second for 100,000."""
        for group in self.groups:
            group.stratum.prepare()
        _ = self.weighting

    @cached_property
    def weighting(self) -> Weighting:
        """How many people each of these stands for."""
        groups = [(group.stratum, group.restrictions) for group in self.groups]
        return weigh(self.joint, groups, self.eligible.share, self.expected)

    @cached_property
    def expected(self) -> Mapping[str, Table]:
        """The margins of everybody who is eligible."""
        restrictions = restrict(self.eligible.constraints, self.joint, "eligibility")
        network, _ = self.joint.keeping(restrictions.ages, restrictions.allowed)
        return {name: network.margin(name) for name in self.template.dimensions}

    def people(self, start: int, count: int) -> list[Agent]:
        """`count` people from index `start` (from 1) on, or as many as there are."""
        return [self.person(index) for index in range(start, min(start + count, self.size + 1))]

    def fragments_of(self, index: int) -> tuple[Fragment, ...]:
        """The fragments of the person at one place."""
        return self.groups[bisect_right(self._ends, index - 1)].fragments

    def attributes(self, index: int) -> tuple[str | None, dict[str, AttributeValue]]:
        """Segment and demographic profile of the person at one place (from 1): all that is drawn of him or her."""
        place = index - 1
        position = bisect_right(self._ends, place)
        group = self.groups[position]
        age, profile = group.stratum.draw(place - (self._ends[position] - group.size))
        return group.name, {"age": age, "country": self.base.template.places[profile["region"]].country, **profile}

    def person(self, index: int) -> Agent:
        """The person at one place (from 1) of the population."""
        random = Random(f"{self._seed}:{index}")  # noqa: S311 - people are drawn reproducibly, not kept secret
        base, place = self.base, index - 1
        position = bisect_right(self._ends, place)
        group = self.groups[position]
        age, profile = group.stratum.draw(place - (self._ends[position] - group.size))
        effects = [fragment.traits for fragment in group.fragments]
        traits = base.traits.draw(profile, effects, group.restrictions.traits, random)
        home = base.template.places[profile["region"]]
        pool, gender = base.names[home.names], cast(Gender, profile["gender"])
        name = pool.full_name(gender, place, self.size, self._name_keys[home.names, gender])
        persona = base.composer.compose(name, age, profile, traits, pool, random, group.told)
        for fragment in group.fragments:
            persona = merge(persona, fragment.persona)
        return Agent(
            agent_id=agent_id(index),
            index=index,
            name=name,
            age=age,
            segment=group.name,
            demographic_profile={"age": age, "country": home.country, **profile},
            traits=traits,
            persona=persona,
            weight=round(float(self.weighting.weights[place]), 4),
        )

    def _segment(self, place: int, segment: SegmentSpec, library: Library) -> Group:
        field = f"segments.{place}"
        if segment.name == REST:
            raise InvalidError(f"{field}.name", f"{REST!r} is how the people outside of every segment are called")
        fragments = _fragments(segment.fragments, library.fragments, f"{field}.fragments")
        reading = completed(read(segment.particularities, self.template), self._learned.get(place, NOTHING))
        constraints = (*self.eligible.constraints, *reading.understood)
        restrictions = restrict(constraints, self.joint, f"{field}.particularities")
        return self._group(segment.name, segment.size, reading, restrictions, fragments)

    def _group(
        self, name: str | None, size: int, reading: Reading, restrictions: Restrictions, fragments: tuple[Fragment, ...]
    ) -> Group:
        key = (self._seed, "segment", name or "")
        stratum = Stratum(self.joint, size, key, restrictions.ages, restrictions.allowed)
        told = frozenset(part for fragment in fragments for part in parts_of(fragment.persona))
        return Group(name, size, reading, stratum, restrictions, fragments, told)


def _fragments(names: Sequence[str], known: Mapping[str, Fragment], field: str) -> tuple[Fragment, ...]:
    """The named fragments, once each. Raises `InvalidError` for a name nobody knows and for two that contradict."""
    merged: dict[str, object] = {}
    chosen: dict[str, Fragment] = {}
    for place, name in enumerate(names):
        if name not in known:
            raise InvalidError(f"{field}.{place}", f"there is no fragment {name!r}", sorted(known))
        if name in chosen:
            continue
        try:
            merged = merge(merged, known[name].persona)
        except MergeConflictError as conflict:
            other = contradicted(known[name].persona, {one: chosen[one].persona for one in chosen})
            raise InvalidError(f"{field}.{place}", f"{name!r} contradicts {other!r}: {conflict}") from None
        chosen[name] = known[name]
    return tuple(chosen.values())
