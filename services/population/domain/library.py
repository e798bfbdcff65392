"""Everything a specification can name: templates that are fitted at first use, fragments, name pools.

A template of one's own, or with margins of one's own, is fitted for its population alone and not kept.
"""

from collections.abc import Mapping
from copy import copy
from functools import lru_cache

from libs.contracts.demographics import Template
from libs.contracts.errors import InvalidError
from libs.contracts.specs import PopulationSpec
from services.population.domain.associations import load_associations
from services.population.domain.fragments import Fragment, load_fragments
from services.population.domain.joint import Joint
from services.population.domain.names import NamePool, check_apart, load_names
from services.population.domain.occupations import Occupations, load_jobs
from services.population.domain.persona import Composer
from services.population.domain.phrases import load_phrases
from services.population.domain.templates import load_templates, with_margins
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

    def template(self, spec: PopulationSpec) -> Template:
        """The template of a specification with its own margins. Raises `InvalidError` naming what is not allowed."""
        chosen = spec.template or self.templates.get(spec.demographic_base)
        if chosen is None:
            message = f"there is no template {spec.demographic_base!r}"
            raise InvalidError("demographic_base", message, sorted(self.templates))
        return with_margins(chosen, spec.margins) if spec.margins else chosen

    def shown(self, spec: PopulationSpec) -> Template | None:
        """The template that tells of the people's attributes; None for those who were imported, or once it is gone."""
        if spec.template is None and spec.demographic_base not in self.templates:
            return None
        return self.template(spec)

    def base(self, spec: PopulationSpec) -> Base:
        """The template of a specification made ready. Raises `InvalidError` also for margins that cannot be fitted."""
        template = self.template(spec)
        if template is not self.templates.get(template.name):
            return self.check(template, "margins" if spec.margins else "template")
        if template.name not in self._bases:
            self._bases[template.name] = Base(template, self._names)
        return self._bases[template.name]

    def check(self, template: Template, field: str = "body") -> Base:
        """A template of one's own made ready. Raises `InvalidError` for one that nobody can be drawn from."""
        try:
            return Base(template, self._names)
        except ValueError as error:
            raise InvalidError(field, str(error)) from error

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
