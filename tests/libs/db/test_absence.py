"""A database that is away is told from one that refuses."""

import asyncpg
import pytest
from sqlalchemy import text

from libs.db import Database, is_away
from tests.support.postgres import PostgresServer


async def failure_of(database: Database, statement: str) -> Exception:
    with pytest.raises(Exception) as failed:  # noqa: PT011 - which one it is, is the question
        async with database.write() as tx:
            await tx.execute(text(statement))
    return failed.value


@pytest.mark.postgres
async def test_a_connection_that_was_ended_in_a_transaction_is_an_absence(postgres: PostgresServer) -> None:
    database = Database(postgres.create_database())
    severed = await failure_of(database, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert is_away(severed), repr(severed)
    refused = await failure_of(database, "SELECT 1/0")
    assert not is_away(refused), repr(refused)
    unknown = await failure_of(database, "SELECT nothing FROM nowhere")
    assert not is_away(unknown), repr(unknown)
    await database.close()


@pytest.mark.parametrize(
    "kind",
    [asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError, asyncpg.ConnectionDoesNotExistError],
)
def test_what_asyncpg_says_while_it_connects_is_an_absence(kind: type[Exception]) -> None:
    assert is_away(kind("the database system is in recovery mode"))


async def test_a_server_that_is_not_there_is_an_absence_and_a_mistake_is_none() -> None:
    database = Database("postgresql://nobody@127.0.0.1:9/nothing")
    assert is_away(await failure_of(database, "SELECT 1"))
    assert not is_away(ValueError("a mistake"))
    await database.close()
