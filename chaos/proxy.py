"""A TCP proxy that stands between a service and what it needs, and misbehaves: slow, deaf, or cutting connections.

It runs in a thread with a loop of its own, so that whoever uses it may block.
"""

import asyncio
import ctypes
import queue
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

CHUNK = 65_536
CLOSED_WITHIN_S = 5.0
SO_ATTACH_FILTER = 26
BPF_RETURN = 6


class Proxy:
    """Listens on a port of loopback and passes everything on to `target`: a port of loopback, or a socket's path."""

    def __init__(self, target: int | Path) -> None:
        self._target = target
        self.delay_s = 0.0
        self.is_refusing = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._pairs: dict[asyncio.StreamWriter, asyncio.StreamWriter] = {}
        self._stranded: set[asyncio.StreamWriter] = set()
        self._is_up = threading.Event()
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = int(listener.getsockname()[1])
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(listener)), daemon=True)
        self._thread.start()
        self._is_up.wait()

    def slow(self, delay_s: float) -> None:
        """Pass everything on later, in both directions."""
        self.delay_s = delay_s

    def deafen(self, is_deaf: bool) -> None:
        """Pass nothing on, and close nothing: what is sent is kept, as on a network that was cut."""
        self._call(self._hears.clear if is_deaf else self._hears.set)

    def refuse(self, is_refusing: bool) -> None:
        """Cut every connection, and every new one at once."""
        self.is_refusing = is_refusing
        if is_refusing:
            self.reset()

    def reset(self) -> int:
        """Cut every connection without a word; how many there were."""
        return self._answer(self._abort) // 2

    def strand(self) -> int:
        """Lose the other end of every connection, and its last word too: who holds one is told nothing by anybody, and
        what they send is not even acknowledged. How many there were. New connections are as ever.
        """
        return self._answer(self._lose)

    def close(self) -> None:
        """End it."""
        self._call(self._is_over.set)
        self._thread.join(5)

    def _abort(self) -> int:
        for writer in list(self._writers):
            writer.transport.abort()
        return len(self._writers)

    def _lose(self) -> int:
        for near, far in self._pairs.items():
            self._stranded.add(near)
            with suppress(OSError):  # it was closed just now
                _deaden(near.transport.get_extra_info("socket"))
            far.transport.abort()
        return len(self._pairs)

    def _answer(self, what: Callable[[], int]) -> int:
        """Do it in the loop; what it says."""
        said: queue.Queue[int] = queue.Queue()
        self._call(lambda: said.put(what()))
        return said.get(timeout=5)

    def _call(self, what: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(what)

    async def _run(self, listener: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._is_over, self._hears = asyncio.Event(), asyncio.Event()
        self._hears.set()
        async with await asyncio.start_server(self._serve, sock=listener):
            self._is_up.set()
            await self._is_over.wait()
            self._abort()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            if others:
                await asyncio.wait(others, timeout=CLOSED_WITHIN_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_refusing:
            writer.transport.abort()
            return
        try:
            if isinstance(self._target, int):
                far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            else:
                far_reader, far_writer = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._writers |= both
        self._pairs[writer] = far_writer
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._writers -= both
            self._stranded.discard(writer)
            del self._pairs[writer]
            for each in both:
                each.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self._hears.wait()
                writer.write(data)
                await writer.drain()
        if writer not in self._stranded:
            writer.close()


def _deaden(connection: socket.socket) -> None:
    """Have the kernel drop every packet that comes for a connection: the other end has to think that it is gone."""
    reject_all = ctypes.create_string_buffer(struct.pack("HBBI", BPF_RETURN, 0, 0, 0))
    program = struct.pack("HxxxxxxP", 1, ctypes.addressof(reject_all))
    connection.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)
