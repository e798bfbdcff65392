"""Finding the study that a request is about, and why nothing in it is what was asked for."""

from collections.abc import Sequence

from libs.contracts.errors import InvalidError, NotFoundError
from libs.db import Transaction
from services.results.domain.findings import State
from services.results.domain.records import Study
from services.results.store import Progress, Store


async def find_study(store: Store, tx: Transaction, simulation_id: str) -> Study:
    """The study of a simulation. Raises `NotFoundError`."""
    study = await store.studies.get(tx, simulation_id)
    if study is None:
        raise NotFoundError("simulation", simulation_id)
    return study


def state_of(progress: Progress | None) -> State:
    """How far a simulation is from its analysis."""
    if progress is None:
        return "running"
    if progress.ended is not None:
        return progress.ended
    if progress.expected is None:
        return "running"
    return "completed" if progress.cause is None else "analysing"


async def explain_nothing(
    store: Store,
    tx: Transaction,
    study: Study,
    arm: str | None,
    segment: str | None,
    agents: Sequence[str] = (),
) -> None:
    """Raise `InvalidError` where nothing was found because there is no such arm, segment or agent.

    Arms are known from the plan or, without an intervention, from the steps; segments once all have answered or failed,
    or where the plan names them. Until then one that is not there may still come.
    """
    met = await store.responses.met(tx, study.simulation_id, agents)
    known: dict[str, set[str]] = {}
    if study.plan is not None or study.intervention_id is None:
        known["arm"] = {*study.arms_among(study.planned), *met.arms}
    targets = study.plan.target_segments if study.plan else ()
    if targets or state_of(await store.analyses.progress(tx, study.simulation_id)) != "running":
        known["segment"] = {*targets, *met.segments}
    for field, value in (("arm", arm), ("segment", segment)):
        if value is not None and value not in known.get(field, {value}):
            raise InvalidError(field, f"there is no {field} {value!r} in this simulation", sorted(known[field]))
    if agents and not met.agents:
        raise InvalidError("agent_ids", "none of these agents has a response in this simulation")
