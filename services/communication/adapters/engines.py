"""Every engine there is. A simulation names the one that runs its turns; native unless it does."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from libs.contracts.communication import DeliverStimulus
from libs.contracts.protocol import NO_USAGE
from libs.contracts.turns import TurnReply
from libs.minds.tools import Tools
from services.communication.adapters.engine import Availability, Encounter, Engine
from services.communication.domain.estimates import Call, Work

DEFAULT = "native"


class Engines:
    """Passes each delivery on to the engine that it names."""

    def __init__(self, engines: Mapping[str, Engine], tools: Tools) -> None:
        self._engines = engines
        self._tools = tools

    async def start(self) -> None:
        """Get all of them ready."""
        await asyncio.gather(*(engine.start() for engine in self._engines.values()))

    async def stop(self) -> None:
        """Let all of them go."""
        await asyncio.gather(*(engine.stop() for engine in self._engines.values()))

    async def availability(self) -> dict[str, Availability]:
        """Which of them can run here, by name."""
        found = await asyncio.gather(*(engine.availability() for engine in self._engines.values()))
        return dict(zip(self._engines, found, strict=True))

    async def problem(self, name: str | None) -> str | None:
        """Why an engine cannot run here; None where it can."""
        engine = self._engines.get(name or DEFAULT)
        if engine is None:
            return f"no engine {name!r} here; known: {', '.join(self._engines)}"
        return (await engine.availability()).problem

    def forecast(self, command: DeliverStimulus, encounters: Sequence[Encounter], earlier: int) -> tuple[Call, ...]:
        """The calls of each of these turns, which come after `earlier` ones of the same people."""
        return self._engines[command.engine or DEFAULT].forecast(command, encounters, earlier)

    def work(self, name: str) -> Work:
        """What an engine takes besides."""
        return self._engines[name].work()

    async def turns(self, command: DeliverStimulus, encounters: Sequence[Encounter]) -> AsyncGenerator[TurnReply, None]:
        """The replies in the order in which they finish. Where the engine cannot run, every turn fails and says why."""
        if (problem := await self.problem(command.engine) or self._missing(command)) is not None:
            for encounter in encounters:
                yield failed(encounter, command, problem)
            return
        async with aclosing(self._engines[command.engine or DEFAULT].turns(command, encounters)) as replies:
            async for reply in replies:
                yield reply

    def _missing(self, command: DeliverStimulus) -> str | None:
        unknown = self._tools.unknown(command.tools)
        return f"no tool {unknown[0]!r} here; known: {', '.join(self._tools.names)}" if unknown else None


def failed(encounter: Encounter, command: DeliverStimulus, reason: str) -> TurnReply:
    """The reply of a turn that could not even begin."""
    return TurnReply(
        turn_id=encounter.turn_id,
        status="failed",
        content=None,
        failure=reason,
        usage=NO_USAGE,
        model=command.model,
    )
