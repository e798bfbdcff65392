"""One unit of work: what is written in it, and the messages it causes, become visible together or not at all."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult, Executable, Row
from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts.envelope import DEFAULT_TENANT, Envelope

BLOCK = 2_000
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Transaction:
    """An open transaction. `cause` is the message that is being handled, None for an HTTP request."""

    def __init__(self, connection: AsyncConnection, *, cause: Envelope | None, tenant: str | None) -> None:
        self.connection = connection
        self.cause = cause
        self.tenant = tenant or (cause.tenant if cause else DEFAULT_TENANT)
        self.messages_sent = 0
        self._before_commit: list[Callable[[], Awaitable[None]]] = []
        self._after_commit: list[Callable[[], None]] = []

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Run a statement; a sequence of parameters runs it once for each."""
        return await self.connection.execute(statement, parameters)

    async def blocks(self, query: Executable, size: int = BLOCK) -> AsyncIterator[Sequence[Row[Any]]]:
        """The rows of a query, some at a time: they are never in memory together."""
        async with self.connection.stream(query.execution_options(yield_per=size)) as result:
            async for rows in result.partitions():
                yield rows

    def before_commit(self, action: Callable[[], Awaitable[None]]) -> None:
        """Run `action` inside the transaction just before it is committed."""
        self._before_commit.append(action)

    def after_commit(self, action: Callable[[], None]) -> None:
        """Run `action` once the transaction is committed; never after a rollback."""
        self._after_commit.append(action)

    async def prepare(self) -> None:
        """Run the before-commit actions, also those that they add. For the edge alone."""
        while self._before_commit:
            await self._before_commit.pop(0)()

    def committed(self) -> None:
        """Run the after-commit actions. For the edge alone."""
        for action in self._after_commit:
            action()
