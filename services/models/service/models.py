"""Use cases: the turns of a delivery, a chat completion, embeddings, what models there are and take, what was used."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from libs.contracts.errors import DomainError, InvalidError
from libs.contracts.estimates import Quote, QuotedPrice
from libs.contracts.protocol import Usage
from libs.contracts.ranges import Range
from libs.contracts.turns import Budget, Mode, TurnBatch, TurnReply
from libs.contracts.usage import UsageLine
from libs.db import EVERY_TENANT, Database, Transaction
from services.models.adapters import Backend, Load, Server
from services.models.domain.budgets import EACH_MONTH, TENANT, Amount, Balance, Cap, empty
from services.models.domain.calls import (
    CHARACTERS_PER_TOKEN,
    REFUSED,
    Call,
    Chat,
    Embedding,
    Outcome,
    Spent,
    calls_of,
    embedding_calls,
)
from services.models.domain.capabilities import Found
from services.models.domain.offline import NAME as OFFLINE
from services.models.domain.prices import PriceTable, cost_usd
from services.models.service.ledger import Account, Delivery, Ledger
from services.models.settings import Endpoint
from services.models.store import Accounts, JobRow, JobStore, ModelUsage, Settled, Store, Summaries, Summary

log = logging.getLogger(__name__)
CHARACTERS_IN_A_TOKEN = Range(low=3.2, likely=4.0, high=4.8)
"""Of a language model's prompt and reply. Assumed: tokenizers differ, and JSON has shorter tokens than prose."""
CACHED = Usage(calls=0, cached_calls=1, prompt_tokens=0, completion_tokens=0, cost_usd=0.0)


class Stores(NamedTuple):
    """Everything the service keeps."""

    calls: Store
    accounts: Accounts
    jobs: JobStore


class Finding(NamedTuple):
    """What is known about a model: `found`, or the problem that the last probe met, or nothing yet."""

    endpoint: Endpoint
    model: str
    found: Found | None
    problem: str | None


class UpstreamError(DomainError):
    """The model did not answer."""

    title = "The model did not answer"
    status = 502


