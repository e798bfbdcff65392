"""What the services answer to NATS about each message, overheard: how often it was delivered by then, and what became
of it. Whoever could not answer in time, or at all, shows by the number of the next delivery.
"""

import asyncio
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import nats
from nats.aio.msg import Msg

ANSWERS = "$JS.ACK.>"
ALIVE = b"+WPI"
LATER, AT_ONCE = "to come later", "handed back"
UNANSWERED = "not answered"


class Overheard:
    """The answers since they were last forgotten."""

    def __init__(self) -> None:
        self._deliveries: dict[str, dict[int, int]] = defaultdict(dict)
        self._answers: dict[str, Counter[str]] = defaultdict(Counter)

    async def hear(self, answer: Msg) -> None:
        """Note an answer."""
        about = Msg.Metadata._from_reply(answer.subject)
        name, seen = about.consumer, self._deliveries[about.consumer]
        seen[about.sequence.stream] = max(seen.get(about.sequence.stream, 0), about.num_delivered)
        if answer.data.startswith(b"-NAK"):
            self._answers[name][LATER if answer.data.removeprefix(b"-NAK").strip() else AT_ONCE] += 1

    def forget(self) -> None:
        """Begin to count anew."""
        self._deliveries.clear()
        self._answers.clear()

    def again(self) -> dict[str, int]:
        """How often each consumer was given messages beyond once; those that were given none more do not occur."""
        counts = {name: sum(seen.values()) - len(seen) for name, seen in list(self._deliveries.items())}
        return {name: count for name, count in sorted(counts.items()) if count}

    def told(self) -> str:
        """The same in words, with the reasons."""
        return ", ".join(f"{name} {count} ({self._reasons(name, count)})" for name, count in self.again().items())

    def _reasons(self, name: str, count: int) -> str:
        answers = self._answers[name]
        reasons = [f"{number} {reason}" for reason, number in sorted(answers.items())]
        if (rest := count - answers.total()) > 0:
            reasons.append(f"{rest} {UNANSWERED}")
        return ", ".join(reasons)


@contextmanager
def overheard(url: str) -> Iterator[Overheard]:
    """Listen, in a thread: whoever breaks things blocks its own."""
    heard, over = Overheard(), threading.Event()
    listening = threading.Event()

    async def listen() -> None:
        connection = await nats.connect(url.split(","), max_reconnect_attempts=-1, error_cb=_unsaid)
        await connection.subscribe(ANSWERS, cb=heard.hear)
        await connection.flush()
        listening.set()
        await asyncio.to_thread(over.wait)
        await connection.close()

    thread = threading.Thread(target=lambda: asyncio.run(listen()), daemon=True)
    thread.start()
    try:
        assert listening.wait(30), "NATS cannot be listened to"
        yield heard
    finally:
        over.set()
        thread.join()


async def _unsaid(_: Exception) -> None:
    """A server that is away is what is tried here."""
