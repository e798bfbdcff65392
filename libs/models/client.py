"""The models service as its users see it: one request, the replies as they come, in small groups to be stored."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Protocol, TypeVar
from urllib.parse import urlencode

import httpx
import orjson
from pydantic import ValidationError

from libs.bus import OnHoldError
from libs.contracts.base import JsonObject
from libs.contracts.estimates import Quote
from libs.contracts.protocol import NO_USAGE
from libs.contracts.turns import Budget, BudgetBalance, TurnBatch, TurnReply
from libs.http import Badge, connect

# The batch itself is refused, and would be again: its turns fail. Any other error is worth another try.
REFUSED = frozenset({400, 404, 413, 422})
AWAY = frozenset({429, 502, 503, 504})
BUDGET_SPENT = 402
NOTHING = httpx.ByteStream(b"")
"""In place of a stream that is closed: it and its response hold each other, and all that was asked, until garbage is
looked for."""
T = TypeVar("T")


class ModelsError(Exception):
    """The models service failed, or stopped before every turn was answered."""


class ModelsAwayError(ModelsError, ConnectionError):
    """It cannot be reached; as a `ConnectionError` this is waited for and not counted as a failure."""


class BudgetSpentError(ModelsError, OnHoldError):
    """A budget is spent: the turns that got no reply stay open until it is raised."""


class Models(Protocol):
    """Whoever answers turns."""

    async def start(self) -> None:
        """Get ready."""

    async def stop(self) -> None:
        """Let go."""

    def turns(self, batch: TurnBatch) -> AsyncGenerator[TurnReply, None]:
        """The replies in the order in which they finish. Raises `ModelsError`."""

    async def names(self) -> list[str]:
        """The models that can be asked for. Raises `ModelsError`."""

    async def embedding_models(self, model: str) -> list[str]:
        """The models for embeddings at the endpoint of a model. Raises `ModelsError`."""

    async def embed(self, model: str, texts: Sequence[str], simulation_id: str) -> list[list[float]]:
        """The vectors of texts, in their order. Raises `ModelsError`."""

    async def quote(self, model: str) -> Quote:
        """What is known of a model before it is called. Raises `ModelsError`."""

    async def budget(self, simulation_id: str) -> BudgetBalance:
        """What a simulation may spend and has spent. Raises `ModelsError`."""

    async def set_budget(self, simulation_id: str, cap: Budget) -> BudgetBalance:
        """Decide what a simulation may spend. Raises `ModelsError`."""


class ModelsClient:
    """The models service over HTTP or in this process."""

    def __init__(self, url: str, *, silence_s: float, badge: Badge | None = None) -> None:
        self._url = url
        self._badge = badge
        self._silence_s = silence_s
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Open the client; nothing is sent yet."""
        self._client = connect(self._url, badge=self._badge)

    async def stop(self) -> None:
        """Close its connections."""
        if self._client is not None:
            await self._client.aclose()

    async def turns(self, batch: TurnBatch) -> AsyncGenerator[TurnReply, None]:
        """Send the batch once and stream its replies. A refused batch gives a failed reply for each turn."""
        if self._client is None:
            raise RuntimeError("the models client was not started")
        body = batch.model_dump_json().encode()
        request = self._client.build_request(
            "POST", "/v1/turns", content=body, headers={"content-type": "application/json"}
        )
        try:
            async with asyncio.timeout(self._silence_s):
                response = await self._client.send(request, stream=True)
            try:
                if response.status_code in REFUSED:
                    for reply in _refusals(batch, await response.aread()):
                        yield reply
                    return
                if response.is_error:
                    raise _error(response.status_code, await response.aread())
                async with aclosing(_lines(response, self._silence_s)) as lines:
                    async for line in lines:
                        yield _reply(line)
            finally:
                await response.aclose()
                response.stream = NOTHING
        except (httpx.TransportError, TimeoutError) as error:
            raise ModelsAwayError(f"the models service is away: {error or type(error).__name__}") from error
        except ValueError as error:
            raise ModelsError(f"the models service failed: {error}") from error

    async def names(self) -> list[str]:
        """The models that can be asked for; those for embeddings are none of them. Raises `ModelsError`."""
        return await self._ask(
            "GET",
            "/v1/models",
            lambda body: [str(model["id"]) for model in body["data"] if model.get("kind", "chat") == "chat"],
        )

    async def embedding_models(self, model: str) -> list[str]:
        """The models for embeddings at the endpoint of a model. Raises `ModelsError`."""

        def beside(body: JsonObject) -> list[str]:
            return [name for item in body["items"] if item["model"] == model for name in item["embedding_models"]]

        return await self._ask("GET", "/v1/capabilities", beside)

    async def embed(self, model: str, texts: Sequence[str], simulation_id: str) -> list[list[float]]:
        """The vectors of texts, in their order. Raises `ModelsError`."""
        wanted = {"model": model, "input": list(texts), "metadata": {"simulation_id": simulation_id}}
        return await self._ask(
            "POST", "/v1/embeddings", lambda body: [item["embedding"] for item in body["data"]], wanted
        )

    async def quote(self, model: str) -> Quote:
        """What is known of a model before it is called. Raises `ModelsError`."""
        return await self._ask("GET", f"/v1/quotes?{urlencode({'model': model})}", Quote.model_validate)

    async def budget(self, simulation_id: str) -> BudgetBalance:
        """What a simulation may spend and has spent. Raises `ModelsError`."""
        return await self._ask("GET", f"/v1/budgets/{simulation_id}", BudgetBalance.model_validate)

    async def set_budget(self, simulation_id: str, cap: Budget) -> BudgetBalance:
        """Decide what a simulation may spend. Raises `ModelsError`."""
        path = f"/v1/budgets/{simulation_id}"
        return await self._ask("PUT", path, BudgetBalance.model_validate, cap.model_dump(mode="json"))

    async def _ask(self, method: str, path: str, read: Callable[[JsonObject], T], body: JsonObject | None = None) -> T:
        """One request, and what `read` finds in its answer."""
        if self._client is None:
            raise RuntimeError("the models client was not started")
        try:
            async with asyncio.timeout(self._silence_s):
                response = await self._client.request(method, path, json=body)
            if not response.is_success:
                raise _error(response.status_code, response.content)
            return read(response.json())
        except (httpx.TransportError, TimeoutError) as error:
            raise ModelsAwayError(f"the models service is away: {error or type(error).__name__}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ModelsError(f"the models service failed: {error}") from error


def _reply(line: bytes) -> TurnReply:
    """The reply in a line. Raises the error that the line holds instead."""
    try:
        return TurnReply.model_validate_json(line)
    except ValidationError:
        problem = orjson.loads(line)
        if isinstance(problem, dict) and isinstance(problem.get("status"), int):
            raise _error(problem["status"], line) from None
        raise


def _error(status: int, problem: bytes) -> ModelsError:
    """What a problem of the models service is to its caller."""
    detail = _detail(problem) or f"status {status}"
    if status == BUDGET_SPENT:
        return BudgetSpentError(detail)
    kind = ModelsAwayError if status in AWAY else ModelsError
    return kind(f"the models service failed: {detail}")


def _detail(problem: bytes) -> str:
    with suppress(orjson.JSONDecodeError, KeyError, TypeError):
        return str(orjson.loads(problem)["detail"])
    return ""


async def _lines(response: httpx.Response, silence_s: float) -> AsyncGenerator[bytes, None]:
    """Lines that end with \\n; httpx's own also end at characters that JSON may hold unescaped."""
    rest = b""
    chunks = response.aiter_bytes()
    while True:
        try:
            async with asyncio.timeout(silence_s):
                rest += await anext(chunks)
        except StopAsyncIteration:
            break
        *lines, rest = rest.split(b"\n")
        for line in filter(None, lines):
            yield line
    if rest:
        yield rest


def _refusals(batch: TurnBatch, body: bytes) -> list[TurnReply]:
    reason = ": ".join(filter(None, ["the models service refused the delivery", _detail(body)]))
    return [
        TurnReply(
            turn_id=turn.turn_id, status="failed", content=None, failure=reason, usage=NO_USAGE, model=batch.model
        )
        for turn in batch.turns
    ]


async def in_groups(
    replies: AsyncGenerator[TurnReply, None], *, most: int, within_s: float
) -> AsyncGenerator[list[TurnReply], None]:
    """Groups of at most `most` replies, none of which waits longer than `within_s` for its group to fill.

    What arrived before an error is given out before the error is raised.
    """
    arrived: asyncio.Queue[TurnReply | None] = asyncio.Queue()

    async def receive() -> None:
        try:
            async with aclosing(replies):
                async for reply in replies:
                    arrived.put_nowait(reply)
        finally:
            arrived.put_nowait(None)

    receiving = asyncio.create_task(receive())
    try:
        while (first := await arrived.get()) is not None:
            group, is_last = await _fill([first], arrived, most, within_s)
            yield group
            if is_last:
                break
        await receiving
    finally:
        receiving.cancel()
        with suppress(asyncio.CancelledError, ModelsError):
            await receiving


async def _fill(
    group: list[TurnReply], arrived: asyncio.Queue[TurnReply | None], most: int, within_s: float
) -> tuple[list[TurnReply], bool]:
    """The group, filled, and whether nothing comes after it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while len(group) < most:
                reply = await arrived.get()
                if reply is None:
                    return group, True
                group.append(reply)
    return group, False
