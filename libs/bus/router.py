"""Which function handles which message. A router declares; a bus runs it, so several apps may share one router."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from libs.bus.dead_letters import DeadLetter
from libs.bus.streams import DEAD_LETTERS, Place, Spread, spread_streams, stream_of
from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.contracts.envelope import Message
from libs.db import Transaction

D = TypeVar("D", bound=MessageData)

# The last argument is the service's own object; only the service knows its type.
Handler: TypeAlias = Callable[[Transaction, Message[D], Any], Awaitable[None]]
Worker: TypeAlias = Callable[[Message[D], Any], Awaitable[None]]
Sink: TypeAlias = Callable[[Transaction, list[Message[D]], Any], Awaitable[None]]
LetterHandler: TypeAlias = Callable[[Transaction, DeadLetter, Any], Awaitable[None]]


class Mode(StrEnum):
    """How messages are handed over."""

    ON = "on"
    WORK = "work"
    SINK = "sink"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Source:
    """One message type that a service receives, or whose dead letters, through the durable consumer of this name."""

    service: str
    mode: Mode
    data: type[MessageData]

    @property
    def durable(self) -> str:
        """`<service>-<message>`, from version 2 on with the version, and with `-dead` for dead letters."""
        contract = self.data.contract
        version = f"-v{contract.version}" if contract.version > 1 else ""
        return f"{self.service}-{contract.name}{version}" + ("-dead" if self.mode is Mode.DEAD else "")

    @property
    def stream(self) -> str:
        """The stream the messages are in."""
        return DEAD_LETTERS if self.mode is Mode.DEAD else stream_of(self.data.contract.kind)

    @property
    def template(self) -> str:
        """The subject with wildcards; also the name of spans and metrics."""
        template = subjects.template(self.data.contract)
        return subjects.dead_letter(template) if self.mode is Mode.DEAD else template

    def places(self, spread: Spread) -> tuple[Place, ...]:
        """Where the consumer is needed: always at the stream of its kind, which may still hold what was sent before."""
        own = Place(self.stream, self.durable, self.template)
        if self.data.contract.spread is None or self.mode is Mode.DEAD:
            return (own,)
        anywhere = subjects.in_any_partition(self.template)
        names = spread_streams(self.data.contract.kind, spread)
        return (own, *(Place(name, self.durable, anywhere) for name in names))


@dataclass(frozen=True, slots=True)
class Subscription(Source):
    """A source and the function that handles what it brings."""

    handler: Callable[..., Awaitable[None]]


class Router:
    """The handlers of one service. Raises `ValueError` for a message it does not consume, or has a handler for."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._subscriptions: dict[str, Subscription] = {}

    @property
    def subscriptions(self) -> Sequence[Subscription]:
        """Everything declared, in order."""
        return tuple(self._subscriptions.values())

    def on(self, *messages: type[D]) -> Callable[[Handler[D]], Handler[D]]:
        """One message, one transaction: inbox, handler and outbox commit together; then the message is acknowledged."""

        def declare(handler: Handler[D]) -> Handler[D]:
            for data in messages:
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

    def dead(self, *messages: type[MessageData]) -> Callable[[LetterHandler], LetterHandler]:
        """Dead letters, handled as by `on`: of a command whoever gave it up, of an event when this service did."""

        def declare(handler: LetterHandler) -> LetterHandler:
            for data in messages:
                self._add(Mode.DEAD, data, _opening(handler, self.service, data))
            return handler

        return declare

    def _add(self, mode: Mode, data: type[MessageData], handler: Callable[..., Awaitable[None]]) -> None:
        contract = data.contract
        if mode is not Mode.DEAD and self.service not in contract.consumers:
            raise ValueError(
                f"{contract.name} is not for {self.service}; its consumers: {', '.join(contract.consumers)}"
            )
        subscription = Subscription(self.service, mode, data, handler)
        if subscription.durable in self._subscriptions:
            raise ValueError(f"{self.service} has two handlers for {contract.name}")
        self._subscriptions[subscription.durable] = subscription


def _opening(handler: LetterHandler, service: str, data: type[MessageData]) -> Handler[Any]:
    """The handler, given the letters that concern it."""
    own = Subscription(service, Mode.ON, data, handler).durable

    async def open_letter(tx: Transaction, message: Message[Any], subject_service: Any) -> None:
        letter: DeadLetter = message.data
        if data.contract.kind == "cmd" or letter.consumer == own:
            await handler(tx, letter, subject_service)

    return open_letter
