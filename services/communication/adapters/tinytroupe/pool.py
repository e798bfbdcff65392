"""Children by simulation: one for each, a bounded number at once, kept for a while after their last turn.

The library's state is global to its process, so two simulations never share one. When all are in use, whoever needs
another waits.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.communication.adapters.tinytroupe.process import Process

IDLE_S = 60.0


@dataclass(slots=True)
class _Place:
    process: Process
    users: int = 0
    idle_since: float = 0.0
    starting: asyncio.Lock = field(default_factory=asyncio.Lock)


class Pool:
    """At most `most` children."""

    def __init__(self, make: Callable[[], Process], *, most: int, idle_s: float = IDLE_S) -> None:
        self._make = make
        self._most = most
        self._idle_s = idle_s
        self._places: dict[str, _Place] = {}
        self._changed = asyncio.Condition()
        self._sweeping: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def lease(self, simulation_id: str) -> AsyncIterator[Process]:
        """The child of a simulation, started if need be; several deliveries of one simulation share it."""
        place = await self._enter(simulation_id)
        try:
            async with place.starting:
                if not place.process.is_alive:
                    place.process = self._make()
                    await place.process.start()
            yield place.process
        finally:
            await self._leave(place)

    async def stop(self) -> None:
        """End all children."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        places, self._places = self._places, {}
        await asyncio.gather(*(place.process.stop() for place in places.values()))

    async def _enter(self, simulation_id: str) -> _Place:
        async with self._changed:
            while simulation_id not in self._places and len(self._places) >= self._most:
                idle = [name for name, place in self._places.items() if not place.users]
                if idle:
                    await self._dismiss(min(idle, key=lambda name: self._places[name].idle_since))
                else:
                    await self._changed.wait()
            place = self._places.setdefault(simulation_id, _Place(self._make()))
            place.users += 1
            return place

    async def _leave(self, place: _Place) -> None:
        async with self._changed:
            place.users -= 1
            place.idle_since = asyncio.get_running_loop().time()
            self._changed.notify_all()
        if self._sweeping is None or self._sweeping.done():
            self._sweeping = asyncio.create_task(self._sweep(), name="tinytroupe-pool")

    async def _sweep(self) -> None:
        """End children that nobody used for a while, until there is none."""
        while self._places:
            await asyncio.sleep(self._idle_s)
            async with self._changed:
                due = asyncio.get_running_loop().time() - self._idle_s
                idle = [name for name, place in self._places.items() if not place.users and place.idle_since <= due]
                for name in idle:
                    await self._dismiss(name)
                self._changed.notify_all()

    async def _dismiss(self, simulation_id: str) -> None:
        await self._places.pop(simulation_id).process.stop()
