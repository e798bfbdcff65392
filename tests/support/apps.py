"""Running apps inside a test."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from libs.http import connect, register_local


@asynccontextmanager
async def running(name: str, app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The app, started, reachable at `local://<name>` instead of what was there; gives a client of it."""
    async with app.router.lifespan_context(app):
        before = register_local(name, app)
        try:
            async with connect(f"local://{name}") as client:
                yield client
        finally:
            register_local(name, before)


async def eventually(check: Callable[[], Awaitable[bool]], *, within_s: float = 30.0) -> None:
    """Wait until `check` holds; fails the test when it does not in time."""
    deadline = asyncio.get_running_loop().time() + within_s
    while not await check():
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)
