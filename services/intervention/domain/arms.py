"""The arms of an intervention: its variants, the combinations of its factors, and the baseline a second time.

Text of a level is put into the template by replacing `{factor}`, never by a format language: templates and levels are
written by others.
"""

from collections.abc import Iterator, Mapping
from itertools import product

from libs.contracts.errors import InvalidError
from libs.contracts.experiments import ContactSpec, InterventionSpec, Levels, VariantSpec
from libs.contracts.planning import MainEffect
from libs.contracts.protocol import Arm, Condition, Contact, Stimulus, StimulusKind
from libs.pages.rich import rendered

AA = "aa"
FIRST_STEP = "touch-1"


def arms_of(spec: InterventionSpec) -> tuple[Arm, ...]:
    """Every arm, exactly one of them the baseline. Raises `InvalidError` for content that cannot be read."""
    arms = _factorial(spec) if spec.factors else [_arm(variant, place) for place, variant in enumerate(spec.variants)]
    control = next((variant.name for variant in spec.variants if variant.is_control), arms[0].name)
    baseline = control if any(arm.name == control for arm in arms) else arms[0].name
    made = [arm.model_copy(update={"is_baseline": arm.name == baseline}) for arm in arms]
    return (*made, _second(next(arm for arm in made if arm.is_baseline), made)) if spec.aa else tuple(made)


def main_effects(arms: tuple[Arm, ...]) -> tuple[MainEffect, ...]:
    """Every level of every factor against the first one, over all combinations of the others."""
    crossed = [arm for arm in arms if arm.levels and arm.copy_of is None]
    found: list[MainEffect] = []
    for factor in dict.fromkeys(name for arm in crossed for name in arm.levels or {}):
        levels = list(dict.fromkeys((arm.levels or {})[factor] for arm in crossed))
        share = len(levels) / len(crossed)
        for level in levels[1:]:
            weights = {
                arm.name: share if (arm.levels or {})[factor] == level else -share
                for arm in crossed
                if (arm.levels or {})[factor] in {level, levels[0]}
            }
            found.append(MainEffect(factor=factor, level=level, reference=levels[0], weights=weights))
    return tuple(found)


def _factorial(spec: InterventionSpec) -> list[Arm]:
    """One arm for each combination of levels, the last factor changing fastest."""
    template, arms = spec.variants[0], list[Arm]()
    named = {factor: _texts(levels) for factor, levels in spec.factors.items()}
    for combination in product(*(texts.items() for texts in named.values())):
        levels = {factor: level for factor, (level, _) in zip(named, combination, strict=True)}
        content = str(template.content)
        filled = dict(zip(named, (text for _, text in combination), strict=True))
        variant = template.model_copy(
            update={
                "name": ", ".join(f"{factor}={level}" for factor, level in levels.items()),
                "content": _filled(content, filled),
            }
        )
        arms.append(_arm(variant, 0).model_copy(update={"levels": levels}))
    return arms


def _filled(template: str, texts: Mapping[str, str]) -> str:
    """In one pass, so that a text which mentions another factor is left as it is."""
    parts, rest = [], template
    while rest:
        at, factor = min(
            ((place, name) for name in texts if (place := rest.find(f"{{{name}}}")) >= 0), default=(len(rest), "")
        )
        parts.append(rest[:at])
        if factor:
            parts.append(texts[factor])
        rest = rest[at + len(factor) + 2 :] if factor else ""
    return "".join(parts)


def _texts(levels: Levels) -> dict[str, str]:
    return levels if isinstance(levels, dict) else {level: level for level in levels}


def _second(baseline: Arm, arms: list[Arm]) -> Arm:
    names = {arm.name for arm in arms}
    name = next(each for each in _numbered(AA) if each not in names)
    return baseline.model_copy(update={"name": name, "is_baseline": False, "copy_of": baseline.name})


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _arm(variant: VariantSpec, place: int) -> Arm:
    field = f"variants.{place}"
    contacts = _contacts(variant, field)
    if len(contacts) == 1 and not variant.touchpoints and contacts[0].at_s == 0:
        first, sequence = contacts[0], None
    else:
        first, sequence = contacts[0], contacts
    return Arm(
        name=variant.name,
        is_baseline=False,
        stimulus=first.stimulus,
        is_placebo=variant.is_placebo or None,
        contacts=sequence,
        rich=None if sequence else first.rich,
    )


def _contacts(variant: VariantSpec, field: str) -> tuple[Contact, ...]:
    if variant.content is not None:
        text, rich = rendered(variant.content, variant.format, variant.media, f"{field}.content")
        stimulus = Stimulus(content=text, channel=variant.channel or "", timing=variant.timing)
        at_s = variant.after.total_seconds()
        return (
            Contact(
                name=FIRST_STEP, stimulus=stimulus, at_s=at_s, metrics=(), condition=None, responds=True, rich=rich
            ),
        )
    at_s, found = 0.0, list[Contact]()
    for number, spec in enumerate(variant.touchpoints):
        at_s = spec.at.total_seconds() if spec.at is not None else at_s
        at_s += spec.after.total_seconds() if spec.after is not None else 0.0
        if found and at_s < found[-1].at_s:
            raise InvalidError(f"{field}.touchpoints.{number}.at", "is before the touchpoint that stands before it")
        found.append(_contact(spec, number, at_s, found, f"{field}.touchpoints.{number}"))
    return tuple(found)


def _contact(spec: ContactSpec, number: int, at_s: float, before: list[Contact], field: str) -> Contact:
    text, rich = rendered(spec.content, spec.format, spec.media, f"{field}.content")
    kind = None if spec.kind is StimulusKind.CONVERSATION else spec.kind
    return Contact(
        name=spec.name or f"touch-{number + 1}",
        stimulus=Stimulus(content=text, channel=spec.channel or "", timing=spec.timing, kind=kind),
        at_s=at_s,
        metrics=tuple(dict.fromkeys(spec.metrics)),
        condition=_condition(spec, before, field),
        responds=spec.responds,
        rich=rich,
    )


def _condition(spec: ContactSpec, before: list[Contact], field: str) -> Condition | None:
    """The condition, with the name of the touchpoint where its step will be named."""
    asked = spec.condition
    if asked is None:
        return None
    if asked.metric is None or asked.before:
        return asked.compiled(None)
    asking = [contact.name for contact in before if asked.metric in contact.metrics]
    if asked.touchpoint is not None and asked.touchpoint not in asking:
        message = f"no earlier touchpoint {asked.touchpoint!r} asks {asked.metric!r}"
        raise InvalidError(f"{field}.condition.touchpoint", message, asking)
    if not asking:
        known = list(dict.fromkeys(metric for contact in before for metric in contact.metrics))
        message = f"{asked.metric!r} is asked by no earlier touchpoint of this variant"
        raise InvalidError(f"{field}.condition.metric", message, known)
    return asked.compiled(asked.touchpoint)
