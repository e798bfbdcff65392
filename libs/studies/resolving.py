"""What a study will run with: every seed, its model and its engine are decided before anything is made."""

import secrets

from libs.contracts.experiments import StudySpec
from libs.contracts.specs import Engine


def resolved(
    spec: StudySpec, seed: int | None = None, model: str | None = None, engine: Engine | None = None
) -> StudySpec:
    """The study with every seed it will run with: the one given, the file's, or a new one."""
    chosen = seed if seed is not None else spec.seed
    chosen = secrets.randbelow(2**31) if chosen is None else chosen
    parts = {
        name: part.model_copy(update={"seed": chosen if part.seed is None else part.seed})
        for name, part in (("population", spec.population), ("intervention", spec.intervention))
        if part is not None
    }
    return spec.model_copy(
        update={**parts, "seed": chosen, "model": model or spec.model, "engine": engine or spec.engine}
    )
