"""When processes die: a seeded decision at every named point, and a database whose process may die at a commit."""

import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from libs.contracts.envelope import Envelope
from libs.db import Database, Transaction


class Killed(BaseException):
    """A process is no more. No handler of errors may see to it, as none sees a kill -9."""


class Fate:
    """Decides by a seed. Nobody dies more often than `most` times, so that everything ends."""

    def __init__(self, seed: int, *, most: int, likelihood: float) -> None:
        self.random = random.Random(seed)
        self.left = most
        self.deaths: Counter[str] = Counter()
        self._likelihood = likelihood

    def may_kill(self, point: str, *, passages: int = 1) -> None:
        """A point that is passed so many times in one piece of work, and where the process may die. Raises `Killed`."""
        if self.left and self.random.random() < self._likelihood / passages:
            self.left -= 1
            self.deaths[point] += 1
            raise Killed(point)


class MortalDatabase(Database):
    """The database of a process that may die just before or just after it has committed."""

    fate: Fate

    @asynccontextmanager
    async def write(
        self, cause: Envelope | None = None, *, tenant: str | None = None, is_closing: bool = False
    ) -> AsyncIterator[Transaction]:
        """A transaction, and a moment on either side of its commit."""
        async with super().write(cause, tenant=tenant, is_closing=is_closing) as tx:
            yield tx
            self.fate.may_kill("before a commit")
        self.fate.may_kill("after a commit, before anything is published or acknowledged")