class Models:
    """The models service."""

    def __init__(
        self,
        database: Database,
        stores: Stores,
        offline: Backend,
        servers: Sequence[Server],
        prices: PriceTable,
        *,
        drain_s: float,
    ) -> None:
        self._database = database
        self._stores = stores
        self._prices = prices
        self._servers = servers
        self._chat = _by_name([offline, *(server.chat for server in servers)])
        self._embedders = _by_name([server.embeddings for server in servers])
        self._modes = {model.name: model.mode for server in servers for model in server.endpoint.models}
        self._economy = _by_name([server.economy for server in servers])
        self._ledger = Ledger(database, stores.calls, stores.accounts, self._cost, self._estimate, drain_s=drain_s)

    async def start(self) -> None:
        """Begin to take calls, and go on with the batch jobs of processes that ended."""
        await self._ledger.start()
        async with self._database.read(tenant=EVERY_TENANT) as tx:
            open_jobs = await self._stores.jobs.all_open(tx)
        for job in open_jobs:
            backend = self._economy.get(job.model)
            if backend is None:
                log.warning("batch job %s waits: no endpoint makes batch jobs for %s", job.job_id, job.model)
            else:
                account = Account(job.tenant, job.simulation_id, is_recorded_once=True)
                self._ledger.resume(job.calls, backend, account)

    def wind_down(self) -> None:
        """Begin no call any more."""
        self._ledger.wind_down()

    async def stop(self) -> None:
        """Finish the calls in flight and close connections."""
        await self._ledger.stop()
        for server in self._servers:
            await server.close()

    @property
    def names(self) -> list[str]:
        """Models that can be asked for, those for embeddings last."""
        return [*self._chat, *self._embedders]

    def owner(self, model: str) -> str:
        """Who runs a model."""
        return "rehearsal" if model == OFFLINE else "upstream"

    def kind(self, model: str) -> Literal["chat", "embeddings"]:
        """What a model gives."""
        return "embeddings" if model in self._embedders else "chat"

    def backend(self, model: str, mode: Mode | None) -> Backend:
        """The backend of a chat model. Raises `InvalidError` naming the known ones, or those with batch jobs."""
        if model not in self._chat:
            known = list(self._chat)
            raise InvalidError("model", f"no model {model!r} here; known: {', '.join(known)}", known)
        if (mode or self._modes.get(model, "interactive")) == "interactive":
            return self._chat[model]
        if model not in self._economy:
            listed = ", ".join(self._economy) or "none; an endpoint says so by batches: true"
            reason = f"no batch jobs for {model!r}, which economy needs; models with batch jobs: {listed}"
            raise InvalidError("mode", reason, ["interactive"])
        return self._economy[model]

    def embedder(self, model: str) -> Backend:
        """The backend of a model for embeddings. Raises `InvalidError` naming the known ones."""
        found = self._embedders.get(model)
        if found is None:
            known = list(self._embedders)
            listed = ", ".join(known) or "none; an endpoint names its own in embedding_models"
            raise InvalidError("model", f"{model!r} gives no embeddings; models that do: {listed}", known)
        return found

    async def turns(self, batch: TurnBatch, tenant: str) -> AsyncGenerator[list[TurnReply], None]:
        """The replies to a batch, each after it was committed, in the order in which they finish."""
        backend = self.backend(batch.model, batch.mode)
        calls = calls_of(batch, backend.snapshot(batch.model))
        places: dict[str, list[str]] = defaultdict(list)
        for call, turn in zip(calls, batch.turns, strict=True):
            places[call.key].append(turn.turn_id)
        cap = None if batch.budget is None else _cap(batch.budget)
        account = Account(tenant, batch.simulation_id, is_recorded_once=True, weight=batch.weight, cap=cap)
        async with aclosing(self._ledger.answer(calls, backend, account)) as answers:
            async for deliveries in answers:
                yield [
                    _reply(turn_id, delivery, is_repeated=place > 0)
                    for delivery in deliveries
                    for place, turn_id in enumerate(places[delivery.settled.key])
                ]

    async def complete(self, chat: Chat, tenant: str) -> Delivery:
        """The answer to one chat completion, which may be a refusal. Raises `UpstreamError` when there is none."""
        backend = self.backend(chat.model, chat.mode)
        call = chat.call(backend.snapshot(chat.model))
        account = Account(tenant, chat.simulation_id, is_recorded_once=False)
        async for deliveries in self._ledger.answer([call], backend, account):
            for delivery in deliveries:
                settled = delivery.settled
                if settled.failure is not None and settled.finish_reason != REFUSED:
                    raise UpstreamError(settled.failure)
                return delivery
        raise UpstreamError("the call was not answered")

    async def embed(self, wanted: Embedding, tenant: str) -> list[Delivery]:
        """The vectors of texts, in their order. Raises `UpstreamError` when one has none."""
        backend = self.embedder(wanted.model)
        calls = embedding_calls(wanted.model, backend.snapshot(wanted.model), wanted.texts, wanted.dimensions)
        account = Account(tenant, wanted.simulation_id, is_recorded_once=False)
        found: dict[str, Delivery] = {}
        async for deliveries in self._ledger.answer(calls, backend, account):
            for delivery in deliveries:
                if delivery.settled.failure is not None:
                    raise UpstreamError(delivery.settled.failure)
                found[delivery.settled.key] = delivery
        return [found[call.key] for call in calls]

    async def findings(self) -> list[Finding]:
        """What is known about each model of each endpoint."""
        return [
            Finding(server.endpoint, name, await server.knowledge.found(name), server.knowledge.problems.get(name))
            for server in self._servers
            for name in server.endpoint.names
        ]

    def loads(self) -> list[tuple[str, Load]]:
        """How busy each model of each endpoint is, with the name of its endpoint."""
        return [(server.endpoint.name, load) for server in self._servers for load in server.loads()]

    async def refresh(self, model: str | None) -> None:
        """Find out again what a model takes, or every model. Raises `InvalidError` for a model that is nobody's."""
        wanted = [(server, name) for server in self._servers for name in server.endpoint.names]
        if model is not None:
            known = [name for _, name in wanted]
            if model not in known:
                raise InvalidError("model", f"no endpoint has a model {model!r}; known: {', '.join(known)}", known)
            wanted = [(server, name) for server, name in wanted if name == model]
        await asyncio.gather(*(server.knowledge.probe(name, is_forced=True) for server, name in wanted))

    def quote(self, model: str) -> Quote:
        """What is known of a chat model before it is called. Raises `InvalidError` naming the known ones."""
        backend = self.backend(model, None)
        price = None if backend.is_free else self._prices.price(model, datetime.now(UTC).date())
        found = [(server, load) for server in self._servers for load in server.loads() if load.model == model]
        endpoint, load = (found[0][0].endpoint, found[0][1]) if found else (None, None)
        return Quote(
            model=model,
            is_free=backend.is_free,
            price=price and QuotedPrice(**price.model_dump(include=set(QuotedPrice.model_fields))),
            characters_per_token=Range.exactly(CHARACTERS_PER_TOKEN) if backend.is_free else CHARACTERS_IN_A_TOKEN,
            counts_schema=not backend.is_free,
            concurrency=load.limit if load else 1,
            latency_s=load and load.latency_s,
            rpm=endpoint and endpoint.rpm,
            tpm=endpoint and endpoint.tpm,
        )

    async def usage(self, tx: Transaction, simulation_id: str) -> list[ModelUsage]:
        """What a simulation used, by model."""
        return await self._stores.calls.usage(tx, simulation_id)

    async def usage_lines(self, tx: Transaction, wanted: Summary) -> list[UsageLine]:
        """What the tenant used, summed."""
        return await Summaries().lines(tx, wanted)

    async def jobs(self, tx: Transaction) -> list[JobRow]:
        """The newest batch jobs."""
        return await self._stores.jobs.listed(tx)

    async def balance(self, tx: Transaction, simulation_id: str = TENANT) -> Balance:
        """What a simulation, or the tenant, may spend, has spent and has reserved."""
        balances = await self._stores.accounts.find(tx, simulation_id, datetime.now(UTC))
        return next((one for one in balances if one.simulation_id == simulation_id), empty(simulation_id))

    async def set_budget(self, tx: Transaction, budget: Budget, simulation_id: str = TENANT) -> Balance:
        """Decide what a simulation, or the tenant, may spend. What waits for it or was refused can go on."""
        await self._stores.accounts.set_cap(tx, simulation_id, _cap(budget))
        return await self.balance(tx, simulation_id)

    async def month(self, tx: Transaction) -> Balance:
        """What the tenant may spend in each month, and has spent in this one."""
        month, *_ = await self._stores.accounts.find(tx, TENANT, datetime.now(UTC))
        return month

    async def set_quota(self, tx: Transaction, budget: Budget) -> Balance:
        """Decide what the tenant may spend in each month. What was refused can be asked for again."""
        await self._stores.accounts.set_cap(tx, EACH_MONTH, _cap(budget))
        return await self.month(tx)

    def _estimate(self, backend: Backend, calls: Sequence[Call]) -> list[Amount]:
        """What calls may come to, at the price of the day."""
        today = datetime.now(UTC).date()
        price = None if backend.is_free else self._prices.price(calls[0].model, today)
        factor = self._prices.batch_factor(today)

        def amount(call: Call) -> Amount:
            most = Spent(call.estimated_prompt_tokens, 0, call.estimated_completion_tokens, backend.is_batched)
            return Amount(cost_usd=cost_usd(price, most, factor), tokens=call.estimated_tokens, calls=1)

        return [amount(call) for call in calls]

    def _cost(self, backend: Backend, outcome: Outcome) -> float | None:
        """The cost of a call at the prices of its day; null when its model has none."""
        if backend.is_free:
            return 0.0
        return self._prices.cost_usd(outcome.model, outcome.spent, datetime.now(UTC).date())


def _cap(budget: Budget) -> Cap:
    return Cap(budget.cost_usd, budget.tokens, budget.calls)


def _by_name(backends: Sequence[Backend]) -> dict[str, Backend]:
    return {name: backend for backend in backends for name in backend.models}


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
        calls=1 + settled.is_repaired,
        cached_calls=0,
        prompt_tokens=settled.prompt_tokens,
        completion_tokens=settled.completion_tokens,
        cost_usd=settled.cost_usd,
    )
