"""What is tried on whom, how people are dealt to arms, and when everything happens."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.catalogue import CONTROLS, resolve
from libs.contracts.dialogue import SIMULATED_START
from libs.contracts.errors import InvalidError
from libs.contracts.experiments import InterventionSpec, InterventionType, RandomisationSpec
from libs.contracts.instruments import Instrument
from libs.contracts.planning import Target
from libs.contracts.protocol import Arm, Step
from libs.minds.conditions import misfit
from services.intervention.domain.arms import arms_of
from services.intervention.domain.protocol import Timing, contacts_of, steps_of
from services.intervention.domain.robustness import Asking, asked_so


class Dealing(Data):
    """How people are dealt to arms."""

    method: Literal["complete", "stratified", "blocked"] = "stratified"
    by: tuple[str, ...] = ("segment",)
    block_size: int | None = None


class Design(Data):
    """An intervention as it was asked for, its metrics resolved to instruments and its baseline chosen.

    Fields with a default came later: documents that were stored before read as what they were.
    """

    id: str
    name: str
    type: InterventionType
    arms: tuple[Arm, ...]
    instruments: tuple[Instrument, ...]
    target_segments: tuple[str, ...]
    population_id: str | None
    seed: int
    alpha: float
    created_at: datetime
    design: Literal["between", "within"] = "between"
    target: Target | None = None
    exclude: Target | None = None
    exclude_interventions: tuple[str, ...] = ()
    sample_size: int | None = None
    dealing: Dealing = Dealing()
    family: Literal["holm", "benjamini_hochberg"] = "holm"
    mde: dict[str, float] = Field(default_factory=dict)
    baseline_rates: dict[str, float] = Field(default_factory=dict)
    measured_after: timedelta | None = None
    starts_at: datetime = SIMULATED_START

    @property
    def baseline(self) -> str:
        """The arm every other one is compared with."""
        return next(arm.name for arm in self.arms if arm.is_baseline)

    @property
    def targets(self) -> dict[str, Target]:
        """Who is meant and who is not, by field, as far as either was said."""
        said = {"target": self.target, "exclude": self.exclude}
        return {field: target for field, target in said.items() if target is not None}

    @property
    def whom(self) -> Target:
        """Whom it is for, however it was said."""
        return self.target or Target(segments=self.target_segments, attributes={})

    def asked(self, asking: Asking) -> "Design":
        """The design with its answers obtained in another way, where they can be."""
        return self.model_copy(update={"instruments": asked_so(self.instruments, asking)})

    @property
    def timing(self) -> Timing:
        """When contacts and questions come."""
        return Timing(self.starts_at, self.measured_after)


def design(spec: InterventionSpec, identity: str, seed: int, created_at: datetime) -> Design:
    """The design of a request. Raises `InvalidError` for what does not fit together, metrics above all."""
    instruments = _instruments(spec)
    arms = arms_of(spec)
    made = Design(
        id=identity,
        name=spec.name,
        type=spec.type,
        arms=arms,
        instruments=instruments,
        target_segments=tuple(dict.fromkeys(spec.target_segments)),
        population_id=spec.population_id,
        seed=seed,
        alpha=spec.alpha,
        created_at=created_at,
        design=spec.design,
        target=spec.target.target if spec.target else None,
        exclude=spec.exclude.target if spec.exclude else None,
        exclude_interventions=tuple(dict.fromkeys(spec.exclude_interventions)),
        sample_size=spec.sample_size,
        dealing=_dealing(spec.randomisation, len(arms)),
        family=spec.correction,
        mde=spec.mde,
        baseline_rates=spec.baseline_rates,
        measured_after=spec.measured_after,
        starts_at=spec.starts_at,
    )
    _check_expectations(spec, instruments)
    _check_asked(made)
    return made


def protocol(of: Design) -> tuple[Step, ...]:
    """The steps of an execution."""
    return steps_of(of.arms, of.instruments, of.timing)


def _instruments(spec: InterventionSpec) -> tuple[Instrument, ...]:
    """Success metrics with exactly one primary, then the controls, which no role makes a success."""
    for place, name in enumerate(spec.controls):
        if name not in CONTROLS:
            raise InvalidError(f"controls.{place}", f"{name!r} is no control of the catalogue", CONTROLS)
    instruments = resolve(spec.success_metrics)
    primary = [one.name for one in instruments if one.role == "primary" and not one.is_control]
    if len(primary) != 1:
        given = f"{', '.join(primary)} are" if primary else "none is"
        raise InvalidError("success_metrics", f"exactly one metric is primary; here {given}")
    asked = {one.name for one in instruments}
    controls = resolve([name for name in dict.fromkeys(spec.controls) if name not in asked]) if spec.controls else ()
    return (*instruments, *(one.model_copy(update={"role": "secondary"}) for one in controls))


def _dealing(spec: RandomisationSpec, arms: int) -> Dealing:
    size = spec.block_size
    if spec.method == "blocked":
        size = size or 2 * arms
        if size % arms:
            allowed = [str(arms * times) for times in range(1, 5)]
            raise InvalidError("randomisation.block_size", f"must be a multiple of the {arms} arms", allowed)
    by = () if spec.method == "complete" else tuple(dict.fromkeys(spec.by))
    return Dealing(method=spec.method, by=by, block_size=size)


def _check_expectations(spec: InterventionSpec, instruments: Sequence[Instrument]) -> None:
    """Expectations are of metrics of this study; rates, and shares to find, of those that have one."""
    names = [one.name for one in instruments]
    binary = [one.name for one in instruments if one.type == "binary"]
    shares = [one.name for one in instruments if one.type in {"binary", "choice"}]
    for field, given, known in (("mde", spec.mde, names), ("baseline_rates", spec.baseline_rates, binary)):
        for name in given:
            if name not in known:
                raise InvalidError(f"{field}.{name}", "is no metric of this study that has one", known)
    for name, effect in spec.mde.items():
        if name in shares and effect >= 1:
            raise InvalidError(f"mde.{name}", "is a difference of shares, above 0 and below 1")


def _check_asked(made: Design) -> None:
    """Contacts ask metrics of the study, those that need each other together, and conditions can come true."""
    known = {one.name: one for one in made.instruments}
    for arm in made.arms:
        for place, contact in enumerate(contacts_of(arm)):
            field = f"variants.{arm.name}.touchpoints.{place}"
            for number, name in enumerate(contact.metrics):
                if name not in known:
                    raise InvalidError(f"{field}.metrics.{number}", f"{name!r} is no metric of this study", list(known))
            condition = contact.condition
            if condition is not None and condition.about is None and condition.metric in known:
                problem = misfit(condition.operator, condition.value, known[condition.metric])
                if problem is not None:
                    raise InvalidError(f"{field}.condition.value", problem)
    for step in protocol(made):
        asked = {one.name for one in step.instruments}
        for one in step.instruments:
            if one.requires is not None and one.requires not in asked:
                message = f"{one.name!r} requires {one.requires!r}: both are asked by the same touchpoints, or by none"
                raise InvalidError("success_metrics", message)
