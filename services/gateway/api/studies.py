"""Studies: what concerns all parts of one is asked of their owners; the gateway keeps nothing of it."""

from urllib.parse import urlencode

from fastapi import APIRouter

from libs.contracts.errors import InvalidError
from libs.contracts.estimates import SAMPLE, Estimate, TurnsSpec
from libs.contracts.experiments import StudySpec
from libs.contracts.planning import PowerScreen
from libs.contracts.specs import PopulationSpec
from services.gateway.api.forwarding import Service

router = APIRouter(prefix="/studies", tags=["studies"])


@router.post("/estimate")
async def estimate_study(spec: StudySpec, service: Service) -> Estimate:
    """Calls, tokens, USD and time of a study before it runs, each with an interval and with what it rests on.

    Some of its people are drawn and their prompts composed, as they will be sent; no model is called.
    """
    target = spec.intervention.target
    targets = list(dict.fromkeys(spec.intervention.target_segments if target is None else target.segments))
    people = _targeted(spec.population, targets, "target_segments" if target is None else "target.segments")
    path = f"/interventions/preview?people={people}"
    design = await service.ask("intervention", path, spec.intervention, "intervention")
    query = urlencode({"people": SAMPLE, "segment": targets}, doseq=True)
    population = spec.population.model_copy(update={"seed": _first(spec.population.seed, spec.seed)})
    drawn = await service.ask("population", f"/agent-populations/preview?{query}", population, "population")
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
    return taken.model_copy(update={"power": PowerScreen.model_validate(design["power"])})


def _first(*seeds: int | None) -> int:
    """The seed of a part, or the study's, or always the same one: the same study has the same estimate."""
    return next((seed for seed in seeds if seed is not None), 0)


def _targeted(population: PopulationSpec, targets: list[str], named: str) -> int:
    """How many people get an arm. Raises `InvalidError` for a target that is no segment."""
    sizes = {segment.name: segment.size for segment in population.segments}
    for place, target in enumerate(targets):
        if target not in sizes:
            field = f"intervention.{named}.{place}"
            raise InvalidError(field, f"the population has no segment {target!r}", list(sizes))
    return sum(sizes[target] for target in targets) if targets else population.size
