"""From a specification to people: one `Design` per population, and every person from (specification, seed, index).

Places are dealt in order: the first segment's people come first, the unsegmented rest last. A person's draws use a
generator seeded by seed and index alone, so blocks of any size, on any machine, give the same people.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from random import Random
from typing import cast

from libs.contracts.demographics import Template
from libs.contracts.errors import InvalidError
from libs.contracts.ids import agent_id
from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec, SegmentSpec
from libs.minds.merging import MergeConflictError, merge
from services.population.domain.associations import load_associations
from services.population.domain.draws import key_of
from services.population.domain.fragments import Fragment, contradicted, load_fragments, parts_of
from services.population.domain.joint import Joint
from services.population.domain.names import Gender, NamePool, check_apart, load_names
from services.population.domain.occupations import Occupations, load_jobs
from services.population.domain.particularities import Reading, read
from services.population.domain.persona import Composer
from services.population.domain.phrases import load_phrases
from services.population.domain.restrictions import Restrictions, restrict
from services.population.domain.sampling import Stratum
from services.population.domain.templates import load_templates
from services.population.domain.traits import Traits, load_trait_model


class Base:
    """A template made ready for drawing: its fitted joint, its traits, its words."""

    def __init__(self, template: Template, names: Mapping[str, NamePool]) -> None:
        used = {place.names for place in template.places.values()}
        if unknown := sorted(used - set(names)):
            raise ValueError(f"{template.name}: places: there is no name pool {unknown[0]!r}")
        self.names = {name: names[name] for name in used}
        check_apart(self.names)
        self.template = template
        self.joint = Joint(template, load_associations())
        self.traits = Traits(load_trait_model(), template)
        self.composer = Composer(template, Occupations(load_jobs(), template), load_phrases())


class Library:
    """Everything that can be named in a specification."""

    def __init__(self, templates: Mapping[str, Template], fragments: Mapping[str, Fragment]) -> None:
        self.templates, self.fragments = templates, fragments
        self._names = load_names()
        self._bases: dict[str, Base] = {}

    def base(self, name: str) -> Base:
        """A template made ready, fitted at first use. Raises `InvalidError` with the allowed names."""
        if name not in self.templates:
            raise InvalidError("demographic_base", f"there is no template {name!r}", sorted(self.templates))
        if name not in self._bases:
            self._bases[name] = Base(self.templates[name], self._names)
        return self._bases[name]

    def with_fragments(self, own: Mapping[str, Fragment]) -> "Library":
        """The same with further fragments; what is fitted already is shared."""
        if not own:
            return self
        other = copy(self)
        other.fragments = {**self.fragments, **own}
        return other


@lru_cache(maxsize=1)
def load_library() -> Library:
    """Templates and fragments that come with the service."""
    return Library(load_templates(), load_fragments(load_trait_model().traits))


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

    def __init__(self, spec: PopulationSpec, seed: int, library: Library) -> None:
        """Raises `InvalidError` naming the field and what is allowed, for whatever is wrong with the specification."""
        self._base = library.base(spec.demographic_base)
        self.size, self._seed = spec.size, seed
        self.groups = [self._segment(place, segment, library) for place, segment in enumerate(spec.segments)]
        rest = spec.size - sum(group.size for group in self.groups)
        if rest:
            self.groups.append(self._group(None, rest, Reading(), Restrictions(), ()))
        self._ends = list(accumulate(group.size for group in self.groups))
        self._name_keys = {
            (pool, gender): key_of(seed, "name", pool, gender)
            for pool in self._base.names
            for gender in ("female", "male")
        }

    def prepare(self) -> None:
        """Draw everybody's attributes; without it the first person asked for takes as long, a second for 100,000."""
        for group in self.groups:
            group.stratum.prepare()

    def people(self, start: int, count: int) -> list[Agent]:
        """`count` people from index `start` (from 1) on, or as many as there are."""
        return [self.person(index) for index in range(start, min(start + count, self.size + 1))]

    def person(self, index: int) -> Agent:
        """The person at one place (from 1) of the population."""
        random = Random(f"{self._seed}:{index}")  # noqa: S311 - people are drawn reproducibly, not kept secret
        base, place = self._base, index - 1
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
        )

    def _segment(self, place: int, segment: SegmentSpec, library: Library) -> Group:
        field = f"segments.{place}"
        fragments = _fragments(segment.fragments, library.fragments, f"{field}.fragments")
        reading = read(segment.particularities, self._base.template)
        restrictions = restrict(reading.understood, self._base.joint, f"{field}.particularities")
        return self._group(segment.name, segment.size, reading, restrictions, fragments)

    def _group(
        self, name: str | None, size: int, reading: Reading, restrictions: Restrictions, fragments: tuple[Fragment, ...]
    ) -> Group:
        key = (self._seed, "segment", name or "")
        stratum = Stratum(self._base.joint, size, key, restrictions.ages, restrictions.allowed)
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
