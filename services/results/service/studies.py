"""Finding the study that a request is about."""

from libs.contracts.errors import NotFoundError
from libs.db import Transaction
from services.results.domain.records import Study
from services.results.store import Store


async def find_study(store: Store, tx: Transaction, simulation_id: str) -> Study:
    """The study of a simulation. Raises `NotFoundError`."""
    study = await store.studies.get(tx, simulation_id)
    if study is None:
        raise NotFoundError("simulation", simulation_id)
    return study
