"""How work that is given up leaves a database that is closed next."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from libs.db import Database
from libs.db.sqlite import OneTripConnection

GIVEN_UP_AT = range(12)
"""Steps of the event loop: while a connection opens, is prepared, and is used."""


async def give_up(path: Path, steps: int) -> None:
    database = Database(f"sqlite:///{path}/things.db")

    async def look() -> None:
        async with database.read() as tx:
            await tx.execute(text("SELECT 1"))

    tasks = [asyncio.create_task(look()) for _ in range(4)]
    for _ in range(steps):
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await database.close()


@pytest.mark.parametrize("steps", GIVEN_UP_AT)
def test_no_thread_outlives_the_loop_of_what_was_given_up(
    tmp_path: Path, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.append(args.exc_value))
    before = set(threading.enumerate())
    for _ in range(20):
        asyncio.run(give_up(tmp_path, steps))
    for thread in set(threading.enumerate()) - before:
        thread.join(1)
        assert not thread.is_alive()
    assert raised == []


async def test_who_is_given_up_twice_while_a_connection_ends_does_not_wait_for_ever(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/things.db")
    is_free = threading.Event()
    async with database._writer.connect() as connection:
        adapted = (await connection.get_raw_connection()).dbapi_connection
        assert isinstance(adapted, OneTripConnection)
        committing = asyncio.create_task(adapted._connection._execute(is_free.wait))
        ending = asyncio.create_task(adapted._terminate_graceful_close())
        await asyncio.sleep(0)
        adapted._terminate_force_close()
        ending.cancel()
        is_free.set()
        await asyncio.wait([committing, ending], timeout=5)
        assert ending.done()
        adapted._connection._thread.join()
        await connection.invalidate()
    await database.close()
