"""Studies: what concerns all parts of one is asked of their owners; the gateway keeps nothing of it."""

from fastapi import APIRouter

from libs.contracts.errors import InvalidError
from libs.contracts.estimates import SAMPLE, Estimate, Ground, PreviewSpec, TurnsSpec
from libs.contracts.experiments import StudySpec, TargetSpec
from libs.contracts.planning import PowerScreen
from services.gateway.api.forwarding import Service

router = APIRouter(prefix="/studies", tags=["studies"])
UNPLANNED = Ground(
    figure="people: margins",
    kind="assumed",
    says="those of the base population and of the study; the model's plan is made with the population, whose plan and "
    "margins show it",
)


@router.post("/estimate")
async def estimate_study(spec: StudySpec, service: Service) -> Estimate:
    """Calls, tokens, USD and time of a study before it runs, each with an interval and with what it rests on.

    Some of its people are drawn and their prompts composed, as they will be sent; no model is called.
    """
    _check_segments(spec)
    drawn = await service.ask("population", f"/agent-populations/preview?people={SAMPLE}", _people(spec), "population")
    path = f"/interventions/preview?people={drawn['meant']}"
    design = await service.ask("intervention", path, spec.intervention, "intervention")
    wanted = TurnsSpec.model_validate(
        {
            "model": spec.model,
            "engine": spec.engine,
            "seed": _first(spec.intervention.seed, spec.seed),
            "steps": design["steps"],
            "turns": design["power"]["planned_n"],
            "agents": drawn["individuals"],
        }
    )
    taken = Estimate.model_validate(await service.ask("communication", "/communications/estimate", wanted))
    if drawn["questions"]:
        making = TurnsSpec.model_validate({"model": spec.population.model, "questions": drawn["questions"]})
        people_taken = await service.ask("communication", "/communications/estimate", making, "population")
        taken = taken.after(Estimate.model_validate(people_taken))
    unplanned = (UNPLANNED,) if spec.population.factory is not None else ()
    power = PowerScreen.model_validate(design["power"])
    return taken.model_copy(update={"power": power, "rests_on": (*taken.rests_on, *unplanned)})


def _first(*seeds: int | None) -> int:
    """The seed of a part, or the study's, or always the same one: the same study has the same estimate."""
    return next((seed for seed in seeds if seed is not None), 0)


def _people(spec: StudySpec) -> PreviewSpec:
    """The study's population, looked at through its intervention's target."""
    asked = spec.intervention
    return PreviewSpec(
        **{name: getattr(spec.population, name) for name in type(spec.population).model_fields if name != "seed"},
        seed=_first(spec.population.seed, spec.seed),
        target=TargetSpec(segments=asked.target_segments) if asked.target is None else asked.target,
        exclude=asked.exclude,
    )


def _check_segments(spec: StudySpec) -> None:
    """Raises `InvalidError` for a target that is no segment."""
    target, known = spec.intervention.target, [segment.name for segment in spec.population.segments]
    named = "target_segments" if target is None else "target.segments"
    for place, wanted in enumerate(spec.intervention.target_segments if target is None else target.segments):
        if wanted not in known:
            field = f"intervention.{named}.{place}"
            raise InvalidError(field, f"the population has no segment {wanted!r}", known)
