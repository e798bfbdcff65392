"""The edge of a request: one transaction, committed after the endpoint returned and before its answer is sent."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request

from libs.contracts.identity import Identity
from libs.db import Database, Transaction
from libs.http.identity import identity_of


def tenant_of(request: Request) -> str:
    """The tenant a request speaks for."""
    return caller_of(request).tenant


def caller_of(request: Request) -> Identity:
    """Who a request speaks for."""
    return identity_of(request.scope)


async def write_transaction(request: Request) -> AsyncIterator[Transaction]:
    """A transaction that may write."""
    database: Database = request.app.state.database
    async with database.write(tenant=tenant_of(request)) as tx:
        yield tx


async def read_transaction(request: Request) -> AsyncIterator[Transaction]:
    """A transaction that only reads."""
    database: Database = request.app.state.database
    async with database.read(tenant=tenant_of(request)) as tx:
        yield tx


Tenant = Annotated[str, Depends(tenant_of)]
Caller = Annotated[Identity, Depends(caller_of)]
# Scope "function": a failed commit must become an error answer, so it may not happen after the answer went out.
Write = Annotated[Transaction, Depends(write_transaction, scope="function")]
Read = Annotated[Transaction, Depends(read_transaction, scope="function")]
