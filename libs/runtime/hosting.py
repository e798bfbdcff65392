"""Apps hosted inside this process, each started and stopped in a task of its own."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from libs.http import register_local


class Hosting:
    """Runs the lifespans of several apps and makes them reachable at `local://<name>`."""

    def __init__(self, apps: Mapping[str, FastAPI]) -> None:
        self._apps = apps
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start all apps at once. When one cannot start, the others are stopped and its error is raised."""
        started = []
        for name, app in self._apps.items():
            is_up = asyncio.Event()
            started.append(is_up.wait())
            self._tasks.append(asyncio.create_task(self._host(name, app, is_up), name=f"host-{name}"))
        all_up: asyncio.Future[Any] = asyncio.gather(*started)
        await asyncio.wait([all_up, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        if not all_up.done():
            all_up.cancel()
            await self.stop()

    async def stop(self) -> None:
        """Stop all apps; raises what made one of them fail."""
        self._stopping.set()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _host(self, name: str, app: FastAPI, is_up: asyncio.Event) -> None:
        async with app.router.lifespan_context(app):
            register_local(name, app)
            is_up.set()
            try:
                await self._stopping.wait()
            finally:
                register_local(name, None)
