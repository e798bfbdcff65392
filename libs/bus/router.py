"""Which function handles which message. A router declares; a bus runs it, so several apps may share one router."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from libs.bus.streams import stream_of
from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.contracts.envelope import Message
from libs.db import Transaction

D = TypeVar("D", bound=MessageData)

# The last argument is the service's own object; only the service knows its type.
Handler: TypeAlias = Callable[[Transaction, Message[D], Any], Awaitable[None]]
Worker: TypeAlias = Callable[[Message[D], Any], Awaitable[None]]
Sink: TypeAlias = Callable[[Transaction, list[Message[D]], Any], Awaitable[None]]


class Mode(StrEnum):
    """How messages are handed over."""

    ON = "on"
    WORK = "work"
    SINK = "sink"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One message type that a service receives, through the durable consumer of this name."""

    service: str
    mode: Mode
    data: type[MessageData]
    handler: Callable[..., Awaitable[None]]

    @property
    def durable(self) -> str:
        """`<service>-<message>`, from version 2 on with the version."""
        contract = self.data.contract
        return f"{self.service}-{contract.name}" + (f"-v{contract.version}" if contract.version > 1 else "")

    @property
    def stream(self) -> str:
        """The stream the messages are in."""
        return stream_of(self.data.contract.kind)

    @property
    def template(self) -> str:
        """The subject with wildcards; also the name of spans and metrics."""
        return subjects.template(self.data.contract)


class Router:
    """The handlers of one service. Raises `ValueError` for a message it does not consume, or has a handler for."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._subscriptions: dict[type[MessageData], Subscription] = {}

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        """Everything declared, in order."""
        return tuple(self._subscriptions.values())

    def on(self, data: type[D]) -> Callable[[Handler[D]], Handler[D]]:
        """One message, one transaction: inbox, handler and outbox commit together; then the message is acknowledged."""

        def declare(handler: Handler[D]) -> Handler[D]:
            self._add(Mode.ON, data, handler)
            return handler

        return declare

    def work(self, data: type[D]) -> Callable[[Worker[D]], Worker[D]]:
        """Long work without a transaction of its own; it may be done twice and must then change nothing."""

        def declare(handler: Worker[D]) -> Worker[D]:
            self._add(Mode.WORK, data, handler)
            return handler

        return declare

    def sink(self, data: type[D]) -> Callable[[Sink[D]], Sink[D]]:
        """Many messages, one transaction; the handler gets only those it has not had, in order of arrival."""

        def declare(handler: Sink[D]) -> Sink[D]:
            self._add(Mode.SINK, data, handler)
            return handler

        return declare

    def _add(self, mode: Mode, data: type[MessageData], handler: Callable[..., Awaitable[None]]) -> None:
        contract = data.contract
        if self.service not in contract.consumers:
            raise ValueError(
                f"{contract.name} is not for {self.service}; its consumers: {', '.join(contract.consumers)}"
            )
        if data in self._subscriptions:
            raise ValueError(f"{self.service} has two handlers for {contract.name}")
        self._subscriptions[data] = Subscription(self.service, mode, data, handler)
