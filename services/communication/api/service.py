"""The service behind the resources, and the transaction in which something is asked for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request

from libs.db import Database, Transaction
from libs.http import arrives
from services.communication.service import Communication


def communication(request: Request) -> Communication:
    """The service `create_app` built."""
    service: Communication = request.app.state.service
    return service


Service = Annotated[Communication, Depends(communication)]


@asynccontextmanager
async def asking(request: Request, tenant: str, simulation_id: str) -> AsyncIterator[Transaction]:
    """A transaction, once the simulation has had time to become ready here: it may have been created a moment ago."""
    service, database = communication(request), database_of(request)
    await arrives(database, lambda tx: service.requests.is_open(tx, simulation_id), tenant=tenant)
    async with database.write(tenant=tenant) as tx:
        yield tx


def database_of(request: Request) -> Database:
    """The database of the service."""
    database: Database = request.app.state.database
    return database
