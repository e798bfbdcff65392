"""What endpoints of interventions need: the service, its database, and the wait for news of a population."""

from typing import Annotated

from fastapi import Depends, Query, Request

from libs.db import Database
from libs.http import arrives
from services.intervention.service import Interventions
from services.intervention.service import Service as Whole


def interventions(request: Request) -> Whole:
    """The service `create_app` built."""
    service: Whole = request.app.state.service
    return service


def store_of(request: Request) -> Database:
    """The service's database, for endpoints that wait outside of their transaction."""
    database: Database = request.app.state.database
    return database


Service = Annotated[Whole, Depends(interventions)]
Store = Annotated[Database, Depends(store_of)]
SimulationQuery = Annotated[str | None, Query(max_length=64, description="The latest execution when left out.")]


async def population_arrives(
    database: Database, tenant: str, service: Interventions, population_id: str | None
) -> None:
    """A population that was created a moment ago may not have been heard of yet."""
    if population_id is not None:
        wanted = population_id
        await arrives(database, lambda tx: service.knows_population(tx, wanted), tenant=tenant)
