"""Use cases: the turns of a delivery, one chat completion, the models there are, what a simulation used."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from libs.contracts.errors import DomainError, InvalidError
from libs.contracts.protocol import Usage
from libs.contracts.turns import TurnBatch, TurnReply
from libs.db import Database, Transaction
from services.models.adapters import Backend
from services.models.domain.calls import Chat, Outcome, calls_of
from services.models.domain.offline import NAME as OFFLINE
from services.models.domain.prices import PriceTable, cost_usd
from services.models.service.ledger import Account, Delivery, Ledger
from services.models.store import ModelUsage, Settled, Store

CACHED = Usage(calls=0, cached_calls=1, prompt_tokens=0, completion_tokens=0, cost_usd=0.0)


class UpstreamError(DomainError):
    """The model did not answer."""

    title = "The model did not answer"
    status = 502


class Models:
    """The models service."""

    def __init__(self, database: Database, store: Store, backends: Sequence[Backend], prices: PriceTable) -> None:
        self._store = store
        self._prices = prices
        self._backends: dict[str, Backend] = {name: backend for backend in backends for name in backend.models}
        self._ledger = Ledger(database, store, self._cost)

    async def start(self) -> None:
        """Begin to take calls."""
        await self._ledger.start()

    async def stop(self) -> None:
        """Finish the calls in flight and close connections."""
        await self._ledger.stop()
        for backend in dict.fromkeys(self._backends.values()):
            await backend.close()

    @property
    def names(self) -> list[str]:
        """Models that can be asked for."""
        return list(self._backends)

    def owner(self, model: str) -> str:
        """Who runs a model."""
        return "rehearsal" if model == OFFLINE else "upstream"

    def backend(self, model: str) -> Backend:
        """The backend of a model. Raises `InvalidError` naming the known ones."""
        found = self._backends.get(model)
        if found is None:
            raise InvalidError("model", f"no model {model!r} here; known: {', '.join(self.names)}", self.names)
        return found

    async def turns(self, batch: TurnBatch, tenant: str) -> AsyncIterator[list[TurnReply]]:
        """The replies to a batch, each after it was committed, in the order in which they finish."""
        backend = self.backend(batch.model)
        calls = calls_of(batch, backend.snapshot(batch.model))
        places: dict[str, list[str]] = defaultdict(list)
        for call, turn in zip(calls, batch.turns, strict=True):
            places[call.key].append(turn.turn_id)
        account = Account(tenant, batch.simulation_id, is_recorded_once=True)
        async for deliveries in self._ledger.answer(calls, backend, account):
            yield [
                _reply(turn_id, delivery, is_repeated=place > 0)
                for delivery in deliveries
                for place, turn_id in enumerate(places[delivery.settled.key])
            ]

    async def complete(self, chat: Chat, tenant: str) -> Delivery:
        """The answer to one chat completion. Raises `UpstreamError` when there is none."""
        backend = self.backend(chat.model)
        call = chat.call(backend.snapshot(chat.model))
        account = Account(tenant, chat.simulation_id, is_recorded_once=False)
        async for deliveries in self._ledger.answer([call], backend, account):
            for delivery in deliveries:
                if delivery.settled.failure is not None:
                    raise UpstreamError(delivery.settled.failure)
                return delivery
        raise UpstreamError("the call was not answered")

    async def usage(self, tx: Transaction, simulation_id: str) -> list[ModelUsage]:
        """What a simulation used, by model."""
        return await self._store.usage(tx, simulation_id)

    def _cost(self, backend: Backend, outcome: Outcome) -> float | None:
        """The cost of a call at the prices of its day; null when its model has none."""
        if backend.is_free:
            return 0.0
        price = self._prices.price(outcome.model, datetime.now(UTC).date())
        if price is None:
            return None
        return cost_usd(price, outcome.prompt_tokens, outcome.cached_prompt_tokens, outcome.completion_tokens)


def _reply(turn_id: str, delivery: Delivery, *, is_repeated: bool) -> TurnReply:
    settled = delivery.settled
    is_cached = delivery.is_cached or is_repeated
    return TurnReply(
        turn_id=turn_id,
        status="answered" if settled.failure is None else "failed",
        content=settled.content,
        failure=settled.failure,
        usage=CACHED if is_cached else _usage(settled),
        model=settled.model,
    )


def _usage(settled: Settled) -> Usage:
    return Usage(
        calls=1,
        cached_calls=0,
        prompt_tokens=settled.prompt_tokens,
        completion_tokens=settled.completion_tokens,
        cost_usd=settled.cost_usd,
    )
