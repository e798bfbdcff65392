"""How work that is given up leaves a database that is closed next."""

import asyncio
import contextlib
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from libs.db import Database

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


async def test_who_gives_up_twice_while_a_commit_waits_keeps_no_one_waiting(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/things.db")

    async def write() -> None:
        async with database.write() as tx:
            await tx.execute(text("CREATE TABLE IF NOT EXISTS thing (name TEXT)"))

    async def give_up_twice(after_s: float, steps: int) -> None:
        task = asyncio.create_task(write())
        await asyncio.sleep(after_s)
        others = asyncio.all_tasks()
        task.cancel()
        for _ in range(steps):
            await asyncio.sleep(0)
        closing = asyncio.all_tasks() - others
        for left in (task, *closing):
            left.cancel()
        await asyncio.wait_for(asyncio.gather(task, *closing, return_exceptions=True), 10)

    for after_s in (0.0, 0.001, 0.002, 0.004, 0.006):
        for steps in range(1, 5):
            with contextlib.suppress(asyncio.CancelledError):
                await give_up_twice(after_s, steps)
    await database.close()
