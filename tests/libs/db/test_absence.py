"""A database that is away is told from one that refuses."""

import logging

import asyncpg
import pytest
from sqlalchemy import text

from libs.db import Database, is_away, log_failure
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


async def test_what_fails_for_an_absence_is_told_in_a_line_and_a_mistake_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    database = Database("postgresql://nobody@127.0.0.1:9/nothing")
    for place in (1, 2):
        log_failure(logging.getLogger("test"), "notes wait", await failure_of(database, "SELECT 1"), place=place)
    log_failure(logging.getLogger("test"), "notes wait", ZeroDivisionError("a mistake"), place=2)
    await database.close()
    away, mistake = caplog.records  # of a line that repeats, the first
    assert "notes wait: " in away.getMessage()
    assert "Connect call failed" in away.getMessage()
    assert (away.levelname, away.exc_info, vars(away)["place"]) == ("WARNING", None, 1)
    assert (mistake.levelname, mistake.getMessage()) == ("ERROR", "notes wait")
    assert mistake.exc_info is not None
    assert mistake.exc_info[0] is ZeroDivisionError


@pytest.mark.postgres
async def test_a_database_that_is_back_is_told_once(postgres: PostgresServer, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(postgres.create_database())
    log_failure(logging.getLogger("test"), "others wait", ConnectionError("refused"))
    for _ in range(2):
        await failure_of(database, "SELECT pg_terminate_backend(pg_backend_pid())")
    await database.close()
    told = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert told == ["others wait: refused", f"the database {database.url.database} answers again"]
