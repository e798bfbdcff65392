"""One child process that has TinyTroupe: turns in, actions out, and the library's model calls in between.

JSON lines over its standard input and output, nothing else: no port, no key, no file. Whoever cancels a turn cancels
the calls it waits for. A child that dies fails what is in it, and nothing is lost with it: agents are made for a turn.
"""

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from libs.contracts.base import JsonObject
from libs.models import ModelsError
from services.communication.adapters.tinytroupe.installation import CHILD, SCRIPT

LONGEST_LINE = 16 * 1024 * 1024
STOP_S = 5.0
WARNINGS_OFF = ("-W", "ignore")
Call = Callable[[str, JsonObject], Coroutine[None, None, JsonObject]]
"""Makes a request of the library: its path and body in, the body of the answer out."""


class ProcessError(ModelsError):
    """The child could not be started or has died; the delivery is worth another try."""


class FailedTurnError(Exception):
    """The turn has failed, and would again; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Turn:
    done: asyncio.Future[JsonObject]
    call: Call
    context: Context = field(default_factory=copy_context)
    calls: set[asyncio.Task[JsonObject]] = field(default_factory=set)


class Process:
    """A child, from `start` to `stop`."""

    def __init__(self, python: str, *, start_s: float) -> None:
        self._python = python
        self._start_s = start_s
        self._child: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._is_alive = False
        self._numbers = count(1)
        self._turns: dict[int, _Turn] = {}

    @property
    def is_alive(self) -> bool:
        """False before the start and once it has ended, however it did."""
        return self._is_alive

    async def start(self) -> None:
        """Start it and wait until it has imported the library. Raises `ProcessError` or `FailedTurnError`."""
        self._child = await asyncio.create_subprocess_exec(
            self._python, "-I", *WARNINGS_OFF, SCRIPT,
            cwd=CHILD, env={"OPENAI_API_KEY": "unused"}, stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._start_s):
                line = await self._read()
            if line is not None and line["kind"] == "broken":
                raise FailedTurnError(f"TinyTroupe cannot be imported: {line['reason']}")
            if line is None:
                raise ProcessError("TinyTroupe's process ended before it was ready")
        except TimeoutError as error:
            await self._end()
            raise ProcessError(f"TinyTroupe's process was not ready within {self._start_s:g} s") from error
        except BaseException:
            await self._end()
            raise
        self._is_alive = True
        self._reading = asyncio.create_task(self._listen(), name="tinytroupe")

    async def stop(self) -> None:
        """End it; turns in it fail."""
        await self._end()
        if self._reading is not None:
            await self._reading

    async def take(self, turn: JsonObject, call: Call) -> JsonObject:
        """One turn: what the agent did. Raises `FailedTurnError`, `ProcessError`, and whatever `call` raises."""
        if not self.is_alive:
            raise ProcessError("TinyTroupe's process has ended")
        number = next(self._numbers)
        taking = self._turns[number] = _Turn(asyncio.get_running_loop().create_future(), call)
        try:
            self._write({"kind": "turn", "turn": number, **turn})
            return await taking.done
        finally:
            del self._turns[number]
            for task in taking.calls:
                task.cancel()

    async def _listen(self) -> None:
        while (line := await self._read()) is not None:
            taking = self._turns.get(line["turn"])
            if line["kind"] == "call":
                self._begin(line, taking)
            elif taking is not None and not taking.done.done():
                if line["kind"] == "done":
                    taking.done.set_result({"actions": line["actions"], "cognitive_state": line["cognitive_state"]})
                else:
                    taking.done.set_exception(FailedTurnError(line["reason"]))
        self._is_alive = False  # before anything is awaited: no turn may come in that nobody answers
        for taking in self._turns.values():
            if not taking.done.done():
                taking.done.set_exception(ProcessError("TinyTroupe's process died in the middle of a turn"))
        await self._end()

    def _begin(self, line: JsonObject, taking: _Turn | None) -> None:
        if taking is None:
            self._answer(line, failure="nobody waits for this turn any more")
            return
        # In the name of whoever takes this turn: this loop was begun for another one, maybe of another tenant.
        task = asyncio.create_task(taking.call(line["path"], line["body"]), context=taking.context)
        taking.calls.add(task)
        task.add_done_callback(partial(self._finish, line, taking))

    def _finish(self, line: JsonObject, taking: _Turn, task: asyncio.Task[JsonObject]) -> None:
        """Answer a request of the library whatever came of it: its thread waits for that."""
        taking.calls.discard(task)
        if task.cancelled():
            self._answer(line, failure="the turn was given up")
        elif (error := task.exception()) is None:
            self._answer(line, body=task.result())
        else:
            self._answer(line, failure=str(error))
            if not isinstance(error, FailedTurnError) and not taking.done.done():
                taking.done.set_exception(error)  # not the turn's fault: whoever waits for it is told

    def _answer(self, line: JsonObject, *, body: JsonObject | None = None, failure: str | None = None) -> None:
        self._write({"kind": "answer", "number": line["number"], "failure": failure, "body": body})

    async def _read(self) -> JsonObject | None:
        """The next line; None once the child has ended, or writes what is no line of ours."""
        assert self._child is not None
        assert self._child.stdout is not None
        try:
            line: JsonObject = json.loads(await self._child.stdout.readline())
        except (ValueError, ConnectionError):
            return None
        return line

    def _write(self, line: JsonObject) -> None:
        if self._child is not None and self._child.stdin is not None and not self._child.stdin.is_closing():
            self._child.stdin.write(json.dumps(line).encode() + b"\n")

    async def _end(self) -> None:
        child = self._child
        if child is None or child.returncode is not None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            async with asyncio.timeout(STOP_S):
                await child.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
