"""The service behind the resources, and the transaction in which something is asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request

from libs.db import Database, Transaction
from libs.http import arrives
from services.communication.service import Communication, Spec


def communication(request: Request) -> Communication:
    """The service `create_app` built."""
    service: Communication = request.app.state.service
    return service


Service = Annotated[Communication, Depends(communication)]


@asynccontextmanager
async def asking(
    request: Request, tenant: str, simulation_id: str, spec: Spec | None = None
) -> AsyncIterator[Transaction]:
    """A transaction, once the simulation has had time to become ready here: it may have been created a moment ago.

    Raises `InvalidError` for what the model of the simulation cannot answer.
    """
    requests, database = communication(request).requests, database_of(request)
    await arrives(database, lambda tx: requests.is_open(tx, simulation_id), tenant=tenant)
    async with database.read(tenant=tenant) as tx:
        model = await requests.model_of(tx, simulation_id)
    if spec is not None and model is not None:
        await requests.check(spec, model)
    async with database.write(tenant=tenant) as tx:
        yield tx


def database_of(request: Request) -> Database:
    """The database of the service."""
    database: Database = request.app.state.database
    return database
